#pragma once

#include <string_view>

#include "authserver/domain/resource_service.h"

namespace authplane::authserver {

// Bodies of the resource endpoints, checked for shape only; the rules are the service's.
// Errors: invalid_request.
Outcome<ResourceRegistration> read_resource_registration(std::string_view body);
Outcome<ResourceChanges> read_resource_changes(std::string_view body);

}  // namespace authplane::authserver
