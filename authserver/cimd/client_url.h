#pragma once

#include <cstddef>
#include <string_view>

#include <authplane/base/url.h>

namespace authplane::authserver {

// Client identifiers that are URLs of client ID metadata documents (draft-ietf-oauth-client-id-metadata-
// document). They are compared byte for byte and never normalised.

// What the admin API takes in a path.
inline constexpr std::size_t kMaxClientUrlBytes = 256;

// Whether a client_id is meant to be such a URL. The ids this server makes never are.
bool is_client_url(std::string_view client_id) noexcept;

// https (http where allowed) with the scheme and host in lower case and no default port; a path with a
// segment that is neither empty nor a dot segment, and no dot segment at all; no user information, no
// fragment; at most kMaxClientUrlBytes. Errors: invalid_argument, naming the rule.
Result<Url> check_client_url(std::string_view client_id, bool allow_http);

}  // namespace authplane::authserver
