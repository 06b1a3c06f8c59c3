#pragma once

#include <optional>
#include <string>

#include <authplane/base/log.h>

#include "authserver/domain/token_exchange.h"
#include "authserver/domain/upstream_tokens.h"
#include "authserver/http/token_endpoint.h"

namespace authplane::authserver {

// grant_type=urn:ietf:params:oauth:grant-type:token-exchange (RFC 8693): a token for another one, for the
// client that acts with it. For a broker resource it is a token of an upstream provider; asking for it holds
// no thread. `audience` and `requested_token_type` are not looked at.
class TokenExchangeGrant final : public Grant {
 public:
  struct Deps {
    const TokenExchange& exchanges;
    UpstreamTokens* upstream;  // null: not configured
    Logger& logger;
    Metrics& metrics;
  };
  // The references outlive the grant.
  TokenExchangeGrant(std::string issuer, Deps deps) : issuer_(std::move(issuer)), deps_(deps) {}

  GrantKind kind() const override { return GrantKind::token_exchange; }
  std::string_view name() const override { return "token_exchange"; }
  std::string issued_counter() const override { return ""; }
  std::string_view issued_action() const override { return "token.exchanged"; }
  std::string_view denied_action() const override { return "token.exchange_denied"; }
  Result<TokenGrant, Denial> decide(const TokenRequest& request) const override;
  void obtain(TokenGrant grant, TokenService& tokens, std::string_view ip, Obtained done) const override;

 private:
  Denial denial_of_refusal(const ExchangeRefusal& refusal, const std::string& client_id) const;
  Denial denial_of_upstream(const UpstreamRefusal& refusal, const TokenGrant& grant) const;
  // Why what was decided on is not to be had any more.
  std::optional<Denial> denial_by_now(const TokenGrant& grant) const;
  // Passes the token on, or says what changed while it was made.
  TokenService::Done recorded(const TokenGrant& grant, Obtained done) const;
  void vend(TokenGrant grant, TokenService& tokens, std::string_view ip, Obtained done) const;

  const std::string issuer_;
  const Deps deps_;
};

}  // namespace authplane::authserver
