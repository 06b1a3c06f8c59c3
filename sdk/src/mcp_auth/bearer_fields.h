#pragma once

#include <string_view>

#include <authplane/base/http.h>
#include <authplane/client/responses.h>
#include <authplane/dpop/provider.h>

namespace authplane::mcp {

// Whether the token is to be sent with proofs. Its value goes into a header field, so it is looked at first.
// Errors: invalid_argument.
Result<bool> needs_proof(const TokenResponse& token, const dpop::ProviderPtr& provider);

// The fields of one request; `provider` is null for a bearer token.
Result<Headers> token_fields(const TokenResponse& token, const dpop::ProviderPtr& provider,
                             std::string_view method, std::string_view url);

}  // namespace authplane::mcp
