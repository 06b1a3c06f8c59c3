#pragma once

#include "authserver/admin/admin_routes.h"
#include "authserver/domain/issuance_service.h"

namespace authplane::authserver {

// /admin/issuances.
void add_issuance_routes(AdminRoutes& routes, IssuanceService& issuances);

}  // namespace authplane::authserver
