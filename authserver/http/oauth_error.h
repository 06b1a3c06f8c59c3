#pragma once

#include <span>
#include <string>
#include <string_view>

#include <authplane/base/http.h>

namespace authplane::authserver {

// Everything a public endpoint can answer instead of success (RFC 6749 section 5.2, RFC 7591, RFC 8707,
// RFC 9449).
enum class OAuthErrorCode {
  invalid_request,
  invalid_client,
  invalid_grant,
  unauthorized_client,
  unsupported_grant_type,
  invalid_scope,
  invalid_target,
  invalid_dpop_proof,
  use_dpop_nonce,
  invalid_client_metadata,  // RFC 7591
  invalid_redirect_uri,
  access_denied,
  request_too_large,  // on the wire invalid_request with status 413
  slow_down,
  server_error,
  temporarily_unavailable,  // status 503 with Retry-After
};

// `description` goes to the caller: printable ASCII without '"' and '\' (RFC 6749 section 5.2), never input
// that was not checked against that set.
struct OAuthError {
  OAuthErrorCode code;
  std::string description;
};

struct OAuthErrorRow {
  OAuthErrorCode code;
  std::string_view error;  // wire value
  int status;
  std::string_view explanation;  // shown at /errors/<error>
};

// The whole table, in the order of the enumerators.
std::span<const OAuthErrorRow> oauth_error_table();
const OAuthErrorRow& row_of(OAuthErrorCode code);

// JSON body with error, error_description, type, title, detail and status, never cached. 401 carries a Basic
// challenge.
HttpResponse oauth_error_response(const OAuthError& error);

// The page behind the `type` member: "/errors/<error>". 404 for a name that is not in the table.
HttpResponse oauth_error_page(std::string_view error);

}  // namespace authplane::authserver
