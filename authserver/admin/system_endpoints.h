#pragma once

#include "authserver/admin/admin_api.h"
#include "authserver/admin/admin_routes.h"
#include "authserver/domain/key_service.h"
#include "authserver/domain/system_service.h"

namespace authplane::authserver {

struct SystemEndpointDeps {
  const AdminApiConfig& config;
  const RegistrationPolicy& registration;
  KeyService& keys;
  SystemService& system;
  AuditService& audit;
  SigningKeyStore& signing_keys;
  Storage& storage;
  Metrics& metrics;
};

// /admin/keys, /admin/audit, /admin/stats, /admin/system and /admin/auth/verify. What `deps` refers to
// outlives the router.
void add_system_routes(AdminRoutes& routes, const SystemEndpointDeps& deps);

}  // namespace authplane::authserver
