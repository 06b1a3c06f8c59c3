#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <authplane/jose/algorithm.h>
#include <authplane/jose/key.h>

#include "authserver/domain/errors.h"

namespace authplane::authserver {

// A key that tokens are still verified with.
struct VerificationKey {
  std::string kid;  // RFC 7638 thumbprint
  JwsAlgorithm algorithm = JwsAlgorithm::ES256;
  PublicKey key;
};

// The keys of one moment. Immutable, shared between threads.
struct SigningKeySet {
  std::string kid;  // of the current key
  PrivateKey current;
  // Every key to publish: the current one first, then earlier ones, newest first.
  std::vector<VerificationKey> published;

  JwsAlgorithm algorithm() const { return current.algorithm(); }
};
using SigningKeySetPtr = std::shared_ptr<const SigningKeySet>;

// Where signing keys live. Thread-safe.
class SigningKeyStore {
 public:
  virtual ~SigningKeyStore() = default;

  // Never null. No I/O: a pointer copy. Keep the result for one request, not longer.
  virtual SigningKeySetPtr keys() const = 0;
  // Makes a new key and signs with it at once; the old public key stays published until the last token it
  // signed has expired. Answers the new set. Errors: unavailable, internal.
  virtual Outcome<SigningKeySetPtr> rotate(std::chrono::sys_seconds now) = 0;
  // Reads the keys again, for example after another process rotated them, and drops earlier keys no token can
  // need any more. On failure the old set stays in use. Errors: unavailable, internal.
  virtual Outcome<SigningKeySetPtr> reload(std::chrono::sys_seconds now) = 0;
};

}  // namespace authplane::authserver
