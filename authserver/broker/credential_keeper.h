#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include <authplane/base/clock.h>
#include <authplane/base/log.h>
#include <authplane/base/mutex.h>
#include <authplane/base/result.h>
#include <authplane/base/secret.h>

#include "authserver/domain/broker_grant_store.h"
#include "authserver/sealing/sealer.h"

namespace authplane::authserver {

// The refresh token of a connected account.
struct Credential {
  BrokerGrant grant;  // as stored when it was opened
  SecretString refresh_token;
  bool needs_saving = false;  // sealed by an old key, or it could not be stored before
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
  // How long is waited for others who write the same row: `tries` times, twice as long each time up to
  // kLongestPause.
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

  // What the references refer to outlives the object.
  CredentialKeeper(BrokerGrantStore& grants, Sealer* sealer, const Clock& clock, Logger& logger,
                   Patience patience)
      : grants_(grants), sealer_(sealer), clock_(clock), logger_(logger), patience_(patience) {}

  // Errors: internal.
  Outcome<Credential> open(BrokerGrant grant) AUTHPLANE_EXCLUDES(mutex_);
  // For a credential that the provider just refused: what another process has put in its place, nullopt when
  // the row stays as it is or is gone. It may be about to, having got the new one a moment ago.
  Outcome<std::optional<Credential>> newer_than(const Credential& refused) AUTHPLANE_EXCLUDES(mutex_);
  // Stores `refresh_token` in the place of `used`, unless somebody else has stored another one meanwhile.
  Kept keep(const Credential& used, const SecretString& refresh_token) AUTHPLANE_EXCLUDES(mutex_);

 private:
  struct Unsaved {
    std::int64_t version = 0;  // of the row, for as long as which it is the right one
    SecretString refresh_token;
  };

  Outcome<BrokerGrant> stored_again(const Credential& used);
  void pause(int attempt) const;
  void forget(const std::string& grant_id) AUTHPLANE_EXCLUDES(mutex_);

  BrokerGrantStore& grants_;
  Sealer* const sealer_;  // null: nothing can be opened
  const Clock& clock_;
  Logger& logger_;
  const Patience patience_;
  Mutex mutex_;
  std::map<std::string, Unsaved> unsaved_ AUTHPLANE_GUARDED_BY(mutex_);  // by id of the grant
};

}  // namespace authplane::authserver
