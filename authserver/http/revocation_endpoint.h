#pragma once

#include <authplane/base/http.h>
#include <authplane/base/log.h>

#include "authserver/domain/client_authenticator.h"
#include "authserver/domain/metrics.h"
#include "authserver/domain/revocation.h"
#include "authserver/http/denial.h"

namespace authplane::authserver {

// POST /oauth/revoke (RFC 7009), for every client. 200 means that nothing of the token is alive any more, or
// that it was none of the caller's; 503 that the server could not see to it. Thread-safe.
class RevocationEndpoint {
 public:
  struct Deps {
    const ClientAuthenticator& clients;
    RevocationService& tokens;
    Logger& logger;
    Metrics& metrics;
  };
  // The references outlive the endpoint.
  explicit RevocationEndpoint(Deps deps) : deps_(deps) {}

  HttpResponse handle(const HttpRequest& request) const;

 private:
  HttpResponse denied(const Denial& denial) const;

  Deps deps_;
};

}  // namespace authplane::authserver
