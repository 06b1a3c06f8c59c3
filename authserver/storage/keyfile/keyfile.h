#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <authplane/base/log.h>
#include <authplane/base/result.h>
#include <authplane/jose/algorithm.h>

#include "authserver/domain/signing_key_store.h"

namespace authplane::authserver {

struct KeyfileOptions {
  std::string directory = "data/keys";           // created with mode 0700 when missing
  JwsAlgorithm algorithm = JwsAlgorithm::ES256;  // of keys made from now on; ES256 or RS256
  std::chrono::seconds longest_token_lifetime{
      86'400};  // how long an earlier key stays published after rotation
};

// Signing keys in a directory, for one host:
//   current.pem                     private key, PKCS#8, mode 0600
//   previous-<seconds>-<kid>.pem    public key of an earlier one and when it stopped signing (Unix time)
//   .lock                           held (flock) while keys are made, rotated or removed
// Makes the first key when there is none; two processes starting at once agree on one. The private half of an
// earlier key is not kept. `logger` outlives the store.
// Errors: runtime_error; the message names the path, the cause and what to do. A key file that users other
// than the owner and the group can read is refused.
Result<std::unique_ptr<SigningKeyStore>> open_keyfile(const KeyfileOptions& options,
                                                      std::chrono::sys_seconds now, Logger& logger);

}  // namespace authplane::authserver
