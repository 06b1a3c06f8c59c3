#pragma once

#include <string>

#include "authserver/xaa/policy_service.h"
#include "authserver/xaa/subject_mapping_service.h"
#include "authserver/xaa/trusted_idp_service.h"

namespace authplane::authserver {

// All that an operator manages of cross-application access.
struct XaaAdministration {
  // What `deps` refers to outlives the object.
  XaaAdministration(const std::string& own_issuer, TrustedIdpService::Deps deps)
      : idps(own_issuer, deps),
        policies(deps.store, deps.audit, deps.ids, deps.clock),
        mappings(deps.store, deps.audit, deps.ids, deps.clock) {}

  TrustedIdpService idps;
  XaaPolicyService policies;
  SubjectMappingService mappings;
};

}  // namespace authplane::authserver
