#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include <authplane/base/clock.h>
#include <authplane/base/log.h>
#include <authplane/base/mutex.h>
#include <authplane/base/secret.h>

#include "authserver/domain/broker_grant_store.h"
#include "authserver/sealing/sealer.h"

namespace authplane::authserver {

// The refresh token of a connected account.
struct Credential {
  BrokerGrant grant;           // as stored when it was opened
  SecretString stored;         // what that row holds
  SecretString refresh_token;  // the one to use; another one when it could not be stored
  bool needs_saving = false;   // it is another one, or sealed by an old key
};

// Reads and writes the credentials of connected accounts. Of each account one thread at a time may use it.
//
// A provider that replaces the refresh token with every use leaves a moment in which the only copy of the new
// one is in this process. It is kept as short as can be: nothing but the encryption comes between the answer
// and the write, a write that does not succeed is tried again, and until one has succeeded the credential
// stays here and is what the next request uses. What remains is a process that dies in between, or an answer
// that never arrives: then the provider refuses the stored credential, and the user has to connect again.
// Writing something down before asking would not help, since only the provider knows the new one.
class CredentialKeeper {
 public:
  // How long is waited for others who write the same row: `tries` times, each twice as long as the one
  // before, up to kLongestPause.
  struct Patience {
    int tries = 12;
    std::chrono::milliseconds first_pause{10};
  };
  static constexpr std::chrono::milliseconds kLongestPause{250};

  enum class Kept {
    yes,
    in_memory,  // only here, until a later attempt succeeds
    revoked,    // the account is not connected any more
  };

  // `sealer` null: nothing can be opened. What is referred to outlives the object.
  CredentialKeeper(BrokerGrantStore& grants, Sealer* sealer, const Clock& clock, Logger& logger,
                   Patience patience)
      : grants_(grants), sealer_(sealer), clock_(clock), logger_(logger), patience_(patience) {}

  // Errors: internal.
  Outcome<std::string> seal(const SecretString& refresh_token, std::string_view user_id,
                            std::string_view provider_id) const;
  Outcome<Credential> open(BrokerGrant grant) AUTHPLANE_EXCLUDES(mutex_);
  // For a credential that the provider just refused: what another process has put in its place, nullopt when
  // the row stays as it is or is gone. It may be about to, having got the new one a moment ago. Errors:
  // internal.
  Outcome<std::optional<Credential>> newer_than(const Credential& refused) AUTHPLANE_EXCLUDES(mutex_);
  // Stores `refresh_token` in the place of `used`, unless somebody else has stored another one meanwhile.
  Kept keep(const Credential& used, const SecretString& refresh_token) AUTHPLANE_EXCLUDES(mutex_);

 private:
  struct Unsaved {
    SecretString stored;  // what the row holds for as long as it is not that of another connection
    SecretString refresh_token;
  };
  enum class Row { same, replaced, revoked, unknown };

  Row look_at(const Credential& used, std::int64_t& version);
  void pause(int attempt) const;
  void forget(const std::string& grant_id) AUTHPLANE_EXCLUDES(mutex_);
  void remember(const Credential& used, const SecretString& refresh_token) AUTHPLANE_EXCLUDES(mutex_);

  BrokerGrantStore& grants_;
  Sealer* const sealer_;
  const Clock& clock_;
  Logger& logger_;
  const Patience patience_;
  Mutex mutex_;
  std::map<std::string, Unsaved> unsaved_ AUTHPLANE_GUARDED_BY(mutex_);  // by id of the grant
};

}  // namespace authplane::authserver
