#include <algorithm>
#include <memory>
#include <ostream>

#include "authserver/cli/command.h"
#include "authserver/cli/render.h"
#include "authserver/cli/scope_tuple.h"
#include "authserver/cli/workspace.h"

namespace authplane::authserver::cli {
namespace {

struct CreateOptions {
  std::optional<std::string> name, grant_types, redirect_uris, scope, auth_method;
  std::vector<std::string> scopes;
  bool agent = false;
  std::string agent_description;
};

// --scope, or else the name parts of the --scopes tuples.
CommandResult<std::string> scope_ceiling(const Context& context, const CreateOptions& options) {
  if (options.scopes.empty())
    return with_fallback(context, options.scope, "AUTHSERVER_CLIENT_SCOPE").value_or("");
  if (options.scope) return failure("--scope and --scopes exclude each other; give one");
  CommandResult<std::vector<ResourceScope>> tuples = parse_scope_tuples(options.scopes);
  if (!tuples) return Err(tuples.error());
  std::string joined;
  for (const ResourceScope& scope : *tuples) joined += (joined.empty() ? "" : " ") + scope.name;
  return joined;
}

// A client without a secret cannot use these; over HTTP such a registration stands.
CommandResult<void> check_auth_method(const ClientRegistration& registration) {
  const std::vector<std::string> grants = registration.grant_types.value_or(std::vector<std::string>());
  if (registration.token_endpoint_auth_method != "none") return {};
  for (const GrantKind kind :
       {GrantKind::client_credentials, GrantKind::token_exchange, GrantKind::jwt_bearer}) {
    const std::string name(to_string(kind));
    if (std::find(grants.begin(), grants.end(), name) != grants.end())
      return failure(name + " needs a secret; add --auth-method client_secret_basic");
  }
  return {};
}

CommandResult<void> create(Invocation& invocation, const CreateOptions& options) {
  Context& context = invocation.context;
  CommandResult<std::string> name =
      required(context, "--name", options.name.value_or(""), "AUTHSERVER_CLIENT_NAME");
  if (!name) return Err(name.error());
  CommandResult<std::string> scope = scope_ceiling(context, options);
  if (!scope) return Err(scope.error());
  ClientRegistration registration;
  registration.name = *name;
  registration.scope = *scope;
  registration.grant_types =
      split_list(with_fallback(context, options.grant_types, "AUTHSERVER_CLIENT_GRANT_TYPES")
                     .value_or("authorization_code,refresh_token"));
  registration.redirect_uris = split_list(
      with_fallback(context, options.redirect_uris, "AUTHSERVER_CLIENT_REDIRECT_URIS").value_or(""));
  registration.token_endpoint_auth_method =
      with_fallback(context, options.auth_method, "AUTHSERVER_CLIENT_AUTH_METHOD").value_or("none");
  if (CommandResult<void> usable = check_auth_method(registration); !usable) return usable;
  registration.agent = options.agent;
  registration.agent_description = options.agent_description;

  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<RegisteredClient> created = (*workspace)->clients().create(registration, kOperator);
  if (!created) return failure(created.error());
  context.out << Row("created").add("id", created->client.id).add("name", created->client.name).line();
  if (!created->client_secret.empty()) {
    context.out << "client_secret=";
    context.out.write(created->client_secret.expose().data(),
                      static_cast<std::streamsize>(created->client_secret.size()));
    context.out << "\n";
  }
  return {};
}

struct UpdateOptions {
  std::string id;
  std::optional<std::string> name, grant_types, redirect_uris, scope;
};

std::optional<std::vector<std::string>> split_if_given(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return split_list(*text);
}

CommandResult<void> update(Invocation& invocation, const UpdateOptions& options) {
  CommandResult<std::string> id = required(invocation.context, "--id", options.id, "AUTHSERVER_CLIENT_ID");
  if (!id) return Err(id.error());
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  ClientChanges changes;
  changes.name = options.name;
  changes.redirect_uris = split_if_given(options.redirect_uris);
  changes.grant_types = split_if_given(options.grant_types);
  changes.scope = options.scope;
  Outcome<Client> updated = (*workspace)->clients().update(*id, changes, kOperator);
  if (!updated) return failure(updated.error());
  invocation.context.out << Row("updated").add("id", updated->id).add("name", updated->name).line();
  return {};
}

CommandResult<void> remove(Invocation& invocation, const std::string& given_id, bool force) {
  CommandResult<std::string> id = required(invocation.context, "--id", given_id, "AUTHSERVER_CLIENT_ID");
  if (!id) return Err(id.error());
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  RemoveClient mode = force ? RemoveClient::revoke_tokens : RemoveClient::unless_live_tokens;
  Outcome<void> removed = (*workspace)->clients().remove(*id, mode, kOperator);
  if (!removed && removed.error().code == DomainErrorCode::conflict) {
    return failure("the client has live tokens: revoke it or delete with --force");
  }
  if (!removed) return failure(removed.error());
  invocation.context.out << Row("deleted").add("id", *id).line();
  return {};
}

CommandResult<void> rotate_secret(Invocation& invocation, const std::string& given_id) {
  CommandResult<std::string> id = required(invocation.context, "--id", given_id, "AUTHSERVER_CLIENT_ID");
  if (!id) return Err(id.error());
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<SecretString> secret = (*workspace)->clients().rotate_secret(*id, kOperator);
  if (!secret) return failure(secret.error());
  invocation.context.out << Row().add("client_id", *id).line() << "client_secret=";
  invocation.context.out.write(secret->expose().data(), static_cast<std::streamsize>(secret->size()));
  invocation.context.out << "\n";
  return {};
}

using Transition = Outcome<Client> (ClientService::*)(std::string_view, const Actor&);

void add_transition(CLI::App& group, Action& selected, const char* name, const char* help,
                    Transition transition) {
  auto given_id = std::make_shared<std::string>();
  CommandBuilder(group, name, help, selected)
      .text("--id", *given_id, "Client id (required, or AUTHSERVER_CLIENT_ID)")
      .runs([given_id, transition](Invocation& invocation) -> CommandResult<void> {
        CommandResult<std::string> id =
            required(invocation.context, "--id", *given_id, "AUTHSERVER_CLIENT_ID");
        if (!id) return Err(id.error());
        CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
        if (!workspace) return Err(workspace.error());
        Outcome<Client> changed = ((*workspace)->clients().*transition)(*id, kOperator);
        if (!changed) return failure(changed.error());
        invocation.context.out
            << Row("updated").add("id", changed->id).add("status", to_string(changed->status)).line();
        return {};
      });
}

struct ListOptions {
  std::string status, source;
  long limit = 100;
};

CommandResult<void> list(Invocation& invocation, const ListOptions& options) {
  ClientFilter filter;
  if (!options.status.empty()) {
    filter.status = parse_client_status(options.status);
    if (!filter.status) return failure("--status must be active, suspended or revoked");
  }
  if (!options.source.empty()) {
    filter.registration_source = parse_registration_source(options.source);
    if (!filter.registration_source) return failure("--source must be dcr, admin or cimd");
  }
  if (options.limit <= 0) return failure("--limit must be more than 0");
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<std::vector<Client>> clients =
      (*workspace)->clients().list(filter, {.limit = static_cast<std::size_t>(options.limit), .offset = 0});
  if (!clients) return failure(clients.error());
  if (clients->empty()) invocation.context.out << "no clients\n";
  for (const Client& client : *clients) invocation.context.out << client_row(client);
  return {};
}

}  // namespace

void add_client_commands(CLI::App& admin, Action& selected) {
  CLI::App& group = add_group(admin, "client", "OAuth clients");
  auto creating = std::make_shared<CreateOptions>();
  CommandBuilder(group, "create", "Register a client; a confidential one gets its secret once", selected)
      .text("--name", creating->name, "Name shown to people (required, or AUTHSERVER_CLIENT_NAME)")
      .text("--grant-types", creating->grant_types,
            "Comma list; default AUTHSERVER_CLIENT_GRANT_TYPES, then authorization_code,refresh_token")
      .text("--redirect-uris", creating->redirect_uris, "Comma list; default AUTHSERVER_CLIENT_REDIRECT_URIS")
      .text("--scope", creating->scope, "Scope ceiling, separated by spaces; default AUTHSERVER_CLIENT_SCOPE")
      .repeated("--scopes", creating->scopes,
                "Scope as name|upstream|description; repeatable, only the name counts")
      .text(
          "--auth-method", creating->auth_method,
          "none, client_secret_basic or client_secret_post; default AUTHSERVER_CLIENT_AUTH_METHOD, then none")
      .flag("--agent", creating->agent, "The client is an agent")
      .text("--agent-description", creating->agent_description, "At most 255 bytes")
      .runs([creating](Invocation& invocation) { return create(invocation, *creating); });

  auto updating = std::make_shared<UpdateOptions>();
  CommandBuilder(group, "update", "Change a client; only what is given changes", selected)
      .text("--id", updating->id, "Client id (required, or AUTHSERVER_CLIENT_ID)")
      .text("--name", updating->name, "New name")
      .text("--redirect-uris", updating->redirect_uris, "Comma list")
      .text("--grant-types", updating->grant_types, "Comma list")
      .text("--scope", updating->scope, "Scope ceiling, separated by spaces")
      .runs([updating](Invocation& invocation) { return update(invocation, *updating); });

  struct Removal {
    std::string id;
    bool force = false;
  };
  auto removal = std::make_shared<Removal>();
  CommandBuilder(group, "delete", "Remove a client", selected)
      .text("--id", removal->id, "Client id (required, or AUTHSERVER_CLIENT_ID)")
      .flag("--force", removal->force, "Revoke its live tokens instead of refusing")
      .runs([removal](Invocation& invocation) { return remove(invocation, removal->id, removal->force); });

  auto rotated_id = std::make_shared<std::string>();
  CommandBuilder(group, "rotate-secret", "Replace a client's secret; the old one stops working at once",
                 selected)
      .text("--id", *rotated_id, "Client id (required, or AUTHSERVER_CLIENT_ID)")
      .runs([rotated_id](Invocation& invocation) { return rotate_secret(invocation, *rotated_id); });

  add_transition(group, selected, "suspend", "Issue no more tokens to a client until it is reactivated",
                 &ClientService::suspend);
  add_transition(group, selected, "reactivate", "Lift the suspension of a client",
                 &ClientService::reactivate);
  add_transition(group, selected, "revoke", "Shut a client out for good and revoke all its tokens",
                 &ClientService::revoke);

  auto listing = std::make_shared<ListOptions>();
  CommandBuilder(group, "list", "List clients, newest first", selected)
      .text("--status", listing->status, "active, suspended or revoked")
      .text("--source", listing->source, "dcr, admin or cimd")
      .number("--limit", listing->limit, "At most this many; default 100")
      .runs([listing](Invocation& invocation) { return list(invocation, *listing); });
}

}  // namespace authplane::authserver::cli
