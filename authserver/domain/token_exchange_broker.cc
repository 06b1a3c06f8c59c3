// Tokens of upstream providers.

#include "authserver/domain/token_exchange.h"

namespace authplane::authserver {
namespace {

// One that is for another resource goes through a gateway or nowhere.
Exchanged<void> check_way(const ResourcePtr& target, const TokenSource& source, bool is_linked) {
  if (source.is_unclear) {
    return refuse(DomainErrorCode::invalid_request, "fronting_link_missing",
                  "no fronting link leads to " + target->slug +
                      ": the resource of the subject_token is gone, or shares its URI");
  }
  if (!source.resource || source.resource == target || is_linked) return {};
  return refuse(DomainErrorCode::invalid_request, "fronting_link_missing",
                "no fronting link leads from " + source.resource->slug + " to " + target->slug +
                    "; an operator has to create it");
}

}  // namespace

Exchanged<ExchangeDecision> TokenExchange::to_broker(const Targeted& exchange) const {
  const Resource& target = *exchange.target;
  if (exchange.subject.is_of_machine()) {
    return refuse(DomainErrorCode::invalid_grant, "invalid_subject_token",
                  "no user stands behind the subject_token, so no account is connected");
  }
  if (!exchange.link) {
    if (auto known = check_catalog(exchange.wanted, target.scope_names()); !known) return Err(known.error());
  }
  if (!exchange.request.actor_token.empty()) {
    return refuse(DomainErrorCode::invalid_request, "broker_actor_not_allowed",
                  "this resource takes no actor_token: an upstream token names no actors");
  }
  if (auto gate = check_operator_gate(target, exchange.request.client->id); !gate) return Err(gate.error());
  if (auto way = check_way(exchange.target, exchange.source, exchange.link.has_value()); !way)
    return Err(way.error());
  auto grant = exchange.link ? vend_fronted(exchange) : vend_direct(exchange);
  if (!grant) return Err(std::move(grant).error());
  return decision_of(exchange, std::move(*grant));
}

Exchanged<TokenGrant> TokenExchange::vend_direct(const Targeted& exchange) const {
  if (auto ceiling = check_ceiling(exchange.wanted, exchange.subject); !ceiling) return Err(ceiling.error());
  const auto actor = attested_actor(*exchange.catalog, exchange.request.client->id);
  if (!actor) return Err(actor.error());
  auto consented =
      find_consent(exchange, **actor,
                   {.missing = "broker_consent_required", .insufficient = "broker_scope_not_consented"});
  if (!consented) return Err(std::move(consented).error());
  if (auto provider = provider_slug_of(*exchange.target); !provider) return Err(std::move(provider).error());
  TokenGrant grant = grant_of(exchange.request, exchange.subject);
  grant.consent_client_id = exchange.subject.client_id;
  grant.consent_resource = (*actor)->slug;
  grant.exchange = ExchangeBasis{.consent_grant_id = std::move(consented->grant_id),
                                 .consented_scopes = consented->scopes};
  grant.scopes = std::move(consented->scopes);
  return grant;
}

Exchanged<TokenGrant> TokenExchange::vend_fronted(const Targeted& exchange) const {
  const Resource& source = *exchange.source.resource;
  if (auto gate = check_fronting_caller(source, *exchange.target, exchange.request.client->id); !gate)
    return Err(gate.error());
  const auto provider = provider_slug_of(*exchange.target);
  if (!provider) return Err(provider.error());
  auto scopes = fronted_scopes(exchange.wanted, exchange.subject.scopes, exchange.link->scope_map,
                               FrontedBy::any_scope);
  if (!scopes) {
    const bool is_unmapped = scopes.error().is_unmapped;
    return needs_consent(
        is_unmapped ? "fronting_scope_unmapped" : "fronting_subject_scope_insufficient",
        exchange.target->slug,
        {.is_insufficient = true, .resource_slug = exchange.target->slug, .provider_slug = *provider});
  }
  TokenGrant grant = grant_of(exchange.request, exchange.subject);
  grant.scopes = std::move(*scopes);
  return grant;
}

Exchanged<std::string> TokenExchange::provider_slug_of(const Resource& target) const {
  const auto provider = deps_.storage.broker_providers().find(target.broker_provider_id);
  if (!provider) return refuse(provider.error());
  if (*provider) return (*provider)->slug;
  return refuse(DomainErrorCode::internal, "provider_missing", "the server failed",
                "resource " + target.slug + " names the provider " + target.broker_provider_id +
                    ", which does not exist");
}

}  // namespace authplane::authserver
