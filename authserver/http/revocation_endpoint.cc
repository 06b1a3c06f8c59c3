#include "authserver/http/revocation_endpoint.h"

#include "authserver/http/client_authentication.h"
#include "authserver/http/form_request.h"

namespace authplane::authserver {

HttpResponse RevocationEndpoint::handle(const HttpRequest& request) const {
  const auto form = read_parameters(request);
  if (!form) return denied(form.error());
  const auto presented = read_client_authentication(request.headers, *form);
  if (!presented) return denied({.error = presented.error(), .reason = "invalid_request"});
  const auto caller = deps_.clients.authenticate(presented->client_id, presented->client_secret.expose());
  if (!caller) return denied(denial_of(caller.error(), "revoke the token", deps_.logger));
  const std::string_view token = form->get("token").value_or("");
  if (token.empty()) return denied(deny(OAuthErrorCode::invalid_request, "token is missing").error);
  if (const auto revoked = deps_.tokens.revoke(**caller, request.remote_address, token); !revoked) {
    return denied(denial_of(revoked.error(), "revoke the token", deps_.logger));
  }
  return {.status = 200,
          .headers = {{"Cache-Control", "no-store"}, {"Pragma", "no-cache"}},
          .body = {},
          .stream = {}};
}

HttpResponse RevocationEndpoint::denied(const Denial& denial) const {
  deps_.metrics.counter("authserver_auth_denied_total", {{"reason", denial.reason}}).add();
  return oauth_error_response(denial.error);
}

}  // namespace authplane::authserver
