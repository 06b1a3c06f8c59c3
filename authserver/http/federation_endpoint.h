#pragma once

#include <atomic>
#include <chrono>
#include <string>

#include <authplane/base/clock.h>
#include <authplane/base/log.h>
#include <authplane/base/random.h>

#include "authserver/domain/audit_service.h"
#include "authserver/federation/federated_users.h"
#include "authserver/federation/openid_provider.h"
#include "authserver/federation/used_sign_ins.h"
#include "authserver/http/browser_answers.h"
#include "authserver/http/browser_session.h"
#include "authserver/http/deferred.h"
#include "authserver/outbound/fetch_threads.h"

namespace authplane::authserver {

struct FederationOptions {
  CookieAttributes cookie;
  std::chrono::seconds max_age{600};  // from start to callback, > 0
  std::string provider_name;          // for people, "" = none
};

// GET /oidc/start and /oidc/callback: people sign in at the OpenID provider. Thread-safe. Calls to the
// provider hold no worker and are bounded in number.
class FederationEndpoint {
 public:
  static constexpr std::size_t kMostCallbacks = 16;

  struct Deps {
    const Site& site;
    const SessionKeys& keys;
    const BrowserSessions& sessions;
    const ErrorPages& errors;
    OpenIdProvider& provider;
    UserStore& users;
    SettingsStore& settings;
    AuditService& audit;
    IdGenerator& ids;
    const Clock& clock;
    Random& random;
    Logger& logger;
    Metrics& metrics;
  };
  // The references outlive the object.
  FederationEndpoint(FederationOptions options, Deps deps);

  HttpResponse start(const HttpRequest& request);
  void callback(const HttpRequest& request, Respond respond);
  // Returns when no call to the provider is under way and every `respond` has returned.
  void wait_until_idle() { threads_.wait_until_idle(); }

 private:
  // An authorization response that belongs to a sign-in of this browser.
  struct Returned {
    PendingSignIn sign_in;
    std::string code;
  };
  FederationResult<Returned> accept(const HttpRequest& request);
  HttpResponse finish(const Returned& returned, const std::string& address);
  HttpResponse try_finish(const Returned& returned, const std::string& address);
  HttpResponse refused(const FederationRefusal& refusal, const std::string& address) const;
  HttpResponse busy() const;
  ErrorPages::Content page_for(FederationRefusal::Reason reason) const;
  HttpResponse with_cleared_cookie(HttpResponse response) const;

  void refresh_provider();

  const FederationOptions options_;
  const std::string provider_name_;
  const Deps deps_;
  FederatedUsers users_;
  UsedSignIns used_;
  std::atomic<bool> refreshing_{false};
  FetchThreads threads_{kMostCallbacks};  // last: its threads use everything above
};

}  // namespace authplane::authserver
