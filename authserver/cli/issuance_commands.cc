#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "authserver/admin/views.h"
#include "authserver/cli/command.h"
#include "authserver/cli/json_output.h"
#include "authserver/cli/render.h"
#include "authserver/cli/since.h"
#include "authserver/cli/workspace.h"

namespace authplane::authserver::cli {
namespace {

struct ListOptions {
  std::optional<std::string> user, client, resource, jti;
  std::string since = "24h";
  long limit = 500;
  bool json = false;
};

// What a flag names. People type slugs and e-mail addresses; what fits nothing may still be the id of
// something that was deleted and left records behind, so it is an error only when there are none.
struct Named {
  std::string id;
  std::optional<DomainError> unknown;
};

template <class T>
Named named(const Outcome<T>& found, const std::string& given) {
  if (found) return {found->id, std::nullopt};
  return {given, found.error()};
}

void print_rows(std::ostream& out, const IssuanceList& list) {
  Row header;
  header.add("count", std::to_string(list.issuances.size()));
  if (list.since) header.add("since", instant(*list.since));
  out << header.line();
  for (const Issuance& issuance : list.issuances) out << issuance_row(issuance);
}

CommandResult<void> list(Invocation& invocation, const ListOptions& options) {
  Context& context = invocation.context;
  if (!options.user && !options.client && !options.resource && !options.jti) {
    return failure("one of --user, --client, --resource and --jti is required");
  }
  CommandResult<std::chrono::seconds> since = parse_since(options.since);
  if (!since) return Err(since.error());
  if (options.limit < 1 || options.limit > 5000) return failure("--limit must be between 1 and 5000");
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  IssuanceSearch search;
  std::optional<DomainError> unknown;
  if (options.user) {
    Named user = named((*workspace)->users().get_by_id_or_email(*options.user), *options.user);
    search.subject_user_id = std::move(user.id);
    unknown = std::move(user.unknown);
  }
  search.client_id = options.client;
  if (options.resource) {
    Named resource = named((*workspace)->resources().get_by_id_or_slug(*options.resource), *options.resource);
    search.resource_id = std::move(resource.id);
    if (resource.unknown) unknown = std::move(resource.unknown);
  }
  search.jti = options.jti;
  search.since = context.clock.now() - *since;
  search.limit = static_cast<std::size_t>(options.limit);
  Outcome<IssuanceList> found = (*workspace)->issuances().list(search);
  if (!found) return failure(found.error());
  if (found->issuances.empty() && unknown) return failure(*unknown);
  if (!options.json) {
    print_rows(context.out, *found);
    return {};
  }
  OrderedJson view = view_of(*found);
  if (!found->since) view["since"] = "";
  print_json(context.out, view);
  return {};
}

CommandResult<void> get(Invocation& invocation, const std::string& given_id, bool json) {
  CommandResult<std::string> id = required(invocation.context, "--id", given_id);
  if (!id) return Err(id.error());
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<Issuance> found = (*workspace)->issuances().get(*id);
  if (!found) return failure(found.error());
  if (json) {
    print_json(invocation.context.out, view_of(*found));
  } else {
    invocation.context.out << issuance_row(*found);
  }
  return {};
}

CommandResult<void> revoke(Invocation& invocation, const std::string& given_id) {
  CommandResult<std::string> id = required(invocation.context, "--id", given_id);
  if (!id) return Err(id.error());
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<void> revoked = (*workspace)->issuances().revoke(*id, kOperator);
  if (!revoked) return failure(revoked.error());
  invocation.context.out << Row("revoked").add("id", *id).line();
  return {};
}

}  // namespace

void add_issuance_commands(CLI::App& admin, Action& selected) {
  CLI::App& group = add_group(admin, "issuance", "Records of issued tokens");
  auto listing = std::make_shared<ListOptions>();
  CommandBuilder(group, "list",
                 "Find records, newest first; at least one of --user, --client, --resource, --jti", selected)
      .text("--user", listing->user, "User id or e-mail address")
      .text("--client", listing->client, "Client id")
      .text("--resource", listing->resource, "Resource id or slug")
      .text("--jti", listing->jti, "jti of one token")
      .text("--since", listing->since, "How far back, such as 90m, 36h, 7d or 2w; default 24h, at most 30d")
      .number("--limit", listing->limit, "1 to 5000; default 500")
      .flag("--json", listing->json, "Print JSON")
      .runs([listing](Invocation& invocation) { return list(invocation, *listing); });

  struct Lookup {
    std::string id;
    bool json = false;
  };
  auto lookup = std::make_shared<Lookup>();
  CommandBuilder(group, "get", "Show one record", selected)
      .text("--id", lookup->id, "Id of the record (required)")
      .flag("--json", lookup->json, "Print JSON")
      .runs([lookup](Invocation& invocation) { return get(invocation, lookup->id, lookup->json); });

  auto revoked_id = std::make_shared<std::string>();
  CommandBuilder(group, "revoke", "Revoke a token and what was exchanged from it", selected)
      .text("--id", *revoked_id, "Id of the record (required)")
      .runs([revoked_id](Invocation& invocation) { return revoke(invocation, *revoked_id); });
}

}  // namespace authplane::authserver::cli
