#include "authserver/http/user_tokens.h"

#include <utility>

#include <authplane/base/hash.h>

namespace authplane::authserver {

MintedRefreshToken mint_refresh_token(IdGenerator& ids, const UserTokenOptions& options, WallTime now) {
  std::string text = ids.token(32);
  const TokenHash hash = sha256(text);
  return {.text = std::move(text), .record = {.hash = hash, .expires_at = now + options.refresh_lifetime}};
}

}  // namespace authplane::authserver
