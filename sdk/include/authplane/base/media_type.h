#pragma once

#include <string>

#include <authplane/base/http.h>

namespace authplane {

// The media type a message declares (RFC 9110 section 8.3), in lower case and without parameters:
// "application/json". "" when the field is absent or repeated.
std::string media_type(const Headers& headers);

}  // namespace authplane
