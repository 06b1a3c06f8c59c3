#pragma once

#include <authplane/base/log.h>

#include "authserver/admin/admin_routes.h"
#include "authserver/domain/broker_provider_service.h"

namespace authplane::authserver {

struct BrokerProviderEndpointDeps {
  BrokerProviderService& providers;
  Logger& logger;
};

// /admin/broker-providers. What `deps` refers to outlives the router.
void add_broker_provider_routes(AdminRoutes& routes, const BrokerProviderEndpointDeps& deps);

}  // namespace authplane::authserver
