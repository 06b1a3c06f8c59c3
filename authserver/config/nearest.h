#pragma once

#include <string>
#include <string_view>

namespace authplane::authserver {

// The known key or section that a mistyped path most likely means, "" when nothing is close.
std::string nearest_key(std::string_view path);

// The known variable that `name` is one or two typing mistakes away from; "" when `name` is known, does not
// start with AUTHPLANE_, or is close to nothing. Other programs use the prefix too, hence the short distance.
std::string nearest_variable(std::string_view name);

}  // namespace authplane::authserver
