#include "authserver/domain/token_exchange.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxLoggedBytes = 256;

Unexpected<ExchangeRefusal> invalid_request(std::string description) {
  return refuse(DomainErrorCode::invalid_request, "invalid_request", std::move(description));
}

// Of a resource that cannot be exchanged for.
Unexpected<ExchangeRefusal> no_target(const ResourceMatch& match, std::string_view wanted) {
  const std::string named = "resource " + std::string(wanted.substr(0, kMaxLoggedBytes));
  if (match.match == Match::ambiguous) {
    return refuse(DomainErrorCode::invalid_request, "ambiguous_resource",
                  "several resources are registered under this name; use the slug of one", named);
  }
  return refuse(DomainErrorCode::invalid_target, "resource_not_found",
                "the resource is not registered here under exactly this URI or slug", named);
}

std::string self_detail(const ExchangeRequest& request, const PresentedToken& subject) {
  return audit_detail({{"sub", subject.subject},
                       {"subject_client", subject.client_id},
                       {"actor_client", request.client->id},
                       {"type", "self_exchange"}});
}

}  // namespace

std::string_view to_string(ExchangeKind kind) noexcept {
  switch (kind) {
    case ExchangeKind::self:
      return "self";
    case ExchangeKind::direct:
      return "direct";
    case ExchangeKind::fronted:
      return "fronted";
  }
  return "direct";
}

Exchanged<ExchangeDecision> TokenExchange::decide(const ExchangeRequest& request) const {
  if (request.subject_token.empty()) return invalid_request("subject_token is missing");
  if (request.subject_token_type.empty()) return invalid_request("subject_token_type is missing");
  if (!is_exchangeable_type(request.subject_token_type)) {
    return invalid_request(
        "subject_token_type has to be urn:ietf:params:oauth:token-type:access_token or "
        "urn:ietf:params:oauth:token-type:jwt");
  }
  const auto subject = presented_.read(request.subject_token, TokenRole::subject);
  if (!subject) return Err(subject.error());
  if (request.resource.empty()) return decide_self(request, *subject);
  const auto targeted = find_target(request, *subject);
  if (!targeted) return Err(targeted.error());
  return targeted->target->backend_kind == BackendKind::mint ? to_mint(*targeted) : to_broker(*targeted);
}

Exchanged<void> TokenExchange::confirm(const TokenGrant& grant) const {
  const auto now = decide(grant.asked->request());
  if (!now) return Err(changed_meanwhile(now.error(), grant.resource->slug, grant.consent_resource));
  const Resource* resource = now->grant.resource.get();
  const bool is_same = resource != nullptr && resource->id == grant.resource->id &&
                       resource->broker_provider_id == grant.resource->broker_provider_id &&
                       grant.scopes.is_subset_of(now->grant.scopes);
  if (is_same) return {};
  return refuse(DomainErrorCode::unavailable, "exchange_changed_during_mint", "the server is busy; try again",
                "what may be had of resource " + grant.resource->slug + " changed meanwhile");
}

Exchanged<TokenExchange::Targeted> TokenExchange::find_target(const ExchangeRequest& request,
                                                              const PresentedToken& subject) const {
  auto catalog = deps_.storage.resources().catalog();
  if (!catalog) return refuse(catalog.error());
  ResourceMatch match = (*catalog)->resolve(request.resource);
  const bool is_usable = match.match == Match::one && (match.resource->backend_kind == BackendKind::broker ||
                                                       !match.resource->uri.empty());
  if (!is_usable) return no_target(match, request.resource);
  auto wanted = parse_wanted_scopes(request.scope);
  if (!wanted) return Err(std::move(wanted).error());

  Targeted targeted{.request = request,
                    .subject = subject,
                    .target = std::move(match.resource),
                    .wanted = std::move(*wanted),
                    .catalog = std::move(*catalog),
                    .source = {},
                    .link = {}};
  targeted.source = source_of(subject, *targeted.catalog, issuer_);
  const ResourcePtr& source = targeted.source.resource;
  if (!source || source == targeted.target) return targeted;
  auto link = deps_.storage.fronting_links().find(source->slug, targeted.target->slug);
  if (!link) return refuse(link.error());
  targeted.link = std::move(*link);
  return targeted;
}

Exchanged<ExchangeDecision> TokenExchange::decide_self(const ExchangeRequest& request,
                                                       const PresentedToken& subject) const {
  if (auto actor = check_actor(request); !actor) return Err(std::move(actor).error());
  const auto wanted = parse_wanted_scopes(request.scope);
  if (!wanted) return Err(wanted.error());
  auto scopes = own_scopes(*wanted, subject, nullptr);
  if (!scopes) return Err(std::move(scopes).error());
  if (request.client->id != subject.client_id) {
    return refuse(DomainErrorCode::access_denied, "cross_client_not_authorized",
                  "the subject_token was issued to another client; name the resource to exchange it for");
  }
  if (!options_.allow_self_exchange) {
    return refuse(DomainErrorCode::access_denied, "policy_denied",
                  "a client may not exchange its own token here; an operator can set "
                  "token_exchange.allow_self_exchange to true");
  }
  TokenGrant grant = grant_of(request, subject);
  if (auto depth = check_depth(grant.act); !depth) return Err(std::move(depth).error());
  grant.scopes = std::move(*scopes);
  grant.not_after = subject.row.expires_at;
  if (!subject.audience.empty()) grant.audience = subject.audience.front();
  grant.audit_detail = self_detail(request, subject);
  return ExchangeDecision{.grant = std::move(grant), .kind = ExchangeKind::self};
}

bool TokenExchange::is_self_exchange(const ExchangeRequest& request, const PresentedToken& subject) const {
  return options_.allow_self_exchange && request.client->id == subject.client_id;
}

Exchanged<void> TokenExchange::check_actor(const ExchangeRequest& request) const {
  if (request.actor_token.empty()) return {};
  if (!is_exchangeable_type(request.actor_token_type)) {
    return refuse(DomainErrorCode::invalid_grant, "invalid_actor_token",
                  "the actor_token has to be an access token, and actor_token_type has to say so");
  }
  if (auto actor = presented_.read(request.actor_token, TokenRole::actor); !actor)
    return Err(std::move(actor).error());
  return {};
}

Exchanged<void> TokenExchange::check_depth(const ActChain& act) const {
  if (act.depth() <= options_.max_chain_depth) return {};
  return refuse(DomainErrorCode::invalid_request, "chain_too_deep",
                "the token would name more than " + std::to_string(options_.max_chain_depth) + " actors");
}

// What every exchange takes over, or says, alike. A client with an actor_token acts for the subject, one
// without is the subject as far as anybody can see.
TokenGrant TokenExchange::grant_of(const ExchangeRequest& request, const PresentedToken& subject) const {
  TokenGrant grant;
  grant.grant = GrantKind::token_exchange;
  grant.client = request.client;
  grant.subject = subject.subject;
  grant.lifetime = options_.lifetime;
  grant.dpop_jkt = subject.dpop_jkt;
  grant.user_id = subject.row.subject_user_id;
  grant.act = request.actor_token.empty()
                  ? subject.act
                  : subject.act.with(request.client->id, request.client->is_agent ? "agent" : "service");
  grant.parent_jti = subject.row.id;
  grant.exchange = ExchangeBasis{};
  return grant;
}

ExchangeDecision TokenExchange::decision_of(const Targeted& exchange, TokenGrant grant) {
  const bool is_fronted = exchange.link.has_value();
  const Resource& target = *exchange.target;
  const bool is_mint = target.backend_kind == BackendKind::mint;
  ExchangeDecision decision{.grant = std::move(grant),
                            .kind = is_fronted ? ExchangeKind::fronted : ExchangeKind::direct};
  if (exchange.source.resource) decision.source_slug = exchange.source.resource->slug;
  decision.grant.resource = exchange.target;
  std::string& detail = decision.grant.audit_detail;
  detail = audit_detail({{"sub", exchange.subject.subject},
                         {"subject_client", exchange.subject.client_id},
                         {"actor_client", exchange.request.client->id},
                         {"type", is_mint ? "mint_dispatch" : "broker_dispatch"},
                         {"chain_kind", to_string(decision.kind)},
                         {"target_kind", to_string(target.backend_kind)}});
  if (is_fronted) detail += " " + audit_detail({{"via_link", decision.source_slug + "->" + target.slug}});
  detail += " " + audit_detail({{"resource", target.slug}});
  return decision;
}

Exchanged<TokenExchange::Consented> TokenExchange::find_consent(const Targeted& exchange, const Resource& at,
                                                                const ConsentReasons& reasons) const {
  const PresentedToken& subject = exchange.subject;
  const auto missing = [&](bool is_insufficient, std::string_view reason, ScopeSet scopes) {
    return needs_consent(
        reason, exchange.target->slug,
        {.is_insufficient = is_insufficient, .resource_slug = at.slug, .scopes = std::move(scopes)},
        "user " + subject.subject + ", client " + subject.client_id + ", resource " + at.slug);
  };
  if (subject.is_of_machine()) return missing(false, reasons.missing, {});
  auto grant =
      deps_.storage.consent_grants().find_active(subject.row.subject_user_id, subject.client_id, at.id);
  if (!grant) return refuse(grant.error());
  if (!*grant) return missing(false, reasons.missing, {});
  auto scopes = consented_scopes(exchange.wanted, subject, exchange.target->scope_names(), **grant);
  if (!scopes) return Err(std::move(scopes).error());
  if (!*scopes) return missing(true, reasons.insufficient, exchange.wanted->minus((*grant)->scopes));
  return Consented{.scopes = std::move(**scopes), .grant_id = std::move((*grant)->id)};
}

}  // namespace authplane::authserver
