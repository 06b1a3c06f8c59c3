#include "authserver/domain/issuance.h"

namespace authplane::authserver {

std::string_view to_string(GrantKind value) noexcept {
  switch (value) {
    case GrantKind::client_credentials:
      return "client_credentials";
    case GrantKind::authorization_code:
      return "authorization_code";
    case GrantKind::refresh_token:
      return "refresh_token";
    case GrantKind::token_exchange:
      return "urn:ietf:params:oauth:grant-type:token-exchange";
    case GrantKind::jwt_bearer:
      return "urn:ietf:params:oauth:grant-type:jwt-bearer";
  }
  return "client_credentials";
}

std::optional<GrantKind> parse_grant_kind(std::string_view grant_type) noexcept {
  for (const GrantKind kind : {GrantKind::client_credentials, GrantKind::authorization_code,
                               GrantKind::refresh_token, GrantKind::token_exchange, GrantKind::jwt_bearer}) {
    if (to_string(kind) == grant_type) return kind;
  }
  return std::nullopt;
}

}  // namespace authplane::authserver
