#pragma once

#include <authplane/base/log.h>

#include "authserver/admin/admin_routes.h"
#include "authserver/domain/fronting_service.h"
#include "authserver/domain/resource_service.h"

namespace authplane::authserver {

struct ResourceEndpointDeps {
  ResourceService& resources;
  FrontingService& fronting;
  Logger& logger;
};

// /admin/resources and /admin/resources/{id}. What `deps` refers to outlives the router.
void add_resource_routes(AdminRoutes& routes, const ResourceEndpointDeps& deps);

}  // namespace authplane::authserver
