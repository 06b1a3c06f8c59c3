#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <authplane/base/random.h>

#include "authserver/federation/refusal.h"
#include "authserver/identity/session_keys.h"

namespace authplane::authserver {

// A longer path does not fit the cookie.
inline constexpr std::size_t kMaxSignInRedirect = 2700;

// A sign-in at the provider under way. The server stores nothing of it: the browser holds a signed cookie,
// and what goes to the provider is derived from the cookie with keys that only the server has. So state,
// nonce and verifier fit this browser alone, and neither the provider nor who sees its URLs learns the
// verifier or the path.
struct PendingSignIn {
  std::string cookie;         // "1.<random>.<start, seconds>.<path, base64url>.<HMAC>"
  std::string redirect;       // where the browser goes afterwards
  std::string state;          // RFC 6749 section 10.12
  std::string nonce;          // OpenID Connect Core 1.0 section 3.1.2.1
  std::string code_verifier;  // RFC 7636
};

// REQUIRES: `redirect` is safe (safe_redirect()) and at most kMaxSignInRedirect bytes.
PendingSignIn begin_sign_in(const SessionKeys& keys, std::string_view redirect, std::chrono::sys_seconds now,
                            Random& random);

// What the browser with this cookie had begun, if `state` is what it was sent away with. `cookie` is "" when
// there is none. In constant time for every cookie of ours. Errors: stale.
FederationResult<PendingSignIn> resume_sign_in(const SessionKeys& keys, std::string_view cookie,
                                               std::string_view state, std::chrono::sys_seconds now,
                                               std::chrono::seconds max_age);

// base64url(SHA-256(verifier)), RFC 7636 section 4.2.
std::string code_challenge(std::string_view verifier);

}  // namespace authplane::authserver
