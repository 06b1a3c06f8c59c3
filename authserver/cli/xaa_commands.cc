#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "authserver/admin/xaa_views.h"
#include "authserver/cli/command.h"
#include "authserver/cli/json_output.h"
#include "authserver/cli/outbound.h"
#include "authserver/cli/render.h"
#include "authserver/cli/workspace.h"
#include "authserver/xaa/administration.h"

namespace authplane::authserver::cli {
namespace {

// The opened database with what is managed here.
struct Session {
  Session(std::unique_ptr<Workspace> opened, std::shared_ptr<IdpKeys> idp_keys)
      : workspace(std::move(opened)),
        keys(std::move(idp_keys)),
        xaa(workspace->config().server.issuer, {.store = workspace->storage().xaa(),
                                                .keys = *keys,
                                                .audit = workspace->audit(),
                                                .ids = workspace->ids(),
                                                .clock = workspace->clock(),
                                                .metrics = workspace->metrics()}) {}

  std::unique_ptr<Workspace> workspace;
  std::shared_ptr<IdpKeys> keys;
  XaaAdministration xaa;
};

CommandResult<std::unique_ptr<Session>> open_session(Invocation& invocation) {
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  std::shared_ptr<IdpKeys> keys =
      open_idp_keys((*workspace)->config(), (*workspace)->clock(), (*workspace)->logger());
  if (!keys) return failure("cross-application access is off; set xaa.enabled to true");
  return std::make_unique<Session>(std::move(*workspace), std::move(keys));
}

// Every option of these commands; each command declares those it has.
struct Options {
  std::string id, idp, name, issuer, jwks_uri, audience, subject, user;
  std::string client_ids, resources;
  std::optional<std::string> new_name, enabled, scopes;
  bool json = false;
};

CommandResult<void> check_required(
    Invocation& invocation, std::initializer_list<std::pair<std::string_view, const std::string&>> flags) {
  for (const auto& [flag, value] : flags) {
    if (CommandResult<std::string> given = required(invocation.context, flag, value); !given)
      return Err(given.error());
  }
  return {};
}

CommandResult<std::optional<bool>> switch_of(const std::optional<std::string>& text) {
  if (!text) return std::optional<bool>();
  if (*text != "true" && *text != "false") return failure("--enabled must be true or false");
  return std::optional<bool>(*text == "true");
}

std::string row_of(const TrustedIdp& idp) {
  return Row()
      .add("id", idp.id)
      .quoted("name", idp.name)
      .add("issuer", idp.issuer)
      .add("jwks_uri", idp.jwks_uri)
      .add("audience", idp.audience)
      .add("enabled", idp.enabled ? "true" : "false")
      .line();
}

std::string row_of(const XaaPolicy& policy) {
  return Row()
      .add("id", policy.id)
      .quoted("name", policy.name)
      .add("idp", policy.idp_id)
      .add("client_ids", policy.client_ids.empty() ? "any" : bracketed(policy.client_ids))
      .add("resources", policy.resources.empty() ? "any" : bracketed(policy.resources))
      .add("scopes", policy.scopes ? bracketed(policy.scopes->tokens()) : "any")
      .add("enabled", policy.enabled ? "true" : "false")
      .line();
}

std::string row_of(const SubjectMapping& mapping) {
  return Row()
      .add("id", mapping.id)
      .add("idp", mapping.idp_id)
      .add("subject", mapping.idp_subject)
      .add("user", mapping.local_user_id)
      .line();
}

template <class Rows>
CommandResult<void> print(Invocation& invocation, const Outcome<Rows>& rows, bool json,
                          std::string_view when_empty) {
  if (!rows) return failure(rows.error());
  std::ostream& out = invocation.context.out;
  if (json) {
    OrderedJson array = OrderedJson::array();
    for (const auto& row : *rows) array.push_back(view_of(row));
    print_json(out, array);
    return {};
  }
  if (rows->empty()) out << when_empty << "\n";
  for (const auto& row : *rows) out << row_of(row);
  return {};
}

template <class Stored>
CommandResult<void> done(Invocation& invocation, std::string_view verb, const Outcome<Stored>& stored) {
  if (!stored) return failure(stored.error());
  invocation.context.out << Row(verb).add("id", stored->id).line();
  return {};
}

CommandResult<void> create_idp(Invocation& invocation, const Options& options) {
  if (auto ok = check_required(invocation, {{"--name", options.name}, {"--issuer", options.issuer}}); !ok)
    return ok;
  const auto session = open_session(invocation);
  if (!session) return Err(session.error());
  const IdpRegistration registration{.name = options.name,
                                     .issuer = options.issuer,
                                     .jwks_uri = options.jwks_uri,
                                     .audience = options.audience};
  return done(invocation, "created", (*session)->xaa.idps.create(registration, kOperator));
}

CommandResult<void> update_idp(Invocation& invocation, const Options& options) {
  if (auto ok = check_required(invocation, {{"--id", options.id}}); !ok) return ok;
  const auto enabled = switch_of(options.enabled);
  if (!enabled) return Err(enabled.error());
  const auto session = open_session(invocation);
  if (!session) return Err(session.error());
  const IdpChanges changes{.name = options.new_name, .enabled = *enabled};
  return done(invocation, "updated", (*session)->xaa.idps.update(options.id, changes, kOperator));
}

CommandResult<void> list_idps(Invocation& invocation, const Options& options) {
  const auto session = open_session(invocation);
  if (!session) return Err(session.error());
  return print(invocation, (*session)->xaa.idps.list(), options.json, "no identity providers");
}

CommandResult<void> create_policy(Invocation& invocation, const Options& options) {
  if (auto ok = check_required(invocation, {{"--name", options.name}, {"--idp", options.idp}}); !ok)
    return ok;
  const auto session = open_session(invocation);
  if (!session) return Err(session.error());
  PolicyRegistration registration{.name = options.name,
                                  .idp_id = options.idp,
                                  .client_ids = split_list(options.client_ids),
                                  .scopes = std::nullopt,
                                  .resources = split_list(options.resources)};
  if (options.scopes) registration.scopes = split_list(*options.scopes);
  return done(invocation, "created", (*session)->xaa.policies.create(registration, kOperator));
}

CommandResult<void> update_policy(Invocation& invocation, const Options& options) {
  if (auto ok = check_required(invocation, {{"--id", options.id}}); !ok) return ok;
  const auto enabled = switch_of(options.enabled);
  if (!enabled) return Err(enabled.error());
  const auto session = open_session(invocation);
  if (!session) return Err(session.error());
  PolicyChanges changes;
  changes.name = options.new_name;
  changes.enabled = *enabled;
  return done(invocation, "updated", (*session)->xaa.policies.update(options.id, changes, kOperator));
}

CommandResult<void> list_policies(Invocation& invocation, const Options& options) {
  const auto session = open_session(invocation);
  if (!session) return Err(session.error());
  const auto idp = options.idp.empty() ? std::nullopt : std::optional(options.idp);
  return print(invocation, (*session)->xaa.policies.list(idp), options.json, "no policies");
}

CommandResult<void> create_mapping(Invocation& invocation, const Options& options) {
  if (auto ok = check_required(
          invocation, {{"--idp", options.idp}, {"--subject", options.subject}, {"--user", options.user}});
      !ok) {
    return ok;
  }
  const auto session = open_session(invocation);
  if (!session) return Err(session.error());
  return done(invocation, "created",
              (*session)->xaa.mappings.create(options.idp, options.subject, options.user, kOperator));
}

CommandResult<void> list_mappings(Invocation& invocation, const Options& options) {
  const auto session = open_session(invocation);
  if (!session) return Err(session.error());
  const auto idp = options.idp.empty() ? std::nullopt : std::optional(options.idp);
  return print(invocation, (*session)->xaa.mappings.list(idp), options.json, "no subject mappings");
}

template <auto service>
CommandResult<void> remove(Invocation& invocation, const Options& options) {
  if (auto ok = check_required(invocation, {{"--id", options.id}}); !ok) return ok;
  const auto session = open_session(invocation);
  if (!session) return Err(session.error());
  const Outcome<void> removed = ((*session)->xaa.*service).remove(options.id, kOperator);
  if (!removed) return failure(removed.error());
  invocation.context.out << Row("deleted").add("id", options.id).line();
  return {};
}

// One command with options of its own.
class Command {
 public:
  Command(CLI::App& group, const std::string& name, const std::string& description, Action& selected)
      : builder_(group, name, description, selected) {}

  template <class Value>
  Command& takes(const std::string& flag, Value Options::*member, const std::string& help) {
    builder_.text(flag, (*options_).*member, help);
    return *this;
  }
  Command& takes_json() {
    builder_.flag("--json", options_->json, "Print JSON");
    return *this;
  }
  void runs(CommandResult<void> (*handler)(Invocation&, const Options&)) {
    builder_.runs(
        [options = options_, handler](Invocation& invocation) { return handler(invocation, *options); });
  }

 private:
  CommandBuilder builder_;
  std::shared_ptr<Options> options_ = std::make_shared<Options>();
};

void add_idp_commands(CLI::App& admin, Action& selected) {
  CLI::App& group = add_group(admin, "idp", "Identity providers whose assertions are taken for tokens");
  Command(group, "create", "Register a provider; without --jwks-uri its metadata is asked", selected)
      .takes("--name", &Options::name, "Name (required)")
      .takes("--issuer", &Options::issuer, "Its issuer, exactly as in its assertions (required)")
      .takes("--jwks-uri", &Options::jwks_uri, "Where its keys are")
      .takes("--audience", &Options::audience, "What its assertions are for; default: server.issuer")
      .runs(create_idp);
  Command(group, "update", "Change a provider", selected)
      .takes("--id", &Options::id, "Provider id (required)")
      .takes("--name", &Options::new_name, "Name")
      .takes("--enabled", &Options::enabled, "true, or false to take no more of its assertions")
      .runs(update_idp);
  Command(group, "list", "List providers, oldest first", selected).takes_json().runs(list_idps);
  Command(group, "delete", "Remove a provider with its policies and subject mappings", selected)
      .takes("--id", &Options::id, "Provider id (required)")
      .runs(remove<&XaaAdministration::idps>);
}

void add_policy_commands(CLI::App& admin, Action& selected) {
  CLI::App& group = add_group(admin, "xaa-policy", "What may be had for the assertions of providers");
  Command(group, "create", "Allow something; what is not given is not bound", selected)
      .takes("--name", &Options::name, "Name (required)")
      .takes("--idp", &Options::idp, "Provider id (required)")
      .takes("--client-ids", &Options::client_ids, "Clients, separated by commas")
      .takes("--resources", &Options::resources, "URIs of resources, separated by commas")
      .takes("--scopes", &Options::scopes, "Scopes, separated by commas; '' = none at all")
      .runs(create_policy);
  Command(group, "update", "Change a policy", selected)
      .takes("--id", &Options::id, "Policy id (required)")
      .takes("--name", &Options::new_name, "Name")
      .takes("--enabled", &Options::enabled, "true or false")
      .runs(update_policy);
  Command(group, "list", "List policies, oldest first", selected)
      .takes("--idp", &Options::idp, "Of this provider only")
      .takes_json()
      .runs(list_policies);
  Command(group, "delete", "Remove a policy", selected)
      .takes("--id", &Options::id, "Policy id (required)")
      .runs(remove<&XaaAdministration::policies>);
}

void add_mapping_commands(CLI::App& admin, Action& selected) {
  CLI::App& group = add_group(admin, "subject-mapping", "Who the subjects of identity providers are here");
  Command(group, "create", "Map a subject to a user", selected)
      .takes("--idp", &Options::idp, "Provider id (required)")
      .takes("--subject", &Options::subject, "The provider's name for the user (required)")
      .takes("--user", &Options::user, "User id (required)")
      .runs(create_mapping);
  Command(group, "list", "List mappings, oldest first", selected)
      .takes("--idp", &Options::idp, "Of this provider only")
      .takes_json()
      .runs(list_mappings);
  Command(group, "delete", "Remove a mapping", selected)
      .takes("--id", &Options::id, "Mapping id (required)")
      .runs(remove<&XaaAdministration::mappings>);
}

}  // namespace

void add_xaa_commands(CLI::App& admin, Action& selected) {
  add_idp_commands(admin, selected);
  add_policy_commands(admin, selected);
  add_mapping_commands(admin, selected);
}

}  // namespace authplane::authserver::cli
