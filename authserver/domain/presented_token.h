#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <authplane/oauth/scope.h>

#include "authserver/domain/access_token_reader.h"
#include "authserver/domain/act_chain.h"
#include "authserver/domain/exchange_refusal.h"
#include "authserver/domain/storage.h"

namespace authplane::authserver {

// An access token of ours that came back to be exchanged, found good and alive.
struct PresentedToken {
  std::string subject;                // `sub`
  std::string client_id;              // the claim: the slug of a gateway when the token was had through one
  std::vector<std::string> audience;  // `aud`
  bool has_scope = false;             // whether there is a `scope` claim at all
  ScopeSet scopes;
  ActChain act;
  std::string dpop_jkt;  // `cnf.jkt`, "" = bearer
  Issuance row;

  // No user of this server stands behind it.
  bool is_of_machine() const { return row.subject_user_id.empty(); }
};

// Whose token it is, for what the client and the log are told.
enum class TokenRole { subject, actor };

// Reads the tokens of an exchange request. Thread-safe.
class PresentedTokens {
 public:
  // The references outlive the object.
  PresentedTokens(const AccessTokenReader& reader, Storage& storage, const Clock& clock)
      : reader_(reader), storage_(storage), clock_(clock) {}

  // The token holds by signature, issuer and time, is on record and not revoked, and its client and its user
  // are active. Errors: invalid_grant, unavailable, internal.
  Exchanged<PresentedToken> read(std::string_view token, TokenRole role) const;

 private:
  const AccessTokenReader& reader_;
  Storage& storage_;
  const Clock& clock_;
};

// RFC 8693 section 3: the identifiers by which such a token may be announced.
bool is_exchangeable_type(std::string_view token_type);

}  // namespace authplane::authserver
