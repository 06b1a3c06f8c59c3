#include "authserver/domain/broker_grant_service.h"

namespace authplane::authserver {

Outcome<std::vector<BrokerGrant>> BrokerGrantService::list_of_user(std::string_view user_id) const {
  const auto user = users_.get(user_id);
  if (!user) return Err(user.error());
  return grants_.list_of_user(user->id);
}

Outcome<RevokedBrokerGrant> BrokerGrantService::revoke(std::string_view id, const Actor& actor) {
  auto revoked = grants_.revoke(id, clock_.now());
  if (!revoked || !revoked->was_active) return revoked;
  const BrokerGrant& grant = revoked->grant;
  audit_.record(
      "broker_grant.revoked_admin", actor, "",
      audit_detail(
          {{"id", grant.id}, {"user_id", grant.user_id}, {"broker_provider_id", grant.provider_id}}));
  return revoked;
}

}  // namespace authplane::authserver
