#pragma once

#include "authserver/admin/admin_routes.h"
#include "authserver/domain/token_inventory.h"

namespace authplane::authserver {

// /admin/tokens and /admin/users/{id}/tokens.
void add_token_routes(AdminRoutes& routes, TokenInventory& tokens);

}  // namespace authplane::authserver
