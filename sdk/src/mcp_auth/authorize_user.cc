#include <authplane/mcp_auth/authorize_user.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bearer_fields.h"

namespace authplane::mcp {
namespace {

// The refusal is noted when it comes and dealt with before the request is sent again, where failing is an
// error of the call.
class UserAuthorizer final : public RequestAuthorizer {
 public:
  explicit UserAuthorizer(agent::UserSession session) : session_(std::move(session)) {}

  Result<Headers> headers(std::string_view method, std::string_view url) override {
    if (url != session_.server_url()) {
      return Err(ErrorCode::invalid_argument, "authorize: the session is for " + session_.server_url() +
                                                  ", and its token goes nowhere else");
    }
    ends_session_ = method == "DELETE";
    sent_.clear();
    proof_sent_ = false;
    const auto token = ends_session_ ? Token(session_.current()) : next_token();
    if (!token) return Err(token.error());
    if (!*token) return Headers();  // the server will say what it wants
    const auto bound = needs_proof(**token, session_.dpop());
    if (!bound) return Err(bound.error());
    sent_ = (*token)->access_token;
    proof_sent_ = *bound;
    return token_fields(**token, *bound ? session_.dpop() : nullptr, method, url);
  }

  bool should_retry(std::string_view url, int status, const Headers& response) override {
    if (proof_sent_ && session_.dpop()->should_retry(url, status, response)) return true;
    if (ends_session_ || !agent::is_refusal(status, response)) return false;
    refusal_ = agent::Refusal{.token = sent_, .status = status, .headers = response};
    return true;
  }

  // Login, a nonce, more scopes, another nonce.
  int max_retries() const override { return 4; }

 private:
  using Token = Result<std::optional<TokenResponse>>;

  // Before the first login the server's challenge is waited for: it names what to ask the user for.
  Token next_token() {
    if (!refusal_ && !session_.signed_in()) return std::optional<TokenResponse>();
    if (!refusal_) return optional_of(session_.token());
    const agent::Refusal refusal = *std::exchange(refusal_, std::nullopt);
    return optional_of(session_.token_after(refusal));
  }
  static Token optional_of(Result<TokenResponse> token) {
    if (!token) return Err(std::move(token).error());
    return std::optional(std::move(*token));
  }

  const agent::UserSession session_;
  std::optional<agent::Refusal> refusal_;  // of the latest request
  std::string sent_;                       // the token of the latest request, "" when it had none
  bool proof_sent_ = false;
  bool ends_session_ = false;
};

}  // namespace

void authorize(Client& mcp, agent::UserSession session) {
  mcp.set_authorizer(std::make_shared<UserAuthorizer>(std::move(session)));
}

}  // namespace authplane::mcp
