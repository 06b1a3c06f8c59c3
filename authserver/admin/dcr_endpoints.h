#pragma once

#include "authserver/admin/admin_routes.h"
#include "authserver/domain/registration_policy.h"

namespace authplane::authserver {

// /admin/settings/dcr: who may register clients without the operator, at once and across restarts. The
// references outlive the router.
void add_dcr_routes(AdminRoutes& routes, RegistrationPolicy& policy, AuditService& audit, const Clock& clock);

}  // namespace authplane::authserver
