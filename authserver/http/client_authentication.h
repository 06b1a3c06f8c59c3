#pragma once

#include <string>

#include <authplane/base/form.h>
#include <authplane/base/http.h>
#include <authplane/base/result.h>
#include <authplane/base/secret.h>

#include "authserver/http/oauth_error.h"

namespace authplane::authserver {

// Who a request says it comes from, not yet checked. Empty client_id: it does not say.
struct PresentedClient {
  std::string client_id;
  SecretString client_secret;  // empty when none was sent
};

// Reads client authentication of a form endpoint (RFC 6749 section 2.3.1): HTTP Basic, else client_id and
// client_secret of the body. The scheme name compares without case; a Basic value that does not decode counts
// as no credentials. `form` must not repeat parameters. Errors: invalid_request when there are two
// Authorization fields, or Basic and a body secret at once.
Result<PresentedClient, OAuthError> read_client_authentication(const Headers& headers, const Form& form);

}  // namespace authplane::authserver
