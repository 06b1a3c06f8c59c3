#pragma once

#include <string>
#include <string_view>

#include <authplane/base/clock.h>
#include <authplane/base/result.h>
#include <authplane/client/jwks_cache.h>

namespace authplane::authserver {

// Whom the provider says it has authenticated.
struct UpstreamIdentity {
  std::string issuer;   // the provider
  std::string subject;  // its name for the user, never reassigned: 1 to 255 bytes
  std::string email;    // normalized; "" when there is none, or none that the provider stands by
  std::string name;     // "" when there is none; at most 255 bytes
};

struct IdTokenExpectations {
  std::string_view issuer;     // compared byte for byte
  std::string_view client_id;  // ours
  std::string_view nonce;      // of this very sign-in
  WallTime now;
};

// Verifies an ID token (OpenID Connect Core 1.0 section 3.1.3.7) by an asymmetric signature of a key in
// `keys`; `none` and HMAC are not among the algorithms. Clocks may differ by a minute. A token for several
// audiences, or with `azp`, has to have been issued to this client. An e-mail address with `email_verified`
// false is left out, as is anything that is no address. Errors: invalid_signature, invalid_claims,
// token_expired, and jwks_unavailable, which says nothing about the token.
Result<UpstreamIdentity> verify_id_token(std::string_view token, const IdTokenExpectations& expected,
                                         KeySource& keys);

}  // namespace authplane::authserver
