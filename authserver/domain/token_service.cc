#include "authserver/domain/token_service.h"

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
  row.client_id = grant.client->id;
  if (grant.resource) row.resource_id = grant.resource->id;
  row.scopes = grant.scopes;
  row.issued_at = now;
  row.expires_at = now + grant.lifetime;
  row.dpop_jkt = grant.dpop_jkt;
  if (grant.client->is_agent) row.agent_id = grant.client->id;
  return row;
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
  std::string audience = "[";
  append_json_string(audience, grant.resource ? grant.resource->uri : issuer_);
  audience += ']';

  std::string text;
  text.reserve(384 + audience.size() + scope.size());
  JsonObjectWriter claims(text);
  claims.string("iss", issuer_).string("sub", grant.subject).raw("aud", audience);
  claims.string("client_id", row.client_id);
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
  if (!row.agent_id.empty()) claims.string("agent_id", row.agent_id);
  claims.finish();
  return text;
}

namespace {

// A token that is signed and recorded at the same time. Whoever finishes last answers.
class PendingToken {
 public:
  PendingToken(std::string_view type, std::string scope, std::chrono::seconds lifetime,
               TokenService::Done done)
      : type_(type), scope_(std::move(scope)), lifetime_(lifetime), done_(std::move(done)) {}

  void stored(Outcome<void> outcome) {
    stored_ = std::move(outcome);
    finish_one();
  }
  void signed_as(Result<std::string> token) {
    token_ = std::move(token);
    finish_one();
  }

 private:
  void finish_one() {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) done_(outcome());
  }
  Outcome<IssuedToken> outcome() {
    if (!stored_) return Err(stored_.error());
    if (!token_) {
      return fail(DomainErrorCode::internal, "the token could not be signed",
                  std::move(token_).error().message);
    }
    return IssuedToken{.access_token = std::move(*token_),
                       .token_type = std::string(type_),
                       .expires_in = lifetime_,
                       .scope = std::move(scope_)};
  }

  std::atomic<int> left_{2};
  Outcome<void> stored_;
  Result<std::string> token_ = std::string();
  const std::string_view type_;
  std::string scope_;
  const std::chrono::seconds lifetime_;
  const TokenService::Done done_;
};

}  // namespace

void TokenService::issue(const TokenGrant& grant, std::string_view ip, Done done) {
  const auto signer = this->signer();
  const TimeOrderedId id = ids_.next();
  std::string scope = grant.scopes.to_string();
  Issuance row = issuance_of(grant, id, clock_.now_seconds());
  const std::string claims = this->claims(grant, scope, row);
  AuditEvent event = audit_.make(grant.audit_action, {.id = grant.client->id, .ip = std::string(ip)},
                                 grant.client->id, audit_detail({{"jti", id.text()}, {"scopes", scope}}));
  const auto pending = std::make_shared<PendingToken>(grant.dpop_jkt.empty() ? "Bearer" : "DPoP",
                                                      std::move(scope), grant.lifetime, std::move(done));
  issuances_.append_async({std::move(row), std::move(event), grant.proof},
                          [pending](Outcome<void> outcome) { pending->stored(std::move(outcome)); });
  pending->signed_as(signer->jws.sign(claims));
}

}  // namespace authplane::authserver
