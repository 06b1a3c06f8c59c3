#pragma once

#include <cstddef>
#include <string_view>

#include <authplane/base/error.h>

namespace authplane {

// The error a non-2xx response of an endpoint of the authorization server stands for (RFC 6749 section 5.2).
// `endpoint` is a name for the message: "token_endpoint". A body that is not JSON counts as an empty one.
// Always sets Error::oauth.
Error parse_error_response(int status, std::string_view body, std::string_view endpoint,
                           std::size_t max_bytes);

}  // namespace authplane
