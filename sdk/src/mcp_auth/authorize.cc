#include <authplane/mcp_auth/authorize.h>

#include <memory>
#include <string>
#include <utility>

#include "bearer_fields.h"

namespace authplane::mcp {
namespace {

Unexpected<Error> invalid(std::string problem) {
  return Err(ErrorCode::invalid_argument, "authorize: " + std::move(problem));
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
    proof_sent_ = *bound;
    return token_fields(*token, *bound ? provider_ : nullptr, method, url);
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
