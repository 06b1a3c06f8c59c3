#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <authplane/base/result.h>
#include <authplane/jose/algorithm.h>
#include <authplane/jose/key.h>

namespace authplane {

// Where a verifier gets the keys of the authorization server. Thread-safe. Client::keys() is the one backed
// by discovery; tests may bring their own.
class KeySource {
 public:
  virtual ~KeySource() = default;

  // The first key of that kid that may verify that algorithm (see JwkSet::find). Normally answered from
  // memory. The source behind Client::keys() may do one network call in the calling thread: when metadata or
  // keys have expired, when jwks_uri has changed, or when the kid is unknown, the last at most every 30 s for
  // all callers together. A failed refresh keeps the old keys for up to 24 h. Errors: invalid_signature (no
  // such key, after a refresh if one was due), jwks_unavailable, closed.
  virtual Result<PublicKey> find_key(std::string_view kid, JwsAlgorithm algorithm) = 0;

  // A number that changes whenever the key set in use is replaced; asked once per verification, so it must be
  // cheap, and it is the moment to notice that documents are due for a refresh. nullopt: there is no key set
  // that may be trusted now, or the source cannot tell. Verified tokens are not served from memory then.
  virtual std::optional<std::uint64_t> generation() { return std::nullopt; }
};

}  // namespace authplane
