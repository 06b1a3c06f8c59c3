#pragma once

#include "authserver/admin/admin_routes.h"
#include "authserver/domain/resource_service.h"

namespace authplane::authserver {

// /admin/resources/{slug}/policy. The service outlives the router.
void add_policy_routes(AdminRoutes& routes, ResourceService& resources);

}  // namespace authplane::authserver
