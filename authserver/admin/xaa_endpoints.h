#pragma once

#include "authserver/admin/admin_routes.h"
#include "authserver/xaa/policy_service.h"
#include "authserver/xaa/subject_mapping_service.h"

namespace authplane::authserver {

// /admin/xaa/policies. Members of a body that are not known are ignored. `scopes` that is null, or not there
// when a policy is created, means any scope; an empty list means none.
void add_xaa_policy_routes(AdminRoutes& routes, XaaPolicyService& policies);

// /admin/xaa/subject-mappings.
void add_subject_mapping_routes(AdminRoutes& routes, SubjectMappingService& mappings);

}  // namespace authplane::authserver
