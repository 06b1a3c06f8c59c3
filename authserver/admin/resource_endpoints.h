#pragma once

#include "authserver/admin/admin_routes.h"
#include "authserver/domain/resource_service.h"

namespace authplane::authserver {

// /admin/resources and the client lists of their policies. Members of a body that are not known are refused.
void add_resource_routes(AdminRoutes& routes, ResourceService& resources);

}  // namespace authplane::authserver
