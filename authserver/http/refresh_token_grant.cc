#include "authserver/http/refresh_token_grant.h"

#include <utility>

#include <authplane/base/hash.h>

#include "authserver/http/grant_parameters.h"

namespace authplane::authserver {
namespace {

// The same words whatever the reason: the answer must not tell a thief what happened to the family.
Unexpected<Denial> refuse(std::string reason) {
  return deny(OAuthErrorCode::invalid_grant, "the refresh token is invalid", std::move(reason));
}

Unexpected<Denial> about_token(Denial denial) {
  denial.holds_token = true;
  return Err(std::move(denial));
}

// Never more than the user approved, the client is registered for and the resource still has. A ceiling of
// nothing bounds nothing here. `resource` null: none.
Result<ScopeSet, Denial> decide_scope(std::string_view requested_text, const Client& client,
                                      const TokenFamily& family, const Resource* resource) {
  const ScopeSet ceiling = ScopeSet::split(client.scope);
  if (is_blank(requested_text)) {
    ScopeSet registered = ceiling.empty() ? family.scopes : family.scopes.intersect(ceiling);
    if (registered.empty() && !family.scopes.empty()) {
      return deny(OAuthErrorCode::invalid_scope,
                  "the client is registered for none of the scopes the user approved");
    }
    return still_declared(registered, resource);
  }
  auto requested = ScopeSet::parse(requested_text);
  if (!requested) return deny(OAuthErrorCode::invalid_scope, "scope is malformed (RFC 6749 section 3.3)");
  if (const ScopeSet beyond = requested->minus(family.scopes); !beyond.empty())
    return deny(OAuthErrorCode::invalid_scope, "the user did not approve: " + named(beyond));
  if (const ScopeSet beyond = requested->minus(ceiling); !ceiling.empty() && !beyond.empty()) {
    return deny(OAuthErrorCode::invalid_scope,
                "the request exceeds the client's registered scopes: " + named(beyond));
  }
  if (!resource) return std::move(*requested);
  if (const ScopeSet beyond = requested->minus(resource->scope_names()); !beyond.empty())
    return deny(OAuthErrorCode::invalid_scope, "the resource no longer has: " + named(beyond));
  return std::move(*requested);
}

}  // namespace

Result<TokenGrant, Denial> RefreshTokenGrant::decide(const TokenRequest& request) const {
  const std::string_view token = request.form.get("refresh_token").value_or("");
  if (token.empty()) return deny(OAuthErrorCode::invalid_request, "refresh_token is missing");
  const auto presented = deps_.families.find_by_refresh_token(sha256(token));
  if (!presented) return Err(denial_of(presented.error(), "look up the refresh token", deps_.logger));
  if (!*presented) return refuse("unknown_refresh_token");
  if (auto judged = judge(request, **presented); !judged) return about_token(std::move(judged).error());
  const TokenFamily& family = (*presented)->family;

  const auto catalog = read_catalog(deps_.resources, deps_.logger);
  if (!catalog) return Err(catalog.error());
  const auto requested = read_resource(request.form);
  if (!requested) return about_token(requested.error());
  auto resource = check_bound_resource(**catalog, {family.resource_id, family.resource_uri}, *requested);
  if (!resource) return about_token(std::move(resource).error());
  auto scopes =
      decide_scope(request.form.get("scope").value_or(""), *request.client, family, resource->get());
  if (!scopes) return about_token(std::move(scopes).error());
  return grant_for(request, **presented, std::move(*resource), std::move(*scopes));
}

Result<void, Denial> RefreshTokenGrant::judge(const TokenRequest& request,
                                              const PresentedRefreshToken& presented) const {
  const TokenFamily& family = presented.family;
  if (presented.token.expires_at <= deps_.clock.now()) return refuse("refresh_token_expired");
  if (!family.is_active()) return refuse("family_revoked");
  if (family.client_id != request.client->id) {
    deps_.logger.warn("refresh token refused", {{"client_id", request.client->id},
                                                {"cause", "it was issued to another client"},
                                                {"issued_to", family.client_id}});
    return deny(OAuthErrorCode::invalid_client, "the refresh token was issued to another client",
                "refresh_token_of_another_client");
  }
  const auto& proof = request.proof.get();
  if (!proof) return Err(proof.error());
  if (family.dpop_jkt.empty() || (*proof && (*proof)->thumbprint == family.dpop_jkt)) return {};
  deps_.logger.warn("refresh token refused",
                    {{"client_id", request.client->id},
                     {"cause", *proof ? "it is bound to another key" : "it is bound to a key, no proof"}});
  return deny(OAuthErrorCode::invalid_dpop_proof,
              "the refresh token is bound to a key: send a DPoP proof made with it", "refresh_token_bound");
}

TokenGrant RefreshTokenGrant::grant_for(const TokenRequest& request, const PresentedRefreshToken& presented,
                                        ResourcePtr resource, ScopeSet scopes) const {
  const TokenFamily& family = presented.family;
  const WallTime now = deps_.clock.now();
  TokenGrant grant{.grant = GrantKind::refresh_token,
                   .client = request.client,
                   .subject = family.user_id,
                   .resource = std::move(resource),
                   .scopes = std::move(scopes),
                   .lifetime = options_.access_lifetime,
                   .user_id = family.user_id};
  if (grant.resource) grant.consent_client_id = family.client_id;
  MintedRefreshToken successor = mint_refresh_token(deps_.ids, options_, now);
  grant.family =
      Rotation{.presented = presented.token.hash,
               .successor = successor.record,
               .if_reused = deps_.audit.make(
                   "family.revoked", {.id = family.user_id, .ip = request.http.remote_address},
                   family.client_id, "reuse_detection " + audit_detail({{"family", family.id.text()}})),
               .now = now};
  grant.family_id = family.id;
  grant.refresh_token = std::move(successor.text);
  return grant;
}

}  // namespace authplane::authserver
