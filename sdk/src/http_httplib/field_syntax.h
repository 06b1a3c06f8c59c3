#pragma once

#include <string_view>

// The character rules of HTTP header fields (RFC 9110 section 5), quick enough for every byte of every
// request.

namespace authplane {

// Section 5.6.2. False for "".
bool is_token(std::string_view text);

// HTAB, SP, visible and obs-text; what remains are the bytes that end a line or a C string somewhere.
bool is_field_value(std::string_view text);

}  // namespace authplane
