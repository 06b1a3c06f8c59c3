#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "authserver/domain/exchange_gates.h"
#include "authserver/domain/exchange_refusal.h"
#include "authserver/domain/exchange_scopes.h"
#include "authserver/domain/presented_token.h"
#include "authserver/domain/token_service.h"

namespace authplane::authserver {

struct TokenExchangeOptions {
  bool allow_self_exchange = false;     // a client may exchange its own token without further ado
  std::size_t max_chain_depth = 5;      // actors in one token; 1 to 10
  std::chrono::seconds lifetime{3600};  // of minted tokens, > 0
};

// The parameters of RFC 8693 section 2.1 that count here; "" = absent.
struct ExchangeRequest {
  ClientPtr client;  // authenticated, confidential
  std::string_view subject_token, subject_token_type, actor_token, actor_token_type;
  std::string_view resource;  // slug or URI
  std::string_view scope;
};

// A request that outlives the HTTP request it came with.
struct ExchangeInput {
  explicit ExchangeInput(const ExchangeRequest& request)
      : client(request.client),
        subject_token(request.subject_token),
        subject_token_type(request.subject_token_type),
        actor_token(request.actor_token),
        actor_token_type(request.actor_token_type),
        resource(request.resource),
        scope(request.scope) {}
  // Points into this.
  ExchangeRequest request() const {
    return {client, subject_token, subject_token_type, actor_token, actor_token_type, resource, scope};
  }

  const ClientPtr client;
  const std::string subject_token, subject_token_type, actor_token, actor_token_type, resource, scope;
};

// How the new token hangs together with the old one.
enum class ExchangeKind { self, direct, fronted };
std::string_view to_string(ExchangeKind kind) noexcept;

struct ExchangeDecision {
  TokenGrant grant;  // of a broker resource: not to be minted but had of its provider
  ExchangeKind kind = ExchangeKind::direct;
  std::string source_slug{};  // of the resource the old token is for, "" = none
};

// Decides whether a token is exchanged for another one, and for which (RFC 8693). Thread-safe.
class TokenExchange {
 public:
  struct Deps {
    const AccessTokenReader& tokens;
    Storage& storage;
    const Clock& clock;
  };
  // The references outlive the object.
  TokenExchange(std::string issuer, TokenExchangeOptions options, Deps deps)
      : issuer_(std::move(issuer)),
        options_(options),
        deps_(deps),
        presented_(deps.tokens, deps.storage, deps.clock) {}

  // What may change until the token is recorded is judged again then (TokenGrant::exchange).
  Exchanged<ExchangeDecision> decide(const ExchangeRequest& request) const;
  // Whether what was decided on still holds: for what an operator or the user changed while an upstream
  // provider was asked. The refusal is that of a new request, but for a token or a consent that went.
  Exchanged<void> confirm(const TokenGrant& grant) const;

 private:
  // A request that names a resource.
  struct Targeted {
    const ExchangeRequest& request;
    const PresentedToken& subject;
    ResourcePtr target;
    WantedScopes wanted;
    std::shared_ptr<const ResourceCatalog> catalog;
    TokenSource source;
    std::optional<FrontingLink> link;  // from the source to the target
  };
  // What a consent allows, and the consent.
  struct Consented {
    ScopeSet scopes;
    std::string grant_id;
  };

  // Without a resource: the client's own token again.
  Exchanged<ExchangeDecision> decide_self(const ExchangeRequest& request,
                                          const PresentedToken& subject) const;
  Exchanged<Targeted> find_target(const ExchangeRequest& request, const PresentedToken& subject) const;
  bool is_self_exchange(const ExchangeRequest& request, const PresentedToken& subject) const;
  Exchanged<void> check_actor(const ExchangeRequest& request) const;
  Exchanged<void> check_depth(const ActChain& act) const;
  TokenGrant grant_of(const ExchangeRequest& request, const PresentedToken& subject) const;
  static ExchangeDecision decision_of(const Targeted& exchange, TokenGrant grant);

  // token_exchange_mint.cc
  Exchanged<ExchangeDecision> to_mint(const Targeted& exchange) const;
  Exchanged<TokenGrant> mint_direct(const Targeted& exchange) const;
  Exchanged<TokenGrant> mint_fronted(const Targeted& exchange) const;

  // token_exchange_broker.cc
  Exchanged<ExchangeDecision> to_broker(const Targeted& exchange) const;
  Exchanged<TokenGrant> vend_direct(const Targeted& exchange) const;
  Exchanged<TokenGrant> vend_fronted(const Targeted& exchange) const;
  Exchanged<std::string> provider_slug_of(const Resource& target) const;

  // What the user allowed the client of the subject token at `at`. `reasons`: nothing at all, not enough.
  struct ConsentReasons {
    std::string_view missing, insufficient;
  };
  Exchanged<Consented> find_consent(const Targeted& exchange, const Resource& at,
                                    const ConsentReasons& reasons) const;

  const std::string issuer_;
  const TokenExchangeOptions options_;
  const Deps deps_;
  const PresentedTokens presented_;
};

}  // namespace authplane::authserver
