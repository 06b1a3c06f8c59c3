#pragma once

#include <optional>
#include <string>

#include <authplane/base/clock.h>
#include <authplane/oauth/scope.h>

#include "authserver/domain/audit.h"
#include "authserver/domain/authorization.h"
#include "authserver/domain/ids.h"

namespace authplane::authserver {

// Everything that one redeemed code led to: the refresh tokens that replaced each other and the access tokens
// issued with them. Revoked as a whole.
struct TokenFamily {
  TimeOrderedId id;
  std::string client_id;
  std::string user_id;
  ScopeSet scopes;          // as approved; a refresh may ask for less and never writes that back
  std::string resource_id;  // "" when the code was for no resource
  std::string resource_uri;
  std::string authorization_id;  // whose code it came from; at most one family each
  // Thumbprint (RFC 7638) of the key every refresh must prove (RFC 9449 section 5), "" = unbound.
  std::string dpop_jkt;
  WallTime created_at{};
  std::optional<WallTime> revoked_at;

  bool is_active() const { return !revoked_at; }
  friend bool operator==(const TokenFamily&, const TokenFamily&) = default;
};

struct RefreshToken {
  TokenHash hash{};
  TimeOrderedId family_id;
  WallTime created_at{};
  WallTime expires_at{};
  std::optional<WallTime> consumed_at;  // rotated, or revoked with its family
  friend bool operator==(const RefreshToken&, const RefreshToken&) = default;
};

// A refresh token to be written. Its family is known from where it stands.
struct NewRefreshToken {
  TokenHash hash{};
  WallTime expires_at{};
};

// Begins a family with the access token it is written with.
struct FamilyStart {
  TokenFamily family;                      // client and user are those of the access token
  std::optional<NewRefreshToken> refresh;  // none: the client may not refresh
};

// Uses up a refresh token for the access token it is written with, and replaces it.
struct Rotation {
  TokenHash presented{};
  NewRefreshToken successor;
  AuditEvent if_reused;  // written when the token was used before and its family dies of that
  WallTime now{};
};

}  // namespace authplane::authserver
