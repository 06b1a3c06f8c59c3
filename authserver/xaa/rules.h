#pragma once

#include <string_view>

#include "authserver/domain/errors.h"

namespace authplane::authserver {

// The name of a provider or a policy, for people: not blank, at most 255 bytes of UTF-8. Errors:
// invalid_request.
Outcome<void> check_xaa_name(std::string_view name);

}  // namespace authplane::authserver
