// Tokens for resources this server signs tokens for.

#include "authserver/domain/named_scopes.h"
#include "authserver/domain/token_exchange.h"

namespace authplane::authserver {
namespace {

// A gateway acts in its own name, for whoever had the token from it.
ActChain act_of_gateway(const std::string& source_slug, const PresentedToken& subject,
                        const std::string& caller) {
  if (!subject.act.empty()) return subject.act.with(source_slug);
  const bool is_unnamed = subject.client_id.empty() || subject.client_id == source_slug;
  return ActChain().with(is_unnamed ? caller : subject.client_id).with(source_slug);
}

Unexpected<ExchangeRefusal> fronting_refusal(const FrontingFault& fault) {
  if (fault.is_unmapped) {
    return refuse(DomainErrorCode::invalid_scope, "fronting_scope_unmapped",
                  "the gateway has no scope that stands for: " + named(fault.scopes));
  }
  return refuse(DomainErrorCode::invalid_scope, "fronting_subject_scope_insufficient",
                fault.scopes.empty()
                    ? "no scope of the subject_token stands for one of the resource"
                    : "the subject_token lacks the gateway's scope that stands for: " + named(fault.scopes));
}

}  // namespace

Exchanged<ExchangeDecision> TokenExchange::to_mint(const Targeted& exchange) const {
  const ExchangeRequest& request = exchange.request;
  const Resource& target = *exchange.target;
  if (auto known = check_catalog(exchange.wanted, target.scope_names()); !known) return Err(known.error());
  if (auto gate = check_operator_gate(target, request.client->id); !gate) return Err(gate.error());
  auto grant = exchange.link ? mint_fronted(exchange) : mint_direct(exchange);
  if (!grant) return Err(std::move(grant).error());
  if (auto actor = check_actor(request); !actor) return Err(std::move(actor).error());
  if (auto depth = check_depth(grant->act); !depth) return Err(std::move(depth).error());
  return decision_of(exchange, std::move(*grant));
}

Exchanged<TokenGrant> TokenExchange::mint_fronted(const Targeted& exchange) const {
  const Resource& source = *exchange.source.resource;
  const std::string& caller = exchange.request.client->id;
  if (auto gate = check_fronting_caller(source, *exchange.target, caller); !gate) return Err(gate.error());
  auto scopes = fronted_scopes(exchange.wanted, exchange.subject.scopes, exchange.link->scope_map,
                               FrontedBy::first_scope);
  if (!scopes) return fronting_refusal(scopes.error());
  TokenGrant grant = grant_of(exchange.request, exchange.subject);
  grant.scopes = std::move(*scopes);
  grant.client_id_claim = source.slug;
  grant.act = act_of_gateway(source.slug, exchange.subject, caller);
  return grant;
}

Exchanged<TokenGrant> TokenExchange::mint_direct(const Targeted& exchange) const {
  const ExchangeRequest& request = exchange.request;
  const PresentedToken& subject = exchange.subject;
  const Resource& target = *exchange.target;
  TokenGrant grant = grant_of(request, subject);
  grant.consent_client_id = subject.client_id;
  if (request.client->id == subject.client_id) grant.not_after = subject.row.expires_at;
  if (auto ceiling = check_ceiling(exchange.wanted, subject); !ceiling) return Err(ceiling.error());
  if (is_self_exchange(request, subject)) {
    const ScopeSet catalog = target.scope_names();
    auto scopes = own_scopes(exchange.wanted, subject, &catalog);
    if (!scopes) return Err(std::move(scopes).error());
    grant.scopes = std::move(*scopes);
    return grant;
  }
  if (auto gate = check_cross_client(target, request.client->id, subject); !gate) return Err(gate.error());
  auto consented =
      find_consent(exchange, target, {.missing = "consent_required", .insufficient = "scope_not_consented"});
  if (!consented) return Err(std::move(consented).error());
  grant.exchange = ExchangeBasis{.consent_grant_id = std::move(consented->grant_id),
                                 .consented_scopes = consented->scopes};
  grant.scopes = std::move(consented->scopes);
  grant.consent_resource = target.slug;
  return grant;
}

}  // namespace authplane::authserver
