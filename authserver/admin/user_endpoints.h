#pragma once

#include "authserver/admin/admin_routes.h"
#include "authserver/domain/user_service.h"

namespace authplane::authserver {

// /admin/users. Members of a body that are not known are ignored.
void add_user_routes(AdminRoutes& routes, UserService& users);

}  // namespace authplane::authserver
