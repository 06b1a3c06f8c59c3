#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace authplane {

// base64url without padding (RFC 7515 section 2). Decoding is strict: no padding, no white space, no
// characters of the other alphabet, and no non-zero trailing bits, so every byte string has exactly one
// accepted spelling.
std::string base64url_encode(std::string_view bytes);
std::optional<std::string> base64url_decode(std::string_view text);

// Standard base64 with padding (RFC 4648 section 4), strict in the same way.
std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);

std::string hex_encode(std::string_view bytes);  // lower case
std::optional<std::string> hex_decode(std::string_view text);

// RFC 3986: everything but unreserved characters becomes %XX (upper case).
std::string percent_encode(std::string_view text);
// Strict: nullopt on a malformed triplet. '+' stays '+'.
std::optional<std::string> percent_decode(std::string_view text);

bool is_valid_utf8(std::string_view text);

// ASCII only, independent of the locale.
std::string ascii_lower(std::string_view text);
bool equals_ignore_case(std::string_view a, std::string_view b);

// Every run of CR, LF, '"', '\', other control or non-ASCII characters becomes one space, ends trimmed. For
// values inside a quoted-string of a response header.
std::string header_safe(std::string_view text);

}  // namespace authplane
