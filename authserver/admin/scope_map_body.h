#pragma once

#include <authplane/json/json.h>

#include "authserver/domain/fronting_link.h"

namespace authplane::authserver {

// {"scope":["scope", ...], ...} as the API and the files of the command line have it; checked for shape only.
// Errors: invalid_request.
Outcome<ScopeMap> read_scope_map(const Json& object);

}  // namespace authplane::authserver
