#pragma once

#include <authplane/base/clock.h>
#include <authplane/base/http.h>
#include <authplane/base/log.h>

#include "authserver/domain/metrics.h"
#include "authserver/domain/registration_service.h"
#include "authserver/http/rate_limiter.h"

namespace authplane::authserver {

// POST /oauth/register (RFC 7591 section 3). No authentication: the policy decides who may come, and a limit
// of its own how often from one address. There is no way to read, change or delete a registration here.
// Thread-safe.
class RegisterEndpoint {
 public:
  struct Deps {
    RegistrationService& registrations;
    Clock& clock;
    Logger& logger;
    Metrics& metrics;
  };

  // What `deps` refers to outlives the object.
  RegisterEndpoint(const Deps& deps, const RateLimit& limit)
      : deps_(deps),
        limiter_(limit),
        registered_(deps.metrics.counter("authserver_clients_registered_total", {{"source", "dcr"}})) {}

  HttpResponse handle(const HttpRequest& request);

 private:
  HttpResponse refuse(const DomainError& error) const;

  Deps deps_;
  RateLimiter limiter_;
  Counter& registered_;
};

}  // namespace authplane::authserver
