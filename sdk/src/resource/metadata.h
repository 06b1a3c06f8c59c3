#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dpop_policy.h"

namespace authplane::detail {

// The protected resource metadata document (RFC 9728 section 2), members in a fixed order.
std::string protected_resource_metadata(std::string_view resource, std::string_view issuer,
                                        const std::vector<std::string>& scopes, const DpopPolicy& dpop);

}  // namespace authplane::detail
