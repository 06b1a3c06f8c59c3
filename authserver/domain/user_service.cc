#include "authserver/domain/user_service.h"

#include <algorithm>

#include <authplane/base/encoding.h>

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxNameBytes = 255;
constexpr std::size_t kMinPasswordCharacters = 8;  // NIST SP 800-63B section 5.1.1.1

Outcome<std::string> checked_email(std::string_view text) {
  std::string email = normalize_email(text);
  if (!is_email_address(email)) {
    return fail(DomainErrorCode::invalid_request,
                "email must be an address such as ada@example.com, at most 254 bytes long");
  }
  return email;
}

Outcome<void> check_name(std::string_view name) {
  if (name.size() > kMaxNameBytes) {
    return fail(DomainErrorCode::invalid_request, "name is longer than 255 bytes");
  }
  if (!is_valid_utf8(name)) return fail(DomainErrorCode::invalid_request, "name is not UTF-8");
  return {};
}

// Code points of valid UTF-8.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// C0, DEL and C1: what no form lets people type.
bool has_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7F) return true;
    const bool is_c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (is_c1) return true;
  }
  return false;
}

std::string user_detail(std::string_view id) {
  return audit_detail({{"user", id}});
}

}  // namespace

Outcome<std::string> UserService::hash(const SecretString& password) const {
  if (password.empty()) return fail(DomainErrorCode::invalid_request, "password must not be empty");
  if (!is_valid_utf8(password.expose()))
    return fail(DomainErrorCode::invalid_request, "password is not UTF-8");
  if (has_control_character(password.expose()))
    return fail(DomainErrorCode::invalid_request, "password has a control character");
  if (characters(password.expose()) < kMinPasswordCharacters) {
    return fail(DomainErrorCode::invalid_request, "password is shorter than 8 characters");
  }
  return hash_password_(password.expose());
}

Outcome<User> UserService::create(const NewUser& user, const Actor& actor) {
  auto email = checked_email(user.email);
  if (!email) return Err(email.error());
  if (const auto named = check_name(user.name); !named) return Err(named.error());
  const auto holder = store_.find_by_email(*email);
  if (!holder) return Err(holder.error());
  if (*holder) return fail(DomainErrorCode::conflict, "another user has this e-mail address");
  auto row = hash(user.password);
  if (!row) return Err(row.error());
  User created;
  created.id = ids_.opaque();
  created.email = std::move(*email);
  created.name = user.name;
  created.password_hash = std::move(*row);
  created.role = user.role;
  created.created_at = created.updated_at = clock_.now();
  if (const auto stored = store_.insert(created); !stored) return Err(stored.error());
  audit_.record("user.created", actor, "", user_detail(created.id));
  return created;
}

Outcome<User> UserService::get(std::string_view id) const {
  return store_.get(id);
}

Outcome<User> UserService::get_by_id_or_email(std::string_view id_or_email) const {
  // No id holds an '@'.
  if (id_or_email.find('@') == std::string_view::npos) return store_.get(id_or_email);
  auto found = store_.find_by_email(normalize_email(id_or_email));
  if (!found) return Err(found.error());
  if (!*found) return fail(DomainErrorCode::not_found, "user not found");
  return std::move(**found);
}

Outcome<std::vector<User>> UserService::list() const {
  return store_.list(kEverything);
}

Outcome<User> UserService::update(std::string_view id, const UserChanges& changes, const Actor& actor) {
  auto stored = store_.get(id);
  if (!stored) return stored;
  User changed = *stored;
  if (changes.email) {
    auto email = checked_email(*changes.email);
    if (!email) return Err(email.error());
    changed.email = std::move(*email);
  }
  if (changes.name) {
    if (const auto named = check_name(*changes.name); !named) return Err(named.error());
    changed.name = *changes.name;
  }
  if (changed == *stored) return stored;
  changed.updated_at = clock_.now();
  auto updated = store_.update(changed);
  if (updated) audit_.record("user.updated", actor, "", user_detail(id));
  return updated;
}

Outcome<RevokedFamilies> UserService::set_password(std::string_view id, const SecretString& password,
                                                   const Actor& actor) {
  auto user = store_.get(id);
  if (!user) return Err(user.error());
  if (user->provider != kLocalProvider) {
    return fail(DomainErrorCode::invalid_request,
                "the user signs in at an identity provider and has no password here");
  }
  auto row = hash(password);
  if (!row) return Err(row.error());
  user->password_hash = std::move(*row);
  user->updated_at = clock_.now();
  // First the password: nobody is to sign in with the old one once the tokens are gone.
  if (const auto stored = store_.update(*user); !stored) return Err(stored.error());
  auto revoked = families_.revoke_of_user(user->id, clock_.now());
  audit_.record(
      "user.password_changed", actor, "",
      audit_detail({{"user", id}, {"revoked", revoked ? std::to_string(revoked->families) : "failed"}}));
  return revoked;
}

Outcome<User> UserService::transition(std::string_view id, UserStatus to, std::string_view action,
                                      const Actor& actor) {
  auto stored = store_.transition(id, to, clock_.now());
  if (stored) audit_.record(action, actor, "", user_detail(id));
  return stored;
}

Outcome<User> UserService::disable(std::string_view id, const Actor& actor) {
  return transition(id, UserStatus::disabled, "user.disabled", actor);
}

Outcome<User> UserService::enable(std::string_view id, const Actor& actor) {
  return transition(id, UserStatus::active, "user.enabled", actor);
}

Outcome<void> UserService::remove(std::string_view id, RemoveUser mode, const Actor& actor) {
  auto removed = store_.remove(id, mode, clock_.now());
  if (removed) {
    const bool force = mode == RemoveUser::revoke_tokens;
    audit_.record("user.deleted", actor, "",
                  audit_detail({{"user", id}, {"force", force ? "true" : "false"}}));
  }
  return removed;
}

}  // namespace authplane::authserver
