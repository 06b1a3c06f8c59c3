#pragma once

#include "authserver/admin/admin_routes.h"
#include "authserver/domain/broker_grant_service.h"
#include "authserver/domain/consent_grant_service.h"

namespace authplane::authserver {

struct GrantEndpointDeps {
  ConsentGrantService& consent;
  BrokerGrantService& accounts;
};

// /admin/users/{id}/grants and /admin/grants. What `deps` refers to outlives the router.
void add_grant_routes(AdminRoutes& routes, const GrantEndpointDeps& deps);

}  // namespace authplane::authserver
