#include "authserver/domain/presented_token.h"

#include <nlohmann/json.hpp>

#include "authserver/domain/liveness.h"

namespace authplane::authserver {
namespace {

std::string_view name_of(TokenRole role) {
  return role == TokenRole::subject ? "subject_token" : "actor_token";
}

// One sentence for all reasons: a thief learns nothing of what happened to the token.
Unexpected<ExchangeRefusal> refuse_token(TokenRole role, std::string_view reason, std::string detail) {
  return refuse(DomainErrorCode::invalid_grant, role == TokenRole::subject ? reason : "invalid_actor_token",
                "the " + std::string(name_of(role)) + " is not valid", std::move(detail));
}

Exchanged<PresentedToken> parse(const Json& claims, const Issuance& row) {
  PresentedToken token;
  token.subject = claims["sub"].get<std::string>();
  token.client_id = claims["client_id"].get<std::string>();
  if (const Json* audience = find_array(claims, "aud")) {
    for (const Json& value : *audience) {
      if (value.is_string()) token.audience.push_back(value.get<std::string>());
    }
  }
  if (const std::string* scope = find_string(claims, "scope")) {
    token.has_scope = true;
    token.scopes = ScopeSet::split(*scope);
  }
  token.act = ActChain::of(find_object(claims, "act"));
  if (const Json* confirmation = find_object(claims, "cnf")) {
    if (const std::string* jkt = find_string(*confirmation, "jkt")) token.dpop_jkt = *jkt;
  }
  token.row = row;
  return token;
}

}  // namespace

bool is_exchangeable_type(std::string_view token_type) {
  return token_type == "urn:ietf:params:oauth:token-type:access_token" ||
         token_type == "urn:ietf:params:oauth:token-type:jwt";
}

Exchanged<PresentedToken> PresentedTokens::read(std::string_view token, TokenRole role) const {
  const auto claims = reader_.read(token);
  if (!claims) {
    return refuse_token(role, reader_.claims_other_issuer(token) ? "invalid_issuer" : "invalid_subject_token",
                        claims.error().message);
  }
  const std::string jti = (*claims)["jti"].get<std::string>();
  const auto found = storage_.issuances().find_by_jti(jti);
  if (!found) return refuse(found.error());
  if (!*found) return refuse_token(role, "invalid_subject_token", "no record of jti " + jti);
  const Issuance& row = **found;
  if (!row.is_live(clock_.now_seconds()))
    return refuse_token(role, "subject_token_revoked", "jti " + jti + " is revoked");

  const auto client = is_active_client(storage_.clients(), row.client_id);
  if (!client) return refuse(client.error());
  if (!*client)
    return refuse_token(role, "invalid_subject_token", "client " + row.client_id + " is not active");
  if (!row.subject_user_id.empty()) {
    const auto user = is_active_user(storage_.users(), row.subject_user_id);
    if (!user) return refuse(user.error());
    if (!*user)
      return refuse_token(role, "invalid_subject_token", "user " + row.subject_user_id + " is not active");
  }
  return parse(*claims, row);
}

}  // namespace authplane::authserver
