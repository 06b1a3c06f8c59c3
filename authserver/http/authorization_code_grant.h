#pragma once

#include <optional>

#include <authplane/base/log.h>

#include "authserver/domain/authorization_store.h"
#include "authserver/domain/resource_store.h"
#include "authserver/http/code_turns.h"
#include "authserver/http/token_endpoint.h"
#include "authserver/http/user_tokens.h"

namespace authplane::authserver {

// grant_type=authorization_code (RFC 6749 section 4.1.3, RFC 7636): redeems the code of a user's consent for
// the first tokens of a family. A code is good for one try, whatever comes of it. Presented again by its
// client, with its verifier, it revokes everything it led to.
class AuthorizationCodeGrant final : public Grant {
 public:
  struct Deps {
    AuthorizationStore& authorizations;
    ResourceStore& resources;
    AuditService& audit;
    IdGenerator& ids;
    const Clock& clock;
    Logger& logger;
    Metrics& metrics;
  };
  // The references outlive the grant.
  AuthorizationCodeGrant(Deps deps, UserTokenOptions options);

  GrantKind kind() const override { return GrantKind::authorization_code; }
  std::string_view name() const override { return "authorization_code"; }
  std::string_view issued_action() const override { return "token.issued"; }
  std::string_view denied_action() const override { return "token.issue_denied"; }
  bool allows_public_clients() const override { return true; }
  // Waits for a commit.
  Result<TokenGrant, Denial> decide(const TokenRequest& request) const override;

 private:
  Unexpected<Denial> refuse(const TokenRequest& request, std::string reason, std::string description) const;
  std::optional<Denial> judge_proof(const TokenRequest& request, const Authorization& authorization) const;
  Result<ResourcePtr, Denial> judge(const TokenRequest& request, const Authorization& authorization,
                                    const ResourceCatalog& catalog) const;
  TokenGrant grant_for(const TokenRequest& request, const Authorization& authorization, ResourcePtr resource,
                       ScopeSet scopes) const;
  void replayed(const TokenRequest& request, const RedeemedCode& code) const;

  Deps deps_;
  const UserTokenOptions options_;
  Counter &replayed_with_verifier_, &replayed_without_, &revoked_, &not_revoked_;
  mutable CodeTurns turns_;
};

}  // namespace authplane::authserver
