#pragma once

#include <string>

#include <authplane/base/log.h>
#include <authplane/base/result.h>

#include "authserver/domain/errors.h"
#include "authserver/http/oauth_error.h"

namespace authplane::authserver {

// Why a token request was turned down: what the caller reads, and a short constant word for metrics and audit
// rows.
struct Denial {
  OAuthError error;
  std::string reason;
  // The request held a code or a refresh token of ours. Anybody can send requests in the name of a public
  // client, so only such ones are audited.
  bool holds_token = false;
};

// A denial whose word is the name of its error.
Unexpected<Denial> deny(OAuthErrorCode code, std::string description);
Unexpected<Denial> deny(OAuthErrorCode code, std::string description, std::string reason);

// What the caller learns of a failure in the domain. Faults of the server get a fixed sentence that says it
// failed to `do_what`, and are logged.
Denial denial_of(const DomainError& error, std::string_view do_what, Logger& logger);

}  // namespace authplane::authserver
