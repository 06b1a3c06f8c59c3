#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "authserver/domain/errors.h"
#include "authserver/domain/paging.h"
#include "authserver/domain/user.h"

namespace authplane::authserver {

enum class RemoveUser {
  unless_live_families,  // conflict while a refresh token of the user can still be used
  revoke_tokens,         // revokes every token of the user and removes the user
};

// Users. Thread-safe; each verb is one transaction and durable when it returns. Every verb may also fail with
// unavailable or internal.
class UserStore {
 public:
  virtual ~UserStore() = default;

  // Errors: conflict (the id, the e-mail address or the provider's name for the user is taken).
  virtual Outcome<void> insert(const User& user) = 0;
  // Errors: not_found.
  virtual Outcome<User> get(std::string_view id) = 0;
  // nullopt when there is none; "" finds nobody.
  virtual Outcome<std::optional<User>> find_by_email(std::string_view email) = 0;
  virtual Outcome<std::optional<User>> find_by_provider(std::string_view provider,
                                                        std::string_view provider_sub) = 0;
  // Newest first, ties by id.
  virtual Outcome<std::vector<User>> list(const Page& page) = 0;
  // Replaces email, name, password_hash, role and updated_at if the stored version still is
  // `changed.version`; answers the stored user with the next version. Errors: not_found, conflict (version,
  // or the e-mail address is taken).
  virtual Outcome<User> update(const User& changed) = 0;
  // When this returns with `to` other than active, no further token of a family of the user can be recorded,
  // and the browser logins there were are over, also for the time after.
  // Errors: not_found, conflict (the user is in that state already).
  virtual Outcome<User> transition(std::string_view id, UserStatus to, WallTime now) = 0;
  // Sessions, consent grants, families and connected accounts go with the user; history (issuances, audit)
  // stays. Errors: not_found, conflict.
  virtual Outcome<void> remove(std::string_view id, RemoveUser mode, WallTime now) = 0;
};

}  // namespace authplane::authserver
