#pragma once

#include <string_view>
#include <vector>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/consent_grant_store.h"
#include "authserver/domain/user_store.h"

namespace authplane::authserver {

// What users allowed, as an operator sees and revokes it. Thread-safe.
// Errors beside those named: unavailable and internal from the store.
class ConsentGrantService {
 public:
  // The references outlive the service.
  ConsentGrantService(ConsentGrantStore& grants, UserStore& users, AuditService& audit, const Clock& clock)
      : grants_(grants), users_(users), audit_(audit), clock_(clock) {}

  // All of them, revoked ones too, newest first. Errors: not_found (unknown user).
  Outcome<std::vector<ConsentGrant>> list_of_user(std::string_view user_id) const;
  // Revokes the grant and all it led to. Idempotent. Errors: not_found.
  Outcome<RevokedConsentGrant> revoke(std::string_view id, const Actor& actor);

 private:
  ConsentGrantStore& grants_;
  UserStore& users_;
  AuditService& audit_;
  const Clock& clock_;
};

}  // namespace authplane::authserver
