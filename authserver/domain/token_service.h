#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/clock.h>
#include <authplane/base/mutex.h>
#include <authplane/jose/jws.h>

#include "authserver/domain/act_chain.h"
#include "authserver/domain/audit_service.h"
#include "authserver/domain/client.h"
#include "authserver/domain/issuance_store.h"
#include "authserver/domain/signing_key_store.h"
#include "authserver/domain/upstream_tokens.h"

namespace authplane::authserver {

struct ExchangeInput;

// Everything a grant decides about the access token it wants, and what is recorded and answered with it.
struct TokenGrant {
  GrantKind grant = GrantKind::client_credentials;
  ClientPtr client;      // acting client
  std::string subject;   // `sub`
  ResourcePtr resource;  // null: the token is for the issuer itself, which no resource server accepts
  ScopeSet scopes;       // granted; may be empty
  std::chrono::seconds lifetime{3600};
  std::optional<std::chrono::sys_seconds> not_after{};  // when the token ends at the latest
  std::string audit_action{};                           // of the row written with the token
  std::string dpop_jkt{};             // thumbprint of the key the token is bound to (RFC 9449), "" = bearer
  std::optional<SpentProof> proof{};  // used up by the token; none when the binding comes from elsewhere
  std::string user_id{};              // the user behind the token, "" = the client acts for itself
  std::string consent_client_id{};    // client whose consent allowed the token, "" = none involved
  // The family the token begins or continues, and the refresh token that was written into it.
  std::variant<std::monostate, FamilyStart, Rotation> family{};
  TimeOrderedId family_id{};
  std::string refresh_token{};
  std::shared_ptr<const void> until_recorded{};  // let go of when the token is recorded or refused
  // What a token had for another one, or for an assertion, says besides.
  ActChain act{};                 // `act`
  std::string client_id_claim{};  // `client_id` when it is not the acting client's, "" = it is
  std::string audience{};         // `aud` of a token without resource, "" = the issuer
  std::optional<TimeOrderedId> parent_jti{};
  std::optional<ExchangeBasis> exchange{};  // judged when the token is recorded
  std::string consent_resource{};           // slug of the resource whose consent that is, "" = none
  std::string audit_detail{};               // of its audit row, beside `jti` and `scopes`
  Counter* counted_as = nullptr;            // when it is issued; null: as the grant's tokens are
  // Of a token of an upstream provider: what was decided on, to be judged again when the token has come.
  std::shared_ptr<const ExchangeInput> asked{};
};

struct IssuedToken {
  std::string access_token;
  std::string token_type;                          // "DPoP" when bound, else "Bearer"
  std::optional<std::chrono::seconds> expires_in;  // nullopt: an upstream provider did not say
  std::string scope;
  std::string refresh_token{};      // "" = none
  std::string issued_token_type{};  // RFC 8693 section 2.2.1, "" = not said
};

// Mints JWT access tokens (RFC 9068). The record of a token and its audit row are durable before the token is
// handed out; signing happens while they are being written. Thread-safe.
class TokenService {
 public:
  // The references outlive the service.
  TokenService(std::string issuer, SigningKeyStore& keys, IssuanceStore& issuances, AuditService& audit,
               IdGenerator& ids, const Clock& clock);

  // Errors: invalid_client (suspended or removed meanwhile), invalid_target (resource removed meanwhile),
  // invalid_dpop_proof (spent before), those of IssuanceStore for the family, unavailable, internal. On an
  // error there may be a record of a token that nobody was given. `done` is called exactly once, by this
  // thread or one of the store: it returns quickly.
  using Done = std::function<void(Outcome<IssuedToken>)>;
  void issue(TokenGrant grant, std::string_view ip, Done done);
  // Records that the client was given `token` of an upstream provider instead, and answers with it. Errors as
  // above.
  void record_vended(TokenGrant grant, UpstreamToken token, std::string_view ip, Done done);

 private:
  struct Signer {
    SigningKeySetPtr keys;  // what it was made from
    JwsSigner jws;
  };

  std::shared_ptr<const Signer> signer();
  std::string claims(const TokenGrant& grant, std::string_view scope, const Issuance& row) const;
  NewIssuance record_of(TokenGrant& grant, Issuance row, std::string_view ip,
                        const std::string& detail) const;

  const std::string issuer_;
  SigningKeyStore& keys_;
  IssuanceStore& issuances_;
  AuditService& audit_;
  IdGenerator& ids_;
  const Clock& clock_;
  Mutex signer_mutex_;
  std::shared_ptr<const Signer> signer_ AUTHPLANE_GUARDED_BY(signer_mutex_);
};

}  // namespace authplane::authserver
