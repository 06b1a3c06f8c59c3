#pragma once

#include <authplane/base/form.h>
#include <authplane/base/http.h>

#include "authserver/domain/authorization_service.h"
#include "authserver/http/browser_answers.h"
#include "authserver/http/browser_session.h"
#include "authserver/http/site.h"

namespace authplane::authserver {

// GET /oauth/authorize (RFC 6749 section 3.1). Answers with a redirect to the client, to the login page or to
// the consent page, and with an error page where the request proves no redirect URI. Thread-safe.
class AuthorizeEndpoint {
 public:
  struct Deps {
    const Site& site;
    AuthorizationService& service;
    const BrowserSessions& sessions;
    const ErrorPages& errors;
    Logger& logger;
    Metrics& metrics;
  };
  // The references outlive the object.
  explicit AuthorizeEndpoint(Deps deps) : deps_(deps) {}

  HttpResponse handle(const HttpRequest& request) const;

 private:
  HttpResponse sign_in_first(const CheckedAuthorization& checked, const Form& query) const;
  HttpResponse refuse(const AuthorizationRefusal& refusal) const;
  HttpResponse show(const PageRefusal& refusal) const;
  HttpResponse send_back(const RedirectRefusal& refusal) const;
  void count(std::string_view reason) const;

  Deps deps_;
};

}  // namespace authplane::authserver
