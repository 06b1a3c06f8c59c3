#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/result.h>
#include <authplane/jose/jwks.h>
#include <authplane/oauth/scope.h>

namespace authplane::authserver {

inline constexpr std::size_t kMaxAssertedSubject = 255;  // OpenID Connect Core 1.0 section 2

// What an identity provider says about a user and about the client that may have a token for them (Identity
// Assertion JWT Authorization Grant, "ID-JAG", on RFC 7523).
struct IdentityAssertion {
  std::string subject;    // the provider's name for the user, 1 to kMaxAssertedSubject bytes
  std::string client_id;  // ours, whose token it is for
  std::string jti;
  std::vector<std::string> resources;  // URIs it was made for; empty = not said
  std::optional<ScopeSet> scopes;      // nullopt = not said
  WallTime expires_at{};
};

// What has to be known of an assertion to verify it. Nothing of it may be trusted.
struct AssertionHint {
  std::string issuer;
  std::string kid;  // "" = it names no key
};
// Errors: invalid_signature, invalid_claims.
Result<AssertionHint> peek_assertion(std::string_view assertion);

struct AssertionExpectations {
  std::string_view issuer;       // compared byte for byte, as is
  std::string_view audience;     // which has to be the only one, written as a string
  std::chrono::seconds max_age;  // since `iat`
  WallTime now;
};

// Verifies an assertion by a signature of one of `keys`: asymmetric algorithms only, and a key serves those
// of its type. An assertion without kid may be signed by any of them. The type has to be
// `oauth-id-jag+jwt`, exactly. Clocks may differ by 30 s. Errors: invalid_signature, invalid_claims,
// token_expired (also when it is too old).
Result<IdentityAssertion> verify_assertion(std::string_view assertion, const AssertionExpectations& expected,
                                           const JwkSet& keys);

}  // namespace authplane::authserver
