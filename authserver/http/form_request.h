#pragma once

#include <authplane/base/form.h>
#include <authplane/base/http.h>
#include <authplane/base/result.h>

#include "authserver/http/denial.h"

namespace authplane::authserver {

// The parameters of a request to an endpoint of OAuth (RFC 6749 section 3.2): those of the body, none but
// `resource` more than once. Denials: invalid_request, request_too_large.
Result<Form, Denial> read_parameters(const HttpRequest& request);

}  // namespace authplane::authserver
