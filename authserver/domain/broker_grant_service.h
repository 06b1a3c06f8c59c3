#pragma once

#include <string_view>
#include <vector>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/broker_grant_store.h"
#include "authserver/domain/user_store.h"

namespace authplane::authserver {

// Accounts that users connected, as an operator sees and revokes them. Thread-safe.
// Errors beside those named: unavailable and internal from the store.
class BrokerGrantService {
 public:
  // The references outlive the service.
  BrokerGrantService(BrokerGrantStore& grants, UserStore& users, AuditService& audit, const Clock& clock)
      : grants_(grants), users_(users), audit_(audit), clock_(clock) {}

  // All of them, revoked ones too, newest first. Errors: not_found (unknown user).
  Outcome<std::vector<BrokerGrant>> list_of_user(std::string_view user_id) const;
  // No more tokens are had for the account, until the user connects it again. Those that were handed out
  // are the provider's and live on. Idempotent. Errors: not_found.
  Outcome<RevokedBrokerGrant> revoke(std::string_view id, const Actor& actor);

 private:
  BrokerGrantStore& grants_;
  UserStore& users_;
  AuditService& audit_;
  const Clock& clock_;
};

}  // namespace authplane::authserver
