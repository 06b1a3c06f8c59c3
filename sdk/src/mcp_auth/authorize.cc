#include <authplane/mcp_auth/authorize.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <authplane/base/encoding.h>

namespace authplane::mcp {
namespace {

Unexpected<Error> invalid(std::string problem) {
  return Err(ErrorCode::invalid_argument, "authorize: " + std::move(problem));
}

// Whether the token is to be sent with proofs. Its value goes into a header field, so it is looked at first.
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

class TokenAuthorizer final : public RequestAuthorizer {
 public:
  TokenAuthorizer(TokenSource source, dpop::ProviderPtr provider)
      : source_(std::move(source)), provider_(std::move(provider)) {}

  Result<Headers> headers(std::string_view method, std::string_view url) override {
    proof_sent_ = false;
    const auto token = source_();
    if (!token) return Err(token.error());
    const auto bound = needs_proof(*token, provider_);
    if (!bound) return Err(bound.error());
    if (!*bound) return Headers{{"Authorization", "Bearer " + token->access_token}};
    proof_sent_ = true;
    return provider_->headers(method, url, token->access_token);
  }

  bool should_retry(std::string_view url, int status, const Headers& response) override {
    return proof_sent_ && provider_->should_retry(url, status, response);
  }

 private:
  const TokenSource source_;
  const dpop::ProviderPtr provider_;  // may be null
  bool proof_sent_ = false;           // with the latest request
};

}  // namespace

void authorize(Client& mcp, const authplane::Client& client, const TokenResponse& token) {
  if (const auto usable = needs_proof(token, client.dpop()); !usable) throw Exception(usable.error());
  authorize(mcp, client, [token] { return Result<TokenResponse>(token); });
}

void authorize(Client& mcp, const authplane::Client& client, TokenSource source) {
  if (!source) throw Exception(invalid("the token source is an empty function").error);
  mcp.set_authorizer(std::make_shared<TokenAuthorizer>(std::move(source), client.dpop()));
}

}  // namespace authplane::mcp
