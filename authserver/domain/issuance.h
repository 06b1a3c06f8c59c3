#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/oauth/scope.h>

#include "authserver/domain/ids.h"
#include "authserver/domain/resource.h"

namespace authplane::authserver {

// The grant that produced a token.
enum class GrantKind { client_credentials, authorization_code, refresh_token, token_exchange, jwt_bearer };

// The `grant_type` value of the token endpoint (RFC 6749, RFC 8693, RFC 7523).
std::string_view to_string(GrantKind value) noexcept;
std::optional<GrantKind> parse_grant_kind(std::string_view grant_type) noexcept;

// One token that left this server. There is exactly one row per token, whatever the grant; it is written
// before the token is answered and never changes afterwards except for `revoked_at`.
struct Issuance {
  TimeOrderedId id;
  GrantKind grant = GrantKind::client_credentials;
  std::string subject_user_id;  // "" when the client acts for itself
  std::string client_id;
  std::string resource_id;  // "" when no resource was named
  ScopeSet scopes;
  BackendKind backend_kind = BackendKind::mint;
  bool revocable = true;  // false for broker rows: the upstream token is not ours to revoke
  std::chrono::sys_seconds issued_at{};
  std::chrono::sys_seconds expires_at{};
  std::optional<std::chrono::sys_seconds> revoked_at;
  std::string dpop_jkt;  // RFC 7638 thumbprint the token is bound to, "" = bearer
  std::string agent_id;  // "" unless the client is an agent
  std::vector<std::string> agent_chain;
  std::string consent_client_id;            // client whose consent allowed the mint, "" = none involved
  std::optional<TimeOrderedId> parent_jti;  // jti of the token this one was exchanged from

  // The token's `jti` claim: the id for tokens we sign, "" for broker rows.
  std::string jti() const { return backend_kind == BackendKind::mint ? id.text() : std::string(); }
  bool is_live(std::chrono::sys_seconds now) const { return !revoked_at && expires_at > now; }
  // Tokens the operator lists as machine tokens: no user session stands behind them.
  bool is_machine_token() const {
    return grant == GrantKind::client_credentials || grant == GrantKind::jwt_bearer ||
           (grant == GrantKind::token_exchange && resource_id.empty());
  }
  friend bool operator==(const Issuance&, const Issuance&) = default;
};

}  // namespace authplane::authserver
