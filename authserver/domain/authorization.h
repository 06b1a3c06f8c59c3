#pragma once

#include <optional>
#include <string>

#include <authplane/base/clock.h>
#include <authplane/base/hash.h>
#include <authplane/oauth/scope.h>

namespace authplane::authserver {

// SHA-256 of an authorization code or a refresh token: all that is ever stored of one.
using TokenHash = Sha256Digest;

// One request at the authorization endpoint (RFC 6749 section 4.1) on its way from there to its code and to
// the redemption of that code. Kept after the redemption, so that a second one is recognised.
struct Authorization {
  std::string id;
  std::string client_id;
  std::string user_id;       // who may decide; "" when nobody was logged in: such a request is never approved
  std::string redirect_uri;  // verbatim
  ScopeSet scopes;           // asked for; since the approval those that were approved
  std::string resource_id;   // "" when no resource was named
  std::string resource_uri;  // canonical, as registered then
  std::string state;         // of the client, returned verbatim; "" = none
  std::string code_challenge;  // RFC 7636, method S256
  std::string dpop_jkt{};      // the key the code is bound to (RFC 9449 section 10), "" = none
  WallTime created_at{};
  WallTime expires_at{};                // of the request and of its code alike
  std::optional<TokenHash> code_hash;   // set by the approval
  std::optional<WallTime> consumed_at;  // when the code was redeemed
  // Since when nothing may be issued for the code any more, whether or not it was redeemed.
  std::optional<WallTime> revoked_at;

  bool is_pending() const { return !code_hash; }
  friend bool operator==(const Authorization&, const Authorization&) = default;
};

}  // namespace authplane::authserver
