#include "authserver/http/authorization_code_grant.h"

#include <utility>

#include <authplane/base/hash.h>

#include "authserver/domain/pkce.h"
#include "authserver/http/grant_parameters.h"

namespace authplane::authserver {
namespace {

Counter& reused(Metrics& metrics, std::string_view verifier) {
  return metrics.counter("authserver_auth_code_reuse_total", {{"verifier", verifier}});
}

bool has_verifier_of(const TokenRequest& request, const Authorization& authorization) {
  return code_verifier_matches(request.form.get("code_verifier").value_or(""), authorization.code_challenge);
}

// One sentence for every code that is not good any more: who presents it learns nothing of its past.
constexpr std::string_view kNotValid = "the authorization code is invalid";

}  // namespace

AuthorizationCodeGrant::AuthorizationCodeGrant(Deps deps, UserTokenOptions options)
    : deps_(deps),
      options_(options),
      replayed_with_verifier_(reused(deps.metrics, "valid")),
      replayed_without_(reused(deps.metrics, "invalid")),
      revoked_(deps.metrics.counter("authserver_tokens_revoked_total", {{"reason", "code_reuse"}})),
      not_revoked_(deps.metrics.counter("authserver_revocation_failures_total",
                                        {{"path", "code_reuse"}, {"half", "family"}})) {}

Result<TokenGrant, Denial> AuthorizationCodeGrant::decide(const TokenRequest& request) const {
  const std::string_view code = request.form.get("code").value_or("");
  if (code.empty()) return deny(OAuthErrorCode::invalid_request, "code is missing");
  // What can fail for another reason than the request comes before the code is used up, and so does the
  // demand for a nonce, which is met by the same request with a new proof (RFC 9449 section 8). Every other
  // fault of the request, a bad proof among them, uses the code up.
  const auto& proof = request.proof.get();
  if (!proof && proof.error().error.code == OAuthErrorCode::use_dpop_nonce) return Err(proof.error());
  const auto catalog = read_catalog(deps_.resources, deps_.logger);
  if (!catalog) return Err(catalog.error());

  const TokenHash hash = sha256(code);
  auto turn = turns_.enter(hash);
  const auto redeemed = deps_.authorizations.consume_code(hash, deps_.clock.now());
  if (!redeemed) return Err(denial_of(redeemed.error(), "look up the code", deps_.logger));
  if (!*redeemed) return deny(OAuthErrorCode::invalid_grant, std::string(kNotValid), "unknown_code");
  const Authorization& authorization = (*redeemed)->authorization;
  if ((*redeemed)->is_replay) {
    replayed(request, **redeemed);
    return deny(OAuthErrorCode::invalid_grant, std::string(kNotValid), "code_reused");
  }
  auto resource = judge(request, authorization, **catalog);
  if (!resource) return Err(std::move(resource).error());
  if (auto denial = judge_proof(request, authorization)) return Err(std::move(*denial));
  auto scopes = still_declared(authorization.scopes, resource->get());
  if (!scopes) return Err(std::move(scopes).error());
  TokenGrant grant = grant_for(request, authorization, std::move(*resource), std::move(*scopes));
  grant.until_recorded = std::move(turn);
  return grant;
}

Unexpected<Denial> AuthorizationCodeGrant::refuse(const TokenRequest& request, std::string reason,
                                                  std::string description) const {
  deps_.logger.warn("authorization code refused", {{"client_id", request.client->id}, {"cause", reason}});
  auto denial = deny(OAuthErrorCode::invalid_grant, std::move(description), std::move(reason));
  denial.error.holds_token = true;
  return denial;
}

// The verifier proves who started the request. What depends on the state of this server is told after it.
Result<ResourcePtr, Denial> AuthorizationCodeGrant::judge(const TokenRequest& request,
                                                          const Authorization& authorization,
                                                          const ResourceCatalog& catalog) const {
  if (authorization.expires_at <= deps_.clock.now())
    return refuse(request, "code_expired", std::string(kNotValid));
  if (authorization.client_id != request.client->id) {
    auto denial = refuse(request, "code_of_another_client", "the code was issued to another client");
    denial.error.error.code = OAuthErrorCode::invalid_client;
    return denial;
  }
  if (request.form.get("redirect_uri").value_or("") != authorization.redirect_uri) {
    return refuse(request, "redirect_uri_mismatch",
                  "redirect_uri is not the one of the authorization request");
  }
  if (!has_verifier_of(request, authorization))
    return refuse(request, "pkce_mismatch", "PKCE verification failed");
  const auto requested = read_resource(request.form);
  auto resource =
      requested
          ? check_bound_resource(catalog, {authorization.resource_id, authorization.resource_uri}, *requested)
          : Result<ResourcePtr, Denial>(Err(requested.error()));
  if (!resource) resource.error().holds_token = true;
  return resource;
}

// RFC 9449 section 10: a code that was asked for with a key is good with a proof of that key alone.
std::optional<Denial> AuthorizationCodeGrant::judge_proof(const TokenRequest& request,
                                                          const Authorization& authorization) const {
  const auto& proof = request.proof.get();
  if (!proof) {
    Denial denial = proof.error();
    denial.holds_token = true;
    return denial;
  }
  const std::string& bound_to = authorization.dpop_jkt;
  if (bound_to.empty() || (*proof && (*proof)->thumbprint == bound_to)) return std::nullopt;
  return refuse(request, *proof ? "dpop_key_mismatch" : "dpop_proof_missing",
                "the authorization code is bound to a key; send a DPoP proof of that key")
      .error;
}

TokenGrant AuthorizationCodeGrant::grant_for(const TokenRequest& request, const Authorization& authorization,
                                             ResourcePtr resource, ScopeSet scopes) const {
  const WallTime now = deps_.clock.now();
  const Client& client = *request.client;
  TokenGrant grant{.grant = GrantKind::authorization_code,
                   .client = request.client,
                   .subject = authorization.user_id,
                   .resource = std::move(resource),
                   .scopes = std::move(scopes),
                   .lifetime = options_.access_lifetime,
                   .user_id = authorization.user_id};
  if (grant.resource) grant.consent_client_id = client.id;
  grant.family_id = deps_.ids.next();
  FamilyStart start{.family = {.id = grant.family_id,
                               .client_id = client.id,
                               .user_id = authorization.user_id,
                               .scopes = authorization.scopes,
                               .resource_id = authorization.resource_id,
                               .resource_uri = authorization.resource_uri,
                               .authorization_id = authorization.id,
                               .dpop_jkt = {},
                               .created_at = now,
                               .revoked_at = {}},
                    .refresh = {}};
  const auto& proof = *request.proof.get();
  if (proof && client.is_public() && options_.bind_refresh_tokens) start.family.dpop_jkt = proof->thumbprint;
  if (client.has_grant_type(to_string(GrantKind::refresh_token))) {
    MintedRefreshToken refresh = mint_refresh_token(deps_.ids, options_, now);
    start.refresh = refresh.record;
    grant.refresh_token = std::move(refresh.text);
  }
  grant.family = std::move(start);
  return grant;
}

// A code alone must not be a way to log somebody out: only with its client and verifier it revokes.
void AuthorizationCodeGrant::replayed(const TokenRequest& request, const RedeemedCode& code) const {
  const Authorization& authorization = code.authorization;
  const bool has_verifier = has_verifier_of(request, authorization);
  const Actor actor{.id = authorization.user_id, .ip = request.http.remote_address};
  (has_verifier ? replayed_with_verifier_ : replayed_without_).add();
  deps_.logger.warn("authorization code presented again", {{"client_id", request.client->id},
                                                           {"issued_to", authorization.client_id},
                                                           {"has_verifier", has_verifier}});
  deps_.audit.post("auth_code.reused", actor, authorization.client_id,
                   "code_reuse " + audit_detail({{"session", authorization.id},
                                                 {"verifier", has_verifier ? "valid" : "invalid"}}));
  if (!has_verifier || request.client->id != authorization.client_id) return;

  const auto revoked = deps_.authorizations.revoke_issued(authorization.id, deps_.clock.now());
  const std::string family = code.family ? code.family->id.text() : "";
  if (!revoked) {
    not_revoked_.add();
    deps_.logger.error("tokens of a code that was presented again not revoked",
                       {{"session", authorization.id}, {"cause", revoked.error().detail}});
    deps_.audit.post("family.revocation_failed", actor, authorization.client_id,
                     "code_reuse " + audit_detail({{"family", family}, {"half", "family"}}));
  } else if (revoked->families != 0) {
    revoked_.add();
    deps_.audit.record("family.revoked", actor, authorization.client_id,
                       "code_reuse " + audit_detail({{"family", family}}));
  }
}

}  // namespace authplane::authserver
