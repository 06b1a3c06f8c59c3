#pragma once

#include "authserver/admin/admin_routes.h"
#include "authserver/domain/fronting_service.h"

namespace authplane::authserver {

// /admin/fronting and /admin/resources/{slug}/fronting. The service outlives the router.
void add_fronting_routes(AdminRoutes& routes, FrontingService& fronting);

}  // namespace authplane::authserver
