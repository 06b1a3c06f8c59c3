#pragma once

#include <authplane/base/form.h>
#include <authplane/base/http.h>

#include "authserver/domain/authorization_service.h"
#include "authserver/http/browser_answers.h"
#include "authserver/http/browser_session.h"
#include "authserver/http/site.h"

namespace authplane::authserver {

// GET and POST /consent: shows the user what a client asks for, and takes their decision. Thread-safe.
class ConsentEndpoint {
 public:
  struct Deps {
    const Site& site;
    const SessionKeys& keys;
    AuthorizationService& service;
    const BrowserSessions& sessions;
    const ErrorPages& errors;
  };
  // The references outlive the object.
  explicit ConsentEndpoint(Deps deps) : deps_(deps) {}

  HttpResponse show(const HttpRequest& request) const;
  HttpResponse submit(const HttpRequest& request) const;

 private:
  HttpResponse decide(const Form& body, std::string_view authorization_id, const Actor& user) const;
  HttpResponse refuse(const DomainError& error) const;

  Deps deps_;
};

}  // namespace authplane::authserver
