#pragma once

#include "authserver/admin/admin_routes.h"
#include "authserver/domain/consent_grant_service.h"

namespace authplane::authserver {

// /admin/users/{id}/grants and /admin/grants.
void add_grant_routes(AdminRoutes& routes, ConsentGrantService& grants);

}  // namespace authplane::authserver
