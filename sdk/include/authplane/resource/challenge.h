#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/error.h>
#include <authplane/base/http.h>
#include <authplane/resource/request_context.h>

// The one place that turns an Error into an HTTP answer (RFC 6750 section 3, RFC 9449 section 7.1, RFC 9728
// section 5.1). All functions are pure.

namespace authplane {

// What `error_description` says. `fixed`: one sentence per error code, because the reader has not
// authenticated. `message`: the error's own message with expected and seen values, for development.
enum class ErrorDescription { fixed, message };

struct ChallengeOptions {
  std::string realm = {};              // "" = left out
  std::string resource_metadata = {};  // absolute URL of the metadata; "" = left out
  std::vector<std::string> scope =
      {};  // minimum for this request, put into a 401; a 403 names error.required_scopes
  ErrorDescription description = ErrorDescription::fixed;
  // The scheme the token came under, which errors of the token are answered in. Errors of a proof are always
  // DPoP, and a resource without DPoP knows Bearer only.
  TokenScheme scheme = TokenScheme::bearer;
  // "ES256 RS256" where proofs are required: a request without credentials is then told so (RFC 9449 section
  // 7.1). "" elsewhere.
  std::string dpop_algs = {};
};

// 401, 403, 503 or 500.
int http_status(const Error& error) noexcept;

// The WWW-Authenticate value, "" when the status calls for none (500 and 503). error_response() may have a
// second one, for another scheme.
std::string www_authenticate(const Error& error, const ChallengeOptions& options = {});

// Status, challenge and JSON body. The body repeats `error` and `error_description` of the challenge; a
// request without credentials is told nothing (RFC 6750 section 3.1) unless messages are on.
HttpResponse error_response(const Error& error, const ChallengeOptions& options = {});

// 400 invalid_request: credentials presented twice or in the URL (RFC 6750 section 3.1).
HttpResponse invalid_request_response(const ChallengeOptions& options = {});

}  // namespace authplane
