#pragma once

#include <string_view>

namespace authplane::authserver {

// Whether a segment of the path is "." or "..", in clear or percent-encoded, the slashes around it included.
// Who resolves the path sees another one than who compares it.
bool has_dot_segment(std::string_view path);

}  // namespace authplane::authserver
