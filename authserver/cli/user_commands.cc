#include <istream>
#include <memory>
#include <ostream>

#include <authplane/base/url.h>

#include "authserver/cli/command.h"
#include "authserver/cli/render.h"
#include "authserver/cli/workspace.h"
#include "authserver/federation/federated_users.h"

namespace authplane::authserver::cli {
namespace {

constexpr std::size_t kMaxPasswordLine = 4 * 1024;

constexpr const char* kPasswordHelp =
    "Password of 8 characters or more, or - to read it from standard input, where nobody else on the machine "
    "sees it (required, or AUTHSERVER_USER_PASSWORD)";

struct CreateOptions {
  std::optional<std::string> email, password, name, role;
};

// The first line of the input.
SecretString read_line(std::istream& in) {
  std::string line;
  for (int c = in.get(); c != std::istream::traits_type::eof() && c != '\n'; c = in.get()) {
    if (line.size() == kMaxPasswordLine) break;
    line += static_cast<char>(c);
  }
  if (line.ends_with('\r')) line.pop_back();
  return SecretString(std::move(line));
}

CommandResult<SecretString> password_of(const Context& context, const std::optional<std::string>& flag) {
  constexpr std::string_view kVariable = "AUTHSERVER_USER_PASSWORD";
  CommandResult<std::string> given = required(context, "--password", flag.value_or(""), kVariable);
  if (!given) return Err(given.error());
  if (flag != "-") return SecretString(std::move(*given));
  SecretString piped = read_line(context.in);
  if (piped.empty()) return failure("no password was given; pipe it in and use --password -");
  return piped;
}

CommandResult<NewUser> new_user(const Context& context, const CreateOptions& options) {
  NewUser user;
  CommandResult<std::string> email =
      required(context, "--email", options.email.value_or(""), "AUTHSERVER_USER_EMAIL");
  if (!email) return Err(email.error());
  user.email = std::move(*email);
  const std::string role = with_fallback(context, options.role, "AUTHSERVER_USER_ROLE").value_or("user");
  const std::optional<UserRole> parsed = parse_user_role(role);
  if (!parsed) return failure("--role must be admin or user");
  user.role = *parsed;
  user.name = with_fallback(context, options.name, "AUTHSERVER_USER_NAME").value_or("");
  CommandResult<SecretString> password = password_of(context, options.password);
  if (!password) return Err(password.error());
  user.password = std::move(*password);
  return user;
}

CommandResult<void> create(Invocation& invocation, const CreateOptions& options) {
  CommandResult<NewUser> user = new_user(invocation.context, options);
  if (!user) return Err(user.error());
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<User> created = (*workspace)->users().create(*user, kOperator);
  if (!created) return failure(created.error());
  invocation.context.out << Row("created")
                                .add("id", created->id)
                                .add("email", created->email)
                                .add("role", to_string(created->role))
                                .line();
  return {};
}

// Opens the workspace for a command about the one user that --id names.
struct Target {
  std::unique_ptr<Workspace> workspace;
  User user;
};

CommandResult<Target> open_for_user(Invocation& invocation, const std::string& given_id) {
  CommandResult<std::string> id = required(invocation.context, "--id", given_id, "AUTHSERVER_USER_ID");
  if (!id) return Err(id.error());
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<User> user = (*workspace)->users().get_by_id_or_email(*id);
  if (!user) return failure(user.error());
  return Target{std::move(*workspace), std::move(*user)};
}

struct UpdateOptions {
  std::string id;
  UserChanges changes;
};

CommandResult<void> update(Invocation& invocation, const UpdateOptions& options) {
  CommandResult<Target> target = open_for_user(invocation, options.id);
  if (!target) return Err(target.error());
  Outcome<User> updated = target->workspace->users().update(target->user.id, options.changes, kOperator);
  if (!updated) return failure(updated.error());
  invocation.context.out << Row(*updated == target->user ? "unchanged" : "updated")
                                .add("id", updated->id)
                                .add("email", updated->email)
                                .add("name", updated->name)
                                .line();
  return {};
}

struct PasswordOptions {
  std::string id, email;
  std::optional<std::string> password;
};

CommandResult<void> set_password(Invocation& invocation, const PasswordOptions& options) {
  if (!options.id.empty() && !options.email.empty()) {
    return failure("--id and --email exclude each other; give one");
  }
  CommandResult<SecretString> password = password_of(invocation.context, options.password);
  if (!password) return Err(password.error());
  CommandResult<Target> target =
      open_for_user(invocation, options.email.empty() ? options.id : options.email);
  if (!target) return Err(target.error());
  Outcome<RevokedFamilies> revoked =
      target->workspace->users().set_password(target->user.id, *password, kOperator);
  if (!revoked) return failure(revoked.error());
  invocation.context.out << Row("updated")
                                .add("id", target->user.id)
                                .add("email", target->user.email)
                                .add("families_revoked", std::to_string(revoked->families))
                                .line();
  return {};
}

CommandResult<void> remove(Invocation& invocation, const std::string& id, bool force) {
  CommandResult<Target> target = open_for_user(invocation, id);
  if (!target) return Err(target.error());
  const RemoveUser mode = force ? RemoveUser::revoke_tokens : RemoveUser::unless_live_families;
  Outcome<void> removed = target->workspace->users().remove(target->user.id, mode, kOperator);
  if (!removed && removed.error().code == DomainErrorCode::conflict) {
    return failure("the user has live tokens: revoke them with force-logout or delete with --force");
  }
  if (!removed) return failure(removed.error());
  invocation.context.out << Row("deleted").add("id", target->user.id).line();
  return {};
}

CommandResult<void> force_logout(Invocation& invocation, const std::string& id) {
  CommandResult<Target> target = open_for_user(invocation, id);
  if (!target) return Err(target.error());
  Outcome<RevokedFamilies> revoked = target->workspace->tokens().force_logout(target->user.id, kOperator);
  if (!revoked) return failure(revoked.error());
  invocation.context.out << Row("revoked")
                                .add("user_id", target->user.id)
                                .add("families", std::to_string(revoked->families))
                                .line();
  return {};
}

CommandResult<void> list(Invocation& invocation) {
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<std::vector<User>> users = (*workspace)->users().list();
  if (!users) return failure(users.error());
  if (users->empty()) invocation.context.out << "no users\n";
  for (const User& user : *users) invocation.context.out << user_row(user);
  return {};
}

CommandResult<void> accept_issuer(Invocation& invocation, const std::string& issuer) {
  if (const Result<Url> url = Url::parse(issuer); !url) return failure("--issuer: " + url.error().message);
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  Outcome<void> stored =
      (*workspace)->storage().settings().set(kOpenIdIssuerSetting, issuer, (*workspace)->clock().now());
  if (!stored) return failure(stored.error());
  (*workspace)->audit().record("user.issuer_accepted", kOperator, "", audit_detail({{"issuer", issuer}}));
  invocation.context.out << Row("accepted").add("issuer", issuer).line();
  return {};
}

using Transition = Outcome<User> (UserService::*)(std::string_view, const Actor&);

void add_transition(CLI::App& group, Action& selected, const char* name, const char* help,
                    Transition transition) {
  auto id = std::make_shared<std::string>();
  CommandBuilder(group, name, help, selected)
      .text("--id", *id, "User id or e-mail address (required, or AUTHSERVER_USER_ID)")
      .runs([id, transition](Invocation& invocation) -> CommandResult<void> {
        CommandResult<Target> target = open_for_user(invocation, *id);
        if (!target) return Err(target.error());
        UserService& users = target->workspace->users();
        Outcome<User> changed = (users.*transition)(target->user.id, kOperator);
        if (!changed) return failure(changed.error());
        invocation.context.out
            << Row("updated").add("id", changed->id).add("status", to_string(changed->status)).line();
        return {};
      });
}

}  // namespace

void add_user_commands(CLI::App& admin, Action& selected) {
  CLI::App& group = add_group(admin, "user", "People who log in and give consent");
  auto creating = std::make_shared<CreateOptions>();
  CommandBuilder(group, "create", "Add a user who logs in with a password", selected)
      .text("--email", creating->email, "Address to log in with (required, or AUTHSERVER_USER_EMAIL)")
      .text("--password", creating->password, kPasswordHelp)
      .text("--name", creating->name, "Name shown to people; default AUTHSERVER_USER_NAME")
      .text("--role", creating->role, "user or admin; recorded only; default AUTHSERVER_USER_ROLE, then user")
      .runs([creating](Invocation& invocation) { return create(invocation, *creating); });

  auto updating = std::make_shared<UpdateOptions>();
  CommandBuilder(group, "update", "Change a user; only what is given changes", selected)
      .text("--id", updating->id, "User id or e-mail address (required, or AUTHSERVER_USER_ID)")
      .text("--email", updating->changes.email, "New address")
      .text("--name", updating->changes.name, "New name")
      .runs([updating](Invocation& invocation) { return update(invocation, *updating); });

  auto changing = std::make_shared<PasswordOptions>();
  CommandBuilder(group, "set-password",
                 "Change a user's password; tokens and browser logins had with the one before are revoked",
                 selected)
      .text("--id", changing->id, "User id or e-mail address (required, or --email, or AUTHSERVER_USER_ID)")
      .text("--email", changing->email, "E-mail address, instead of --id")
      .text("--password", changing->password, kPasswordHelp)
      .runs([changing](Invocation& invocation) { return set_password(invocation, *changing); });

  add_transition(group, selected, "disable", "End a user's sessions and issue no more tokens for them",
                 &UserService::disable);
  add_transition(group, selected, "enable", "Let a disabled user log in again", &UserService::enable);

  struct Removal {
    std::string id;
    bool force = false;
  };
  auto removal = std::make_shared<Removal>();
  CommandBuilder(group, "delete", "Remove a user", selected)
      .text("--id", removal->id, "User id or e-mail address (required, or AUTHSERVER_USER_ID)")
      .flag("--force", removal->force, "Revoke their live tokens instead of refusing")
      .runs([removal](Invocation& invocation) { return remove(invocation, removal->id, removal->force); });

  auto logged_out = std::make_shared<std::string>();
  CommandBuilder(group, "force-logout", "Revoke all tokens of a user and end the browser logins", selected)
      .text("--id", *logged_out, "User id or e-mail address (required, or AUTHSERVER_USER_ID)")
      .runs([logged_out](Invocation& invocation) { return force_logout(invocation, *logged_out); });

  CommandBuilder(group, "list", "List users, newest first", selected).runs(list);

  auto issuer = std::make_shared<std::string>();
  CommandBuilder(group, "accept-issuer",
                 "Let the accounts of the OpenID provider be those of this issuer's subjects from now on",
                 selected)
      .text("--issuer", *issuer, "The new oidc.issuer (required); its subjects have to be the same people")
      .runs([issuer](Invocation& invocation) { return accept_issuer(invocation, *issuer); });
}

}  // namespace authplane::authserver::cli
