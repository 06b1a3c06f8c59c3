#include "authserver/http/token_exchange_grant.h"

#include <memory>
#include <utility>

#include "authserver/http/consent_urls.h"
#include "authserver/http/grant_parameters.h"

namespace authplane::authserver {
namespace {

constexpr std::string_view kAccessToken = "urn:ietf:params:oauth:token-type:access_token";

bool is_vended(const TokenGrant& grant) {
  return grant.resource && grant.resource->backend_kind == BackendKind::broker;
}

NotIssued failure(Denial denial) {
  return NotIssued(std::move(denial));
}

}  // namespace

Result<TokenGrant, Denial> TokenExchangeGrant::decide(const TokenRequest& request) const {
  const auto parameter = [&](std::string_view name) { return request.form.get(name).value_or(""); };
  const auto resource = read_resource(request.form);
  if (!resource) return Err(resource.error());
  const ExchangeRequest asked{.client = request.client,
                              .subject_token = parameter("subject_token"),
                              .subject_token_type = parameter("subject_token_type"),
                              .actor_token = parameter("actor_token"),
                              .actor_token_type = parameter("actor_token_type"),
                              .resource = *resource,
                              .scope = parameter("scope")};
  auto decision = deps_.exchanges.decide(asked);
  if (!decision) return Err(denial_of_refusal(decision.error(), request.client->id));
  TokenGrant& grant = decision->grant;
  if (is_vended(grant)) grant.asked = std::make_shared<const ExchangeInput>(asked);
  grant.counted_as = &deps_.metrics.counter("authplane_token_exchange_total",
                                            {{"kind", to_string(decision->kind)},
                                             {"source", decision->source_slug},
                                             {"target", grant.resource ? grant.resource->slug : ""}});
  return std::move(grant);
}

Denial TokenExchangeGrant::denial_of_refusal(const ExchangeRefusal& refusal,
                                             const std::string& client_id) const {
  Denial denial = denial_of(refusal.error, "exchange the token", deps_.logger);
  denial.reason = refusal.reason;
  if (refusal.consent) {
    denial.error.cause = refusal.consent->is_insufficient ? "scope_insufficient" : "consent_missing";
    denial.error.consent_url = consent_url(issuer_, *refusal.consent);
  }
  if (!refusal.error.detail.empty() && row_of(denial.error.code).status < 500) {
    deps_.logger.warn(
        "token not exchanged",
        {{"client_id", client_id}, {"reason", refusal.reason}, {"cause", refusal.error.detail}});
  }
  return denial;
}

void TokenExchangeGrant::obtain(TokenGrant grant, TokenService& tokens, std::string_view ip,
                                Obtained done) const {
  if (is_vended(grant)) return vend(std::move(grant), tokens, ip, std::move(done));
  auto answer = recorded(grant, std::move(done));
  tokens.issue(std::move(grant), ip, std::move(answer));
}

void TokenExchangeGrant::vend(TokenGrant grant, TokenService& tokens, std::string_view ip,
                              Obtained done) const {
  if (deps_.upstream == nullptr) {
    deps_.logger.error("token not exchanged", {{"client_id", grant.client->id},
                                               {"reason", "broker_vend_failed"},
                                               {"cause", "data_encryption.driver is not set"}});
    return done(
        Err(failure(deny(OAuthErrorCode::service_unavailable,
                         "upstream tokens are switched off; set data_encryption.driver", "broker_vend_failed")
                        .error)));
  }
  UpstreamRequest request{.user_id = grant.user_id, .resource = grant.resource, .scopes = grant.scopes};
  const auto shared = std::make_shared<TokenGrant>(std::move(grant));
  deps_.upstream->vend(std::move(request),
                       [this, shared, &tokens, ip = std::string(ip),
                        done = std::move(done)](Result<UpstreamToken, UpstreamRefusal> vended) {
                         if (!vended) return done(Err(failure(denial_of_upstream(vended.error(), *shared))));
                         if (auto denial = denial_by_now(*shared))
                           return done(Err(failure(std::move(*denial))));
                         auto answer = recorded(*shared, done);
                         tokens.record_vended(std::move(*shared), std::move(*vended), ip, std::move(answer));
                       });
}

// Called by a thread that catches nothing.
std::optional<Denial> TokenExchangeGrant::denial_by_now(const TokenGrant& grant) const {
  try {
    const auto confirmed = deps_.exchanges.confirm(grant);
    if (confirmed) return std::nullopt;
    return denial_of_refusal(confirmed.error(), grant.client->id);
  } catch (const std::exception& e) {
    deps_.logger.error("unexpected failure while a token was exchanged", {{"cause", e.what()}});
    return deny(OAuthErrorCode::server_error, "the server failed").error;
  }
}

TokenService::Done TokenExchangeGrant::recorded(const TokenGrant& grant, Obtained done) const {
  return [this, client_id = grant.client->id, target = grant.resource ? grant.resource->slug : std::string(),
          consent = grant.consent_resource, done = std::move(done)](Outcome<IssuedToken> token) {
    if (token) {
      token->issued_token_type = kAccessToken;
      return done(std::move(*token));
    }
    const DomainError& error = token.error();
    if (error.code == DomainErrorCode::invalid_grant || error.code == DomainErrorCode::consent_required) {
      const ExchangeRefusal refusal = changed_meanwhile({.error = error, .reason = {}}, target, consent);
      return done(Err(failure(denial_of_refusal(refusal, client_id))));
    }
    done(Err(NotIssued(error)));
  };
}

// What the user has to do at the provider, or that it is not the user's to mend.
Denial TokenExchangeGrant::denial_of_upstream(const UpstreamRefusal& refusal, const TokenGrant& grant) const {
  using Reason = UpstreamRefusal::Reason;
  const auto connect = [&](bool is_insufficient, std::string_view reason) {
    const auto missing = needs_consent(reason, grant.resource->slug,
                                       {.is_insufficient = is_insufficient,
                                        .resource_slug = grant.resource->slug,
                                        .provider_slug = refusal.provider_slug},
                                       refusal.detail);
    Denial denial = denial_of_refusal(missing.error, grant.client->id);
    if (refusal.provider_slug.empty()) denial.error.consent_url.clear();
    return denial;
  };
  const auto failed = [&](OAuthErrorCode code, const char* description) {
    deps_.logger.error("token not exchanged", {{"client_id", grant.client->id},
                                               {"reason", "broker_vend_failed"},
                                               {"provider", refusal.provider_slug},
                                               {"cause", refusal.detail}});
    return deny(code, description, "broker_vend_failed").error;
  };
  switch (refusal.reason) {
    case Reason::not_connected:
      return connect(false, "broker_consent_required");
    case Reason::scope_insufficient:
      return connect(true, "broker_scope_not_consented");
    case Reason::unavailable:
      return failed(OAuthErrorCode::temporarily_unavailable,
                    "the upstream provider did not answer as it should; try again");
    case Reason::misconfigured:
      break;
  }
  return failed(OAuthErrorCode::server_error, "the server failed to have a token of the upstream provider");
}

}  // namespace authplane::authserver
