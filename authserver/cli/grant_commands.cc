#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "authserver/admin/views.h"
#include "authserver/cli/command.h"
#include "authserver/cli/json_output.h"
#include "authserver/cli/render.h"
#include "authserver/cli/workspace.h"

namespace authplane::authserver::cli {
namespace {

CommandResult<void> list_user_grants(Invocation& invocation, const std::string& given_user, bool json) {
  CommandResult<std::string> id_or_email = required(invocation.context, "--user", given_user);
  if (!id_or_email) return Err(id_or_email.error());
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<User> user = (*workspace)->users().get_by_id_or_email(*id_or_email);
  if (!user) return failure(user.error());
  Outcome<std::vector<ConsentGrant>> grants = (*workspace)->grants().list_of_user(user->id);
  if (!grants) return failure(grants.error());
  Outcome<std::vector<BrokerGrant>> accounts = (*workspace)->accounts().list_of_user(user->id);
  if (!accounts) return failure(accounts.error());
  std::ostream& out = invocation.context.out;
  if (json) {
    print_json(out, user_grants_view(*grants, *accounts));
    return {};
  }
  out << Row("consent_grants").add("count", std::to_string(grants->size())).line();
  for (const ConsentGrant& grant : *grants) out << consent_grant_row(grant);
  out << Row("broker_grants").add("count", std::to_string(accounts->size())).line();
  for (const BrokerGrant& grant : *accounts) out << broker_grant_row(grant);
  return {};
}

CommandResult<void> revoke_consent(Invocation& invocation, const std::string& given_id) {
  CommandResult<std::string> id = required(invocation.context, "--id", given_id);
  if (!id) return Err(id.error());
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<RevokedConsentGrant> revoked = (*workspace)->grants().revoke(*id, kOperator);
  if (!revoked) return failure(revoked.error());
  invocation.context.out << Row("revoked")
                                .add("id", *id)
                                .add("tokens", std::to_string(revoked->issuances))
                                .add("families", std::to_string(revoked->families))
                                .line();
  return {};
}

CommandResult<void> revoke_broker(Invocation& invocation, const std::string& given_id) {
  CommandResult<std::string> id = required(invocation.context, "--id", given_id);
  if (!id) return Err(id.error());
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<RevokedBrokerGrant> revoked = (*workspace)->accounts().revoke(*id, kOperator);
  if (!revoked) return failure(revoked.error());
  invocation.context.out << Row(revoked->was_active ? "revoked" : "unchanged")
                                .add("id", revoked->grant.id)
                                .add("user_id", revoked->grant.user_id)
                                .add("broker_provider_id", revoked->grant.provider_id)
                                .line();
  return {};
}

}  // namespace

void add_grant_commands(CLI::App& admin, Action& selected) {
  CLI::App& group =
      add_group(admin, "grant", "What users allowed clients to do, and accounts they connected");
  struct Listing {
    std::string user;
    bool json = false;
  };
  auto listing = std::make_shared<Listing>();
  CommandBuilder(group, "list-user-grants",
                 "List what a user allowed and connected, revoked grants too, newest first", selected)
      .text("--user", listing->user, "User id or e-mail address (required)")
      .flag("--json", listing->json, "Print JSON")
      .runs([listing](Invocation& invocation) {
        return list_user_grants(invocation, listing->user, listing->json);
      });

  auto revoked_id = std::make_shared<std::string>();
  CommandBuilder(group, "revoke-consent", "Revoke a consent grant and every token it led to", selected)
      .text("--id", *revoked_id, "Id of the grant (required)")
      .runs([revoked_id](Invocation& invocation) { return revoke_consent(invocation, *revoked_id); });

  auto account_id = std::make_shared<std::string>();
  CommandBuilder(
      group, "revoke-broker",
      "Have no more tokens of a connected account; those handed out are the provider's and live on", selected)
      .text("--id", *account_id, "Id of the grant (required)")
      .runs([account_id](Invocation& invocation) { return revoke_broker(invocation, *account_id); });
}

}  // namespace authplane::authserver::cli
