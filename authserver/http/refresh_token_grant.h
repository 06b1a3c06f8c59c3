#pragma once

#include <authplane/base/log.h>

#include "authserver/domain/resource_store.h"
#include "authserver/domain/token_family_store.h"
#include "authserver/http/token_endpoint.h"
#include "authserver/http/user_tokens.h"

namespace authplane::authserver {

// grant_type=refresh_token (RFC 6749 section 6): the next tokens of a family. Every refresh token is good
// for one use; the second one revokes the family, whoever came first. What is wrong with a request is found
// before the token is used up.
class RefreshTokenGrant final : public Grant {
 public:
  struct Deps {
    TokenFamilyStore& families;
    ResourceStore& resources;
    AuditService& audit;
    IdGenerator& ids;
    const Clock& clock;
    Logger& logger;
  };
  // The references outlive the grant.
  RefreshTokenGrant(Deps deps, UserTokenOptions options) : deps_(deps), options_(options) {}

  GrantKind kind() const override { return GrantKind::refresh_token; }
  std::string_view name() const override { return "refresh_token"; }
  std::string issued_counter() const override { return "authserver_tokens_refreshed_total"; }
  std::string_view issued_action() const override { return "token.refreshed"; }
  std::string_view denied_action() const override { return "token.refresh_denied"; }
  bool allows_public_clients() const override { return true; }
  Result<TokenGrant, Denial> decide(const TokenRequest& request) const override;

 private:
  // Everything about the token itself but whether it was used.
  Result<void, Denial> judge(const TokenRequest& request, const PresentedRefreshToken& presented) const;
  TokenGrant grant_for(const TokenRequest& request, const PresentedRefreshToken& presented,
                       ResourcePtr resource, ScopeSet scopes) const;

  Deps deps_;
  const UserTokenOptions options_;
};

}  // namespace authplane::authserver
