#pragma once

#include "authserver/admin/admin_routes.h"
#include "authserver/domain/client_service.h"

namespace authplane::authserver {

// /admin/clients. Members of a body that are not known are ignored.
void add_client_routes(AdminRoutes& routes, ClientService& clients);

}  // namespace authplane::authserver
