#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/log.h>
#include <authplane/base/random.h>

#include "authserver/broker/broker.h"
#include "authserver/domain/audit_service.h"
#include "authserver/http/browser_answers.h"
#include "authserver/http/browser_session.h"
#include "authserver/http/connect_request.h"
#include "authserver/http/deferred.h"
#include "authserver/identity/connect_state.h"
#include "authserver/sealing/sealer.h"

namespace authplane::authserver {

struct ConnectOptions {
  std::string redirect_base_url;  // where providers send browsers back to; "" = the issuer
  std::vector<std::string> allowed_return_urls;
  std::chrono::seconds max_age{600};  // from start to callback, > 0
};

// What connecting accounts takes beside the storage. Null members: it is not configured, and says so.
struct ConnectTools {
  Broker* broker = nullptr;
  Sealer* sealer = nullptr;
  const SecretString* state_secret = nullptr;
};

// GET /connect/{provider} and its callback: a user lets this server act for them at an upstream provider.
// Thread-safe. Calls to the provider hold no worker.
class ConnectEndpoint {
 public:
  struct Deps {
    const Site& site;
    const BrowserSessions& sessions;
    const ErrorPages& errors;
    ResourceStore& resources;
    BrokerProviderStore& providers;
    BrokerGrantStore& grants;
    AuditService& audit;
    const Clock& clock;
    Random& random;
    Logger& logger;
    Metrics& metrics;
  };
  // What is referred to outlives the object; the broker is closed before anything else of it goes.
  ConnectEndpoint(const ConnectOptions& options, const ConnectTools& tools, const Deps& deps);

  HttpResponse start(const HttpRequest& request, const std::string& provider_slug) const;
  void callback(const HttpRequest& request, const std::string& provider_slug, Respond respond) const;

 private:
  // An answer of a provider that belongs to what this user began there.
  struct Returned {
    BrokerProvider provider;
    PendingConnect pending;
    std::string code;
    AccountTasks::Place place;
  };
  // Why there is none: the page, and for the log.
  struct Refusal {
    ErrorPages::Content page;
    std::string cause;
  };

  HttpResponse begin(const ConnectRequest& request, const std::string& user_id) const;
  HttpResponse not_configured_json() const;
  std::string callback_url(std::string_view provider_slug) const;

  Result<Returned, Refusal> accept(const HttpRequest& request, const std::string& provider_slug,
                                   const std::string& user_id) const;
  Result<ConnectState, Refusal> check_state(std::string_view state, const BrokerProvider& provider,
                                            const std::string& user_id) const;
  Result<PendingConnect, Refusal> take_pending(const ConnectState& state, const BrokerProvider& provider,
                                               const std::string& user_id) const;
  void redeem(std::shared_ptr<const Returned> returned, const std::string& address, Respond respond) const;
  HttpResponse finish(const Returned& returned, const std::string& address,
                      const Result<BrokerGrant, UpstreamRefusal>& grant) const;
  HttpResponse failed(const Returned& returned, std::string_view cause) const;
  HttpResponse show(const Refusal& refusal) const { return deps_.errors.show(refusal.page, refusal.cause); }
  std::vector<ErrorPages::Way> ways_on(const BrokerProvider& provider, const PendingConnect& pending) const;

  const std::string base_url_;
  const std::chrono::seconds max_age_;
  const ConnectTools tools_;
  const Deps deps_;
  const SessionKeys keys_;
  const ConnectRequests requests_;
};

}  // namespace authplane::authserver
