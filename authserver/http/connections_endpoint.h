#pragma once

#include <optional>
#include <string>

#include "authserver/http/connect_endpoint.h"

namespace authplane::authserver {

// The accounts a user has connected. GET /connections lists them, as JSON or, for who asks for it, as a page;
// DELETE /connections/{provider} and the form of that page disconnect one: here at once, at the provider when
// it gets to it. Thread-safe.
//
// Another site cannot disconnect anything: the session cookie does not come along unless it was made so,
// browsers ask this server before they send a DELETE for a page of another origin and are refused, a request
// that says another site sent it is refused, and the form has a token of this session.
class ConnectionsEndpoint {
 public:
  struct Deps {
    const Site& site;
    const SessionKeys& keys;
    const BrowserSessions& sessions;
    const ErrorPages& errors;
    BrokerProviderStore& providers;
    BrokerGrantStore& grants;
    Broker* broker;  // null: providers are not told
    AuditService& audit;
    const Clock& clock;
    Logger& logger;
    Metrics& metrics;
  };
  // What is referred to outlives the object.
  explicit ConnectionsEndpoint(const Deps& deps) : deps_(deps) {}

  HttpResponse list(const HttpRequest& request) const;
  HttpResponse remove(const HttpRequest& request, const std::string& provider_slug) const;
  HttpResponse submit(const HttpRequest& request) const;

 private:
  struct Connection {
    BrokerProvider provider;
    BrokerGrant grant;
  };
  Outcome<std::vector<Connection>> connections_of(const std::string& user_id) const;
  HttpResponse list_json(const HttpRequest& request) const;
  HttpResponse list_page(const HttpRequest& request) const;
  // Errors: not_found.
  Outcome<void> disconnect(const std::string& provider_slug, const Actor& user) const;

  const Deps deps_;
};

}  // namespace authplane::authserver
