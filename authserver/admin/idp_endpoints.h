#pragma once

#include "authserver/admin/admin_routes.h"
#include "authserver/xaa/trusted_idp_service.h"

namespace authplane::authserver {

// /admin/idps: the identity providers whose assertions are taken for tokens. Members of a body that are not
// known are ignored.
void add_idp_routes(AdminRoutes& routes, TrustedIdpService& idps);

}  // namespace authplane::authserver
