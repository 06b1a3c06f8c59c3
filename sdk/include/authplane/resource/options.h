#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/log.h>
#include <authplane/base/result.h>
#include <authplane/client/jwks_cache.h>
#include <authplane/dpop/inbound.h>
#include <authplane/jose/algorithm.h>
#include <authplane/resource/claims.h>

namespace authplane {

// Answers whether a token that passed every other check was revoked: true = revoked. Called for every
// verification, also of a cached token, without a lock held and from many threads. An error or an exception
// counts as "could not tell" and falls under RevocationFailure.
using RevocationChecker = std::function<Result<bool>(const VerifiedClaims& claims, std::string_view token)>;

// Ask the authorization server about every token (RFC 7662). The client that owns the keys needs credentials
// of a runtime client of this resource, else the server answers "inactive" to everything.
struct IntrospectTokens {};

// No check (the default), introspection, or the application's own.
using RevocationPolicy = std::variant<std::monostate, IntrospectTokens, RevocationChecker>;

// What happens to a token whose revocation state cannot be found out. fail_open accepts it and logs a
// warning: a revoked token then works as long as the authorization server is away.
enum class RevocationFailure { fail_closed, fail_open };

// Tokens that were verified before are served from memory: no signature check, but time, proof and revocation
// are judged again each time, and an entry ends when the token expires or the key set changes.
struct VerifiedTokenCacheOptions {
  bool enabled = true;
  std::size_t max_entries = 10'000;  // > 0; about 3 KiB each
};

struct ResourceOptions {
  std::vector<std::string> scopes = {};  // advertised in the metadata; verify() does not enforce them
  // Unset: those of the client. A non-empty subset of ES256 and RS256.
  std::optional<std::vector<JwsAlgorithm>> allowed_algorithms = {};
  std::chrono::seconds clock_skew{30};  // 0 to 300 s; tolerance for exp, iat and nbf
  // Proofs of possession (RFC 9449). Unset: bound tokens and proofs are refused, never taken for bearer
  // tokens.
  std::optional<dpop::Inbound> dpop = {};
  RevocationPolicy revocation = {};
  RevocationFailure revocation_failure = RevocationFailure::fail_closed;
  // Advertised in challenges instead of the derived URL, for metadata hosted elsewhere. An absolute URL.
  std::string resource_metadata_url = {};
  VerifiedTokenCacheOptions verified_tokens = {};
};

// What a resource needs from its surroundings. Resource::create(client, ...) fills it from a client.
struct ResourceDependencies {
  std::string issuer = {};               // compared with `iss` byte for byte
  std::shared_ptr<KeySource> keys = {};  // required
  std::vector<JwsAlgorithm> allowed_algorithms = {JwsAlgorithm::ES256, JwsAlgorithm::RS256};
  RevocationChecker introspection = {};     // required when the options ask for introspection
  std::shared_ptr<const Clock> clock = {};  // unset: the system's
  std::shared_ptr<Logger> logger = {};      // unset: none
};

}  // namespace authplane
