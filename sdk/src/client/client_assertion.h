#pragma once

#include <chrono>
#include <string>

#include <authplane/base/form.h>
#include <authplane/base/random.h>
#include <authplane/client/options.h>

#include "client/metadata.h"

// private_key_jwt: client authentication by a signed assertion (RFC 7523 section 2.2, OpenID Connect Core
// section 9).

namespace authplane {

// A new assertion, for one request, good for a minute. Its audience is the issuer, whatever endpoint it goes
// to: a server that names another one's endpoint gets nothing it could use there. Errors: runtime_error.
Result<std::string> client_assertion(const ClientKey& client, const std::string& issuer,
                                     std::chrono::sys_seconds now, Random& random);

// The same as the two form fields that carry it.
Result<void> add_client_assertion(const ClientKey& client, const std::string& issuer,
                                  std::chrono::sys_seconds now, Random& random, Form& form);

// Whether a server that offers this takes assertions signed with `algorithm`; one that says nothing may.
// Errors: invalid_argument with what it takes instead.
Result<void> check_takes_assertions(const TokenEndpointAuth& offered, JwsAlgorithm algorithm,
                                    const std::string& issuer);

}  // namespace authplane
