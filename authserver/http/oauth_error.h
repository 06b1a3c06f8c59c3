#pragma once

#include <span>
#include <string>
#include <string_view>

#include <authplane/base/http.h>

namespace authplane::authserver {

// Everything a public endpoint can answer instead of success (RFC 6749 section 5.2, RFC 7591, RFC 8707,
// RFC 9449, RFC 8693).
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
  consent_required,
  request_too_large,  // on the wire invalid_request with status 413
  slow_down,
  server_error,
  temporarily_unavailable,  // status 503 with Retry-After
  service_unavailable,      // a feature the operator has not switched on; status 503 without it
  unauthorized,             // of what users do: nobody is signed in, status 401
  not_found,                // of what users do, status 404
};

// `description` goes to the caller: printable ASCII without '"' and '\' (RFC 6749 section 5.2), never input
// that was not checked against that set.
struct OAuthError {
  OAuthErrorCode code;
  std::string description;
  // Of consent_required only: why, and the page where the user can change that, "" = none is known.
  std::string cause{};
  std::string consent_url{};
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

// JSON body with error, error_description, type, title, detail and status, never cached. invalid_client
// carries a Basic challenge, unauthorized one for Bearer. consent_required adds consent_url and cause, and no
// other error has these members.
HttpResponse oauth_error_response(const OAuthError& error);

// The same members for what is refused before any endpoint sees it. `error` is a wire value of the table.
HttpResponse oauth_error_response(int status, std::string_view error, std::string_view description);

// The page behind the `type` member: "/errors/<error>". 404 for a name that is not in the table.
HttpResponse oauth_error_page(std::string_view error);

}  // namespace authplane::authserver
