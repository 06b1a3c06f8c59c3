#pragma once

#include <string>
#include <string_view>

namespace authplane::authserver {

// Where to go after a login: `target` when every browser reads it as a path of this very server, else "/". It
// has to start with one '/', and holds no "//" and no dot segment in its path, no backslash, fragment, white
// space, control or non-ASCII character, no malformed percent triplet, and is at most 8 KiB.
std::string safe_redirect(std::string_view target);

}  // namespace authplane::authserver
