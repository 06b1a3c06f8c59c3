#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include <authplane/base/log.h>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/user_store.h"
#include "authserver/identity/lockout.h"
#include "authserver/identity/password.h"

namespace authplane::authserver {

struct SignInRefusal {
  enum class Reason {
    wrong_credentials,  // whatever of them; who asks learns no more
    locked_out,
    overloaded,  // too many sign-ins at once; nothing was counted
    failed,      // of the store; nothing was counted
  };
  Reason reason = Reason::wrong_credentials;
  std::chrono::seconds retry_after{0};  // with locked_out, at least one second
};

// Checks e-mail address and password of a local user. An address that nobody has, a disabled user, a user of
// an identity provider and a wrong password cost the same time and are answered the same. Writes the audit
// rows; they name users by id, never by address. Thread-safe.
class PasswordSignIn {
 public:
  struct Deps {
    UserStore& users;
    const PasswordHasher& hasher;
    LoginLockout& lockout;
    AuditService& audit;
    const Clock& clock;
    Logger& logger;
    Metrics& metrics;
  };
  // The references outlive the object.
  explicit PasswordSignIn(Deps deps) : deps_(deps) {}

  // What can be refused without looking at the password, so that it need not wait for its turn.
  std::optional<SignInRefusal> refuse_early(std::string_view email, std::string_view address) const;
  // Takes as long as one password hash, two when the stored one is out of date. refuse_early() is asked anew:
  // others may have failed for the same address meanwhile.
  Result<User, SignInRefusal> check(std::string_view email, std::string_view password,
                                    std::string_view address) const;
  // For who did not get a turn.
  SignInRefusal refuse_overloaded() const { return refuse(SignInRefusal::Reason::overloaded); }

 private:
  SignInRefusal refuse(SignInRefusal::Reason reason) const;
  SignInRefusal refuse_credentials(std::string_view reason, const User* user, std::string_view email,
                                   std::string_view address) const;
  void store_fresh_hash(const User& user, std::string_view password) const;

  Deps deps_;
};

}  // namespace authplane::authserver
