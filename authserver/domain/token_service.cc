#include "authserver/domain/token_service.h"

#include <algorithm>
#include <atomic>

#include "authserver/domain/json_writer.h"

namespace authplane::authserver {
namespace {

std::int64_t numeric_date(std::chrono::sys_seconds time) {
  return time.time_since_epoch().count();
}

Issuance issuance_of(const TokenGrant& grant, const TimeOrderedId& id, std::chrono::sys_seconds now) {
  Issuance row;
  row.id = id;
  row.grant = grant.grant;
  row.subject_user_id = grant.user_id;
  row.client_id = grant.client->id;
  if (grant.resource) row.resource_id = grant.resource->id;
  row.scopes = grant.scopes;
  row.issued_at = now;
  row.expires_at = now + grant.lifetime;
  if (grant.not_after) row.expires_at = std::min(row.expires_at, *grant.not_after);
  row.dpop_jkt = grant.dpop_jkt;
  row.consent_client_id = grant.consent_client_id;
  row.parent_jti = grant.parent_jti;
  if (grant.client->is_agent) {
    row.agent_id = grant.client->id;
    row.agent_chain = grant.act.agents();
  }
  return row;
}

std::string audit_detail_of(const TokenGrant& grant, const std::string& jti, const std::string& scope) {
  std::string detail;
  if (!grant.family_id.is_nil()) detail = audit_detail({{"family", grant.family_id.text()}}) + " ";
  detail += audit_detail({{"jti", jti}});
  if (!grant.audit_detail.empty()) detail += " " + grant.audit_detail;
  return detail + " " + audit_detail({{"scopes", scope}});
}

Actor actor_of(const TokenGrant& grant, std::string_view ip) {
  return {.id = grant.user_id.empty() ? grant.client->id : grant.user_id, .ip = std::string(ip)};
}

// A JSON array of strings.
std::string array_of(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) {
    text += text.empty() ? '[' : ',';
    append_json_string(text, value);
  }
  return text + ']';
}

}  // namespace

TokenService::TokenService(std::string issuer, SigningKeyStore& keys, IssuanceStore& issuances,
                           AuditService& audit, IdGenerator& ids, const Clock& clock)
    : issuer_(std::move(issuer)),
      keys_(keys),
      issuances_(issuances),
      audit_(audit),
      ids_(ids),
      clock_(clock) {}

// The encoded header is kept as long as the store hands out the same key set.
std::shared_ptr<const TokenService::Signer> TokenService::signer() {
  SigningKeySetPtr keys = keys_.keys();
  const MutexLock lock(signer_mutex_);
  if (!signer_ || signer_->keys != keys) {
    JwsSigner jws(keys->current, "at+jwt", keys->kid);
    signer_ = std::make_shared<const Signer>(Signer{std::move(keys), std::move(jws)});
  }
  return signer_;
}

// RFC 9068 section 2.2, members always in this order.
std::string TokenService::claims(const TokenGrant& grant, std::string_view scope, const Issuance& row) const {
  const std::string& audience_of_none = grant.audience.empty() ? issuer_ : grant.audience;
  const std::string audience = array_of({grant.resource ? grant.resource->uri : audience_of_none});

  std::string text;
  text.reserve(384 + audience.size() + scope.size() + 2 * grant.act.claim().size());
  JsonObjectWriter claims(text);
  claims.string("iss", issuer_).string("sub", grant.subject).raw("aud", audience);
  claims.string("client_id", grant.client_id_claim.empty() ? row.client_id : grant.client_id_claim);
  if (!scope.empty()) claims.string("scope", scope);
  claims.string("jti", row.id.text())
      .integer("iat", numeric_date(row.issued_at))
      .integer("nbf", numeric_date(row.issued_at))
      .integer("exp", numeric_date(row.expires_at));
  if (!row.dpop_jkt.empty()) {
    std::string confirmation;
    JsonObjectWriter(confirmation).string("jkt", row.dpop_jkt).finish();
    claims.raw("cnf", confirmation);
  }
  if (!grant.act.empty()) claims.raw("act", grant.act.claim());
  if (!row.agent_id.empty()) claims.string("agent_id", row.agent_id);
  if (!row.agent_chain.empty()) claims.raw("agent_chain", array_of(row.agent_chain));
  claims.finish();
  return text;
}

namespace {

// A token that is signed and recorded at the same time. Whoever finishes last answers.
class PendingToken {
 public:
  // Everything of the answer but the access token itself.
  PendingToken(IssuedToken token, TokenService::Done done)
      : token_(std::move(token)), done_(std::move(done)) {}

  void stored(Outcome<void> outcome) {
    stored_ = std::move(outcome);
    finish_one();
  }
  void signed_as(Result<std::string> text) {
    text_ = std::move(text);
    finish_one();
  }

 private:
  void finish_one() {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) done_(outcome());
  }
  Outcome<IssuedToken> outcome() {
    if (!stored_) return Err(stored_.error());
    if (!text_) {
      return fail(DomainErrorCode::internal, "the token could not be signed",
                  std::move(text_).error().message);
    }
    token_.access_token = std::move(*text_);
    return std::move(token_);
  }

  std::atomic<int> left_{2};
  Outcome<void> stored_;
  Result<std::string> text_ = std::string();
  IssuedToken token_;
  const TokenService::Done done_;
};

}  // namespace

NewIssuance TokenService::record_of(TokenGrant& grant, Issuance row, std::string_view ip,
                                    const std::string& detail) const {
  AuditEvent event = audit_.make(grant.audit_action, actor_of(grant, ip), grant.client->id, detail);
  return {.row = std::move(row),
          .audit = std::move(event),
          .proof = grant.proof,
          .family = std::move(grant.family),
          .exchange = std::move(grant.exchange)};
}

void TokenService::issue(TokenGrant grant, std::string_view ip, Done done) {
  const auto signer = this->signer();
  const TimeOrderedId id = ids_.next();
  std::string scope = grant.scopes.to_string();
  Issuance row = issuance_of(grant, id, clock_.now_seconds());
  const std::chrono::seconds lifetime = row.expires_at - row.issued_at;
  const std::string claims = this->claims(grant, scope, row);
  NewIssuance record = record_of(grant, std::move(row), ip, audit_detail_of(grant, id.text(), scope));
  const auto pending =
      std::make_shared<PendingToken>(IssuedToken{.access_token = {},
                                                 .token_type = grant.dpop_jkt.empty() ? "Bearer" : "DPoP",
                                                 .expires_in = lifetime,
                                                 .scope = std::move(scope),
                                                 .refresh_token = std::move(grant.refresh_token)},
                                     std::move(done));
  issuances_.append_async(std::move(record),
                          [pending](Outcome<void> outcome) { pending->stored(std::move(outcome)); });
  pending->signed_as(signer->jws.sign(claims));
}

void TokenService::record_vended(TokenGrant grant, UpstreamToken token, std::string_view ip, Done done) {
  if (token.expires_in) grant.lifetime = *token.expires_in;
  Issuance row = issuance_of(grant, ids_.next(), clock_.now_seconds());
  row.backend_kind = BackendKind::broker;
  row.revocable = false;
  std::string scope = grant.scopes.to_string();
  const std::string detail =
      grant.audit_detail + " " +
      audit_detail({{"scopes", scope}, {"issuance_id", row.id.text()}, {"provider", token.provider_slug}});
  NewIssuance record = record_of(grant, std::move(row), ip, detail);
  const auto audit_vended =
      [this, client_id = grant.client->id, actor = actor_of(grant, ip),
       detail = audit_detail(
           {{"provider", token.provider_slug}, {"resource", grant.resource->slug}, {"scopes", scope}})] {
        audit_.post("upstream.token.issued", actor, client_id, detail);
      };
  // A copy of the token lives as long as the write takes, like that of a token signed here.
  const auto vended = std::make_shared<const UpstreamToken>(std::move(token));
  issuances_.append_async(std::move(record), [audit_vended, vended, scope = std::move(scope),
                                              done = std::move(done)](Outcome<void> stored) {
    if (!stored) return done(Err(stored.error()));
    audit_vended();
    done(IssuedToken{.access_token = std::string(vended->access_token.expose()),
                     .token_type = "Bearer",
                     .expires_in = vended->expires_in,
                     .scope = scope});
  });
}

}  // namespace authplane::authserver
