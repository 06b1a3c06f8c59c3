#pragma once

#include <authplane/base/http.h>

#include "authserver/domain/resource_store.h"
#include "authserver/http/browser_answers.h"
#include "authserver/http/browser_session.h"
#include "authserver/http/site.h"

namespace authplane::authserver {

// GET /authorize?resource=&scope=: where the `consent_url` of a consent_required error leads when a user has
// to allow an application more. It knows neither the application nor where to send an answer, so it explains
// what is needed and leaves starting it to the application. A whole authorization request that was sent here
// goes on to the authorization endpoint. Leads to nothing outside this server. Thread-safe.
class ReconsentEndpoint {
 public:
  struct Deps {
    const Site& site;
    const BrowserSessions& sessions;
    const ErrorPages& errors;
    ResourceStore& resources;
  };
  // The references outlive the object.
  explicit ReconsentEndpoint(const Deps& deps) : deps_(deps) {}

  HttpResponse show(const HttpRequest& request) const;

 private:
  const Deps deps_;
};

}  // namespace authplane::authserver
