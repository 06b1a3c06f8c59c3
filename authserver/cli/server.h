#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <authplane/base/http.h>

#include "authserver/admin/metrics_prometheus.h"
#include "authserver/broker/broker.h"
#include "authserver/cli/context.h"
#include "authserver/cli/outcome.h"
#include "authserver/cli/periodic_task.h"
#include "authserver/config/config.h"
#include "authserver/config/environment.h"
#include "authserver/domain/ids.h"
#include "authserver/domain/signing_key_store.h"
#include "authserver/domain/storage.h"
#include "authserver/http/browser_endpoints.h"
#include "authserver/http/deferred.h"
#include "authserver/http_beast/listener.h"
#include "authserver/xaa/idp_keys.h"

namespace authplane::authserver::cli {

// The whole server: the one place where its parts meet.
class Server {
 public:
  // Opens storage (migrating it) and keys, registers the configured resources, then opens the listeners. The
  // references outlive the server. Failures carry the exit code.
  static CommandResult<std::unique_ptr<Server>> start(const Config& config, const Environment& environment,
                                                      Clock& clock, Random& random, Logger& logger);
  ~Server();

  std::uint16_t public_port() const { return public_->port(); }
  std::uint16_t admin_port() const { return admin_ ? admin_->port() : 0; }  // 0 = no admin listener

  void reload_keys();
  // Lets requests in flight finish, on both listeners together within `wait`. True when all of them did.
  bool drain(std::chrono::milliseconds wait);

 private:
  Server(const Config& config, const Environment& environment, Clock& clock, Random& random, Logger& logger);
  CommandResult<void> open();
  void open_broker();
  CommandResult<void> seed();
  CommandResult<void> find_provider();
  CommandResult<void> listen();
  Metrics& metrics();
  BrowserOptions browser_options() const;
  void warn_about_registration();
  DeferredHandler public_handler();
  http_beast::OwnAnswerWriter public_answers() const;
  HttpHandler admin_handler();

  const Config& config_;
  const Environment& environment_;
  Clock& clock_;
  Random& random_;
  Logger& logger_;
  IdGenerator ids_;
  SecretString pepper_;
  SecretString session_secret_;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<SigningKeyStore> keys_;
  NullMetrics no_metrics_;
  std::unique_ptr<PrometheusMetrics> prometheus_;  // null: metrics are off
  std::unique_ptr<PeriodicTask> maintenance_;
  std::shared_ptr<OpenIdProvider> provider_;  // null: people sign in with passwords only
  std::shared_ptr<IdpKeys> idp_keys_;         // null: cross-application access is off
  std::unique_ptr<Sealer> sealer_;            // null: data encryption is off
  std::shared_ptr<Broker> broker_;
  std::unique_ptr<http_beast::Listener> public_;  // the listeners go first when the server goes
  std::unique_ptr<http_beast::Listener> admin_;
};

}  // namespace authplane::authserver::cli
