#include "authserver/domain/consent_grant_service.h"

#include <string>

namespace authplane::authserver {

Outcome<std::vector<ConsentGrant>> ConsentGrantService::list_of_user(std::string_view user_id) const {
  const auto user = users_.get(user_id);
  if (!user) return Err(user.error());
  return grants_.list({.user_id = user->id, .client_id = {}, .resource_id = {}}, kEverything);
}

Outcome<RevokedConsentGrant> ConsentGrantService::revoke(std::string_view id, const Actor& actor) {
  auto revoked = grants_.revoke(id, clock_.now());
  if (!revoked) return revoked;
  const ConsentGrant& grant = revoked->grant;
  audit_.record("consent_grant.revoked_admin", actor, grant.client_id,
                audit_detail({{"id", grant.id},
                              {"user_id", grant.user_id},
                              {"client_id", grant.client_id},
                              {"resource_id", grant.resource_id},
                              {"revoked_issuances", std::to_string(revoked->issuances)},
                              {"revoked_families", std::to_string(revoked->families)}}));
  return revoked;
}

}  // namespace authplane::authserver
