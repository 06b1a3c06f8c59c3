#pragma once

#include <string_view>
#include <vector>

#include "authserver/domain/xaa.h"

namespace authplane::authserver {

// What a token is asked for.
struct XaaRequest {
  std::string_view client_id;
  std::string_view resource;  // URI, "" = none is named
  const ScopeSet& scopes;     // all that would be granted
};

// The first policy that is enabled and allows all of it; null: none does. A list of resources needs one of
// them to be named.
const XaaPolicy* find_policy(const std::vector<XaaPolicy>& policies, const XaaRequest& request);

}  // namespace authplane::authserver
