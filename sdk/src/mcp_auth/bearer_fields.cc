#include "bearer_fields.h"

#include <algorithm>
#include <string>
#include <utility>

#include <authplane/base/encoding.h>

namespace authplane::mcp {
namespace {

Unexpected<Error> invalid(std::string problem) {
  return Err(ErrorCode::invalid_argument, "authorize: " + std::move(problem));
}

}  // namespace

Result<bool> needs_proof(const TokenResponse& token, const dpop::ProviderPtr& provider) {
  const std::string& text = token.access_token;
  const bool visible = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  if (text.empty() || !visible)
    return invalid("the access token is empty or has a character no header may carry");
  if (equals_ignore_case(token.token_type, "Bearer")) return false;
  if (!equals_ignore_case(token.token_type, "DPoP"))
    return invalid("token_type is neither Bearer nor DPoP, so there is no way to send the token");
  if (!provider) return invalid("the token is bound to a key and the client has none; set its option dpop");
  return true;
}

Result<Headers> token_fields(const TokenResponse& token, const dpop::ProviderPtr& provider,
                             std::string_view method, std::string_view url) {
  if (provider) return provider->headers(method, url, token.access_token);
  return Headers{{"Authorization", "Bearer " + token.access_token}};
}

}  // namespace authplane::mcp
