#pragma once

#include <string_view>
#include <variant>

#include <authplane/base/http.h>
#include <authplane/resource/request_context.h>

namespace authplane::detail {

struct NoCredentials {
  const char* reason;  // for the log and for developers
};
struct AmbiguousRequest {
  const char* reason;
};
struct PresentedToken {
  TokenScheme scheme;
  std::string_view token;  // into the request
};

// The credentials of a request (RFC 6750 section 2.1, RFC 9449 section 7.1): exactly one Authorization field,
// scheme Bearer or DPoP in any case, one token after it. A token in the URL is noticed, never read.
std::variant<NoCredentials, AmbiguousRequest, PresentedToken> read_credentials(const HttpRequest& request);

}  // namespace authplane::detail
