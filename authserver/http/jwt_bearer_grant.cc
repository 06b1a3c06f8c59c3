#include "authserver/http/jwt_bearer_grant.h"

#include <algorithm>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>

#include "authserver/http/grant_parameters.h"
#include "authserver/xaa/policy.h"

namespace authplane::authserver {
namespace {

constexpr std::chrono::seconds kRemembered{60};  // after an assertion has expired
constexpr std::size_t kMaxLoggedBytes = 256;

// One answer, whatever about policies and users of this server stands against it.
Unexpected<Denial> not_allowed(std::string reason) {
  return deny(OAuthErrorCode::access_denied, "the user may not have this token here", std::move(reason));
}

Unexpected<Denial> invalid_scope(std::string description) {
  return deny(OAuthErrorCode::invalid_scope, std::move(description));
}

// What the client is registered for, of that what the assertion is for, of that what is asked for.
Result<ScopeSet, Denial> decide_scope(std::string_view requested_text, const Client& client,
                                      const IdentityAssertion& assertion) {
  ScopeSet bound = ScopeSet::split(client.scope);
  if (bound.empty()) return invalid_scope("the client has no registered scopes");
  if (assertion.scopes) bound = bound.intersect(*assertion.scopes);
  if (bound.empty()) return invalid_scope("the assertion is for none of the client's registered scopes");
  if (is_blank(requested_text)) return bound;
  auto requested = ScopeSet::parse(requested_text);
  if (!requested) return invalid_scope("scope is malformed (RFC 6749 section 3.3)");
  if (const ScopeSet beyond = requested->minus(bound); !beyond.empty()) {
    return invalid_scope("the request exceeds what the client is registered for and the assertion is for: " +
                         named(beyond));
  }
  return std::move(*requested);
}

}  // namespace

Unexpected<JwtBearerGrant::Refusal> JwtBearerGrant::refuse(OAuthErrorCode code, std::string description,
                                                           std::string reason, std::string cause) {
  return {Refusal{deny(code, std::move(description), std::move(reason)).error, std::move(cause)}};
}

void JwtBearerGrant::prepare(const TokenRequest& request, std::function<void()> done) const {
  const auto source = find_source(request);
  if (!source) return done();
  deps_.keys.prepare(source->idp, source->kid, std::move(done));
}

Result<TokenGrant, Denial> JwtBearerGrant::decide(const TokenRequest& request) const {
  auto accepted = accept(request);
  if (!accepted) {
    log_refusal(request, accepted.error().cause);
    return Err(std::move(accepted).error().denial);
  }
  if (const auto spent = spend(*accepted); !spent) return Err(spent.error());

  const Client& client = *request.client;
  auto scopes = decide_scope(request.form.get("scope").value_or(""), client, accepted->assertion);
  if (!scopes) return Err(std::move(scopes).error());
  auto resource = find_by_uri(deps_.resources, accepted->resource, client.id, deps_.logger);
  if (!resource) return Err(std::move(resource).error());
  if (const auto allowed = check_policies(request, *accepted, *scopes); !allowed) return Err(allowed.error());
  if (const auto& proof = request.proof.get(); !proof) return Err(proof.error());
  auto subject = resolve(request, *accepted);
  if (!subject) return Err(std::move(subject).error());
  return TokenGrant{.grant = GrantKind::jwt_bearer,
                    .client = request.client,
                    .subject = std::move(subject->subject),
                    .resource = std::move(*resource),
                    .scopes = std::move(*scopes),
                    .lifetime = options_.lifetime,
                    .user_id = std::move(subject->user_id),
                    .act = ActChain().with(accepted->idp.issuer),
                    .audit_detail = audit_detail({{"idp", accepted->idp.issuer}})};
}

Result<JwtBearerGrant::Accepted, JwtBearerGrant::Refusal> JwtBearerGrant::accept(
    const TokenRequest& request) const {
  auto source = find_source(request);
  if (!source) return Err(std::move(source).error());
  auto assertion = verify(request, source->idp);
  if (!assertion) return Err(std::move(assertion).error());
  auto resource = effective_resource(request, *assertion);
  if (!resource) return Err(std::move(resource).error());
  return Accepted{std::move(source->idp), std::move(*assertion), std::move(*resource)};
}

Result<JwtBearerGrant::Source, JwtBearerGrant::Refusal> JwtBearerGrant::find_source(
    const TokenRequest& request) const {
  const auto invalid = [](std::string reason, std::string cause) {
    return refuse(OAuthErrorCode::invalid_grant, "the assertion is not accepted", std::move(reason),
                  std::move(cause));
  };
  const std::string_view text = request.form.get("assertion").value_or("");
  if (text.empty()) return refuse(OAuthErrorCode::invalid_grant, "assertion is missing", "invalid_grant", "");
  auto hint = peek_assertion(text);
  if (!hint) return invalid("invalid_assertion", std::move(hint).error().message);
  auto idp = deps_.xaa.find_idp_by_issuer(hint->issuer);
  if (!idp) return Err(Refusal{denial_of(idp.error(), "look up the identity provider", deps_.logger), ""});
  const std::string issuer = header_safe(hint->issuer.substr(0, kMaxLoggedBytes));
  if (!*idp)
    return invalid("untrusted_issuer", "no trusted identity provider has the issuer '" + issuer + "'");
  if (!(*idp)->enabled) return invalid("idp_disabled", "the identity provider '" + issuer + "' is disabled");
  return Source{std::move(**idp), std::move(hint->kid)};
}

Result<IdentityAssertion, JwtBearerGrant::Refusal> JwtBearerGrant::verify(const TokenRequest& request,
                                                                          const TrustedIdp& idp) const {
  const auto keys = deps_.keys.keys(idp.id);
  if (!keys) {
    return refuse(OAuthErrorCode::server_error, "the keys of the identity provider cannot be had now",
                  "idp_keys_unavailable", keys.error().message);
  }
  auto assertion = verify_assertion(request.form.get("assertion").value_or(""),
                                    {.issuer = idp.issuer,
                                     .audience = idp.audience,
                                     .max_age = options_.max_assertion_age,
                                     .now = deps_.clock.now()},
                                    **keys);
  if (!assertion) {
    const Error& error = assertion.error();
    if (error.code == ErrorCode::token_expired) {
      return refuse(OAuthErrorCode::invalid_grant, "the assertion has expired or is too old",
                    "expired_assertion", error.message);
    }
    return refuse(OAuthErrorCode::invalid_grant, "the assertion is not accepted", "invalid_assertion",
                  error.message);
  }
  if (assertion->client_id != request.client->id) {
    return refuse(OAuthErrorCode::invalid_client, "the assertion was made for another client",
                  "client_mismatch", "the assertion was made for another client");
  }
  return std::move(*assertion);
}

Result<std::string, JwtBearerGrant::Refusal> JwtBearerGrant::effective_resource(
    const TokenRequest& request, const IdentityAssertion& assertion) const {
  const auto invalid = [](std::string description) {
    return refuse(OAuthErrorCode::invalid_target, description, "invalid_target", description);
  };
  const auto named_one = read_resource(request.form);
  if (!named_one) return Err(Refusal{named_one.error(), "the request names several resources"});
  const std::vector<std::string>& bound = assertion.resources;
  if (!named_one->empty()) {
    if (!bound.empty() && std::find(bound.begin(), bound.end(), *named_one) == bound.end())
      return invalid("the assertion is for another resource");
    return std::string(*named_one);
  }
  if (bound.size() > 1) return invalid("the assertion is for several resources; name one of them");
  if (!bound.empty()) return bound.front();
  if (options_.require_resource) return invalid("this server demands that a resource is named");
  return std::string();
}

Result<void, Denial> JwtBearerGrant::spend(const Accepted& accepted) const {
  const IdentityAssertion& assertion = accepted.assertion;
  const auto spent = deps_.xaa.spend_assertion(sha256(accepted.idp.issuer + "\n" + assertion.jti),
                                               assertion.expires_at + kRemembered);
  if (!spent) return Err(denial_of(spent.error(), "use up the assertion", deps_.logger));
  if (*spent) return {};
  return deny(OAuthErrorCode::invalid_grant, "the assertion was used before", "replayed_assertion");
}

Result<void, Denial> JwtBearerGrant::check_policies(const TokenRequest& request, const Accepted& accepted,
                                                    const ScopeSet& scopes) const {
  const auto policies = deps_.xaa.list_policies(accepted.idp.id);
  if (!policies) return Err(denial_of(policies.error(), "look up the policies", deps_.logger));
  const XaaPolicy* policy = find_policy(
      *policies, {.client_id = request.client->id, .resource = accepted.resource, .scopes = scopes});
  deps_.metrics.counter("authplane_xaa_policy_evaluation_total", {{"outcome", policy ? "allowed" : "denied"}})
      .add();
  if (policy) return {};
  log_refusal(request, "no policy of the identity provider '" + accepted.idp.name + "' allows this");
  return not_allowed("policy_denied");
}

Result<ResolvedSubject, Denial> JwtBearerGrant::resolve(const TokenRequest& request,
                                                        const Accepted& accepted) const {
  using Kind = ResolvedSubject::Kind;
  auto subject = resolve_subject(deps_.xaa, deps_.users, options_.subject_mode, accepted.idp,
                                 accepted.assertion.subject);
  if (!subject) return Err(denial_of(subject.error(), "look up the user", deps_.logger));
  const std::string_view outcome = to_string(subject->kind);
  deps_.metrics.counter("authplane_xaa_subject_resolutions_total", {{"outcome", outcome}}).add();
  if (subject->kind == Kind::mapped || subject->kind == Kind::auto_mapped) return std::move(*subject);
  const bool is_unmapped = subject->kind == Kind::unmapped;
  log_refusal(request, is_unmapped ? "the subject is mapped to no user and xaa.subject_mode is strict"
                                   : "the user that the subject is mapped to is not active or is gone");
  return not_allowed(is_unmapped ? "subject_unmapped" : "subject_inactive");
}

void JwtBearerGrant::log_refusal(const TokenRequest& request, std::string_view cause) const {
  if (cause.empty()) return;
  deps_.logger.warn("assertion refused", {{"client_id", request.client->id}, {"cause", cause}});
}

}  // namespace authplane::authserver
