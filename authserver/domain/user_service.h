#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/secret.h>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/token_family_store.h"
#include "authserver/domain/user_store.h"

namespace authplane::authserver {

// Makes the row to store for a password. Thread-safe. Errors: invalid_request (too short or too long),
// unavailable (no processor or memory to spare; trying again may help).
using PasswordHashing = std::function<Outcome<std::string>(std::string_view password)>;

// What an operator asks for.
struct NewUser {
  std::string email;
  SecretString password;  // at least 8 characters
  std::string name;       // shown to people, may be ""; at most 255 bytes
  UserRole role = UserRole::user;
};

// Absent = unchanged.
struct UserChanges {
  std::optional<std::string> email, name;
};

// Manages users with a password of their own here, and writes an audit row for each change. Audit rows name
// users by id only. Thread-safe.
// Errors beside those named: not_found for an unknown id, conflict when somebody changed the user meanwhile,
// and unavailable and internal from the store.
class UserService {
 public:
  // The references outlive the service.
  UserService(UserStore& store, TokenFamilyStore& families, AuditService& audit, IdGenerator& ids,
              const Clock& clock, PasswordHashing hash_password)
      : store_(store),
        families_(families),
        audit_(audit),
        ids_(ids),
        clock_(clock),
        hash_password_(std::move(hash_password)) {}

  // Takes as long as one password hash. Errors: invalid_request, conflict (the address has a user).
  Outcome<User> create(const NewUser& user, const Actor& actor);
  Outcome<User> get(std::string_view id) const;
  // For people at a command line. An address is looked up in its normalized form.
  Outcome<User> get_by_id_or_email(std::string_view id_or_email) const;
  Outcome<std::vector<User>> list() const;  // all of them, newest first
  // Errors: invalid_request, conflict (the address has another user).
  Outcome<User> update(std::string_view id, const UserChanges& changes, const Actor& actor);
  // From now on only this password is right, and what was had with the one before is revoked as by
  // TokenFamilyStore::revoke_of_user, whose count is answered. Takes as long as one password hash. Errors:
  // invalid_request (the password, or the user signs in elsewhere).
  Outcome<RevokedFamilies> set_password(std::string_view id, const SecretString& password,
                                        const Actor& actor);
  // Sessions of the user end, and no further token is issued for them. Errors: conflict (is disabled
  // already).
  Outcome<User> disable(std::string_view id, const Actor& actor);
  // Errors: conflict (is active already).
  Outcome<User> enable(std::string_view id, const Actor& actor);
  // Errors: conflict (live refresh tokens and mode unless_live_families).
  Outcome<void> remove(std::string_view id, RemoveUser mode, const Actor& actor);

 private:
  Outcome<std::string> hash(const SecretString& password) const;
  Outcome<User> transition(std::string_view id, UserStatus to, std::string_view action, const Actor& actor);

  UserStore& store_;
  TokenFamilyStore& families_;
  AuditService& audit_;
  IdGenerator& ids_;
  const Clock& clock_;
  PasswordHashing hash_password_;
};

}  // namespace authplane::authserver
