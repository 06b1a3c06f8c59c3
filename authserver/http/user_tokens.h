#pragma once

#include <chrono>

#include "authserver/domain/ids.h"
#include "authserver/domain/token_family.h"

namespace authplane::authserver {

// Tokens that a user took part in.
struct UserTokenOptions {
  std::chrono::seconds access_lifetime{15 * 60};         // > 0
  std::chrono::seconds refresh_lifetime{7 * 24 * 3600};  // of each refresh token; > 0
  // Whether a public client that proves possession of a key must go on proving it (RFC 9449 section 5).
  bool bind_refresh_tokens = true;
};

// A refresh token nobody has seen yet.
struct MintedRefreshToken {
  std::string text;  // 256 random bits, base64url
  NewRefreshToken record;
};
MintedRefreshToken mint_refresh_token(IdGenerator& ids, const UserTokenOptions& options, WallTime now);

}  // namespace authplane::authserver
