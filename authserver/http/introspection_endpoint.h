#pragma once

#include <authplane/base/clock.h>
#include <authplane/base/http.h>
#include <authplane/base/log.h>

#include "authserver/domain/client_authenticator.h"
#include "authserver/domain/introspection.h"
#include "authserver/domain/metrics.h"
#include "authserver/http/denial.h"

namespace authplane::authserver {

// POST /oauth/introspect (RFC 7662), for confidential clients. Access tokens only: any other text is
// inactive. Thread-safe.
class IntrospectionEndpoint {
 public:
  struct Deps {
    const ClientAuthenticator& clients;
    IntrospectionService& tokens;
    const Clock& clock;
    Logger& logger;
    Metrics& metrics;
  };
  // The references outlive the endpoint.
  explicit IntrospectionEndpoint(Deps deps);

  HttpResponse handle(const HttpRequest& request) const;

 private:
  HttpResponse answer(const Client& caller, std::string_view token) const;
  HttpResponse denied(const Denial& denial) const;

  Deps deps_;
  Counter &active_, &inactive_, &error_;
  Histogram& seconds_;
};

}  // namespace authplane::authserver
