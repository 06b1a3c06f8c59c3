#include "authserver/cli/server.h"

#include <algorithm>

#include "authserver/admin/admin_api.h"
#include "authserver/cli/maintenance.h"
#include "authserver/cli/open_files.h"
#include "authserver/cli/seeding.h"
#include "authserver/cli/version.h"
#include "authserver/cli/workspace.h"
#include "authserver/config/go_duration.h"
#include "authserver/domain/audit_service.h"
#include "authserver/http/public_api.h"

namespace authplane::authserver::cli {
namespace {

constexpr std::size_t kPublicBodyBytes = 64 * 1024;
constexpr std::size_t kAdminBodyBytes = 1024 * 1024;
constexpr std::size_t kPublicWorkers = 8;  // a token waits for its commit without one
constexpr std::size_t kAdminWorkers = 4;
constexpr std::size_t kAdminConnections = 1'000;
constexpr std::size_t kOtherFiles = 256;  // database, logs, outbound calls
constexpr std::chrono::milliseconds kLongestHead{10'000};

http_beast::ListenerOptions listener_options(const Config& config, const Endpoint& listen) {
  http_beast::ListenerOptions options;
  options.address = listen.address;
  options.port = listen.port;
  options.head_timeout = std::min(config.server.read_timeout, kLongestHead);
  options.body_timeout = config.server.read_timeout;
  options.write_timeout = config.server.write_timeout;
  options.idle_timeout = config.server.idle_timeout;
  return options;
}

// The listener's way of answering later, as the endpoints know it.
http_beast::AsyncHttpHandler answering_later(DeferredHandler handler) {
  return [handler = std::move(handler)](const HttpRequest& request, http_beast::Responder responder) {
    const auto shared = std::make_shared<http_beast::Responder>(std::move(responder));
    handler(request, [shared](HttpResponse response) { shared->send(std::move(response)); });
  };
}

CommandResult<std::unique_ptr<http_beast::Listener>> checked(
    Result<std::unique_ptr<http_beast::Listener>> listener, const char* key) {
  if (listener) return std::move(*listener);
  int exit_code = listener.error().code == ErrorCode::invalid_argument ? kFailed : kCannotBind;
  return failure(std::string(key) + ": " + listener.error().message, exit_code);
}

}  // namespace

CommandResult<std::unique_ptr<Server>> Server::start(const Config& config, Clock& clock, Random& random,
                                                     Logger& logger) {
  std::unique_ptr<Server> server(new Server(config, clock, random, logger));
  for (auto step : {&Server::open, &Server::seed, &Server::listen}) {
    CommandResult<void> done = (server.get()->*step)();
    if (!done) return Err(done.error());
  }
  return server;
}

Server::Server(const Config& config, Clock& clock, Random& random, Logger& logger)
    : config_(config), clock_(clock), random_(random), logger_(logger), ids_(clock, random) {
  if (config.metrics.enabled) prometheus_ = PrometheusMetrics::create();
}

Metrics& Server::metrics() {
  if (prometheus_) return *prometheus_;
  return no_metrics_;
}

CommandResult<void> Server::open() {
  CommandResult<std::unique_ptr<Storage>> storage = open_storage(config_, clock_, logger_);
  if (!storage) return Err(storage.error());
  storage_ = std::move(*storage);
  CommandResult<std::unique_ptr<SigningKeyStore>> keys = open_signing_keys(config_, clock_, logger_);
  if (!keys) return Err(keys.error());
  keys_ = std::move(*keys);
  CommandResult<SecretString> pepper = open_pepper(config_, random_);
  if (!pepper) return Err(pepper.error());
  pepper_ = std::move(*pepper);
  Outcome<std::optional<TimeOrderedId>> newest = storage_->issuances().newest_id();
  if (!newest) return failure(newest.error());
  if (*newest) ids_.start_after(**newest);
  maintenance_ =
      std::make_unique<PeriodicTask>(kMaintenanceInterval, [this] { tidy_up(*storage_, clock_, logger_); });
  return {};
}

CommandResult<void> Server::seed() {
  AuditService audit(storage_->audit(), ids_, clock_, logger_, metrics());
  ResourceService resources(storage_->resources(), storage_->clients(), audit, ids_, clock_);
  return seed_resources(config_.resources, resources, logger_);
}

DeferredHandler Server::public_handler() {
  PublicApiConfig api;
  api.issuer = config_.server.issuer;
  api.client_credentials_enabled = config_.client_credentials.enabled;
  api.client_credentials_token_expiry = config_.client_credentials.token_expiry;
  api.dpop = {.enabled = config_.dpop.enabled,
              .proof_lifetime = config_.dpop.proof_lifetime,
              .nonce_ttl = config_.dpop.nonce_ttl,
              .require_nonce = config_.dpop.require_nonce};
  api.allowed_origins = config_.server.allowed_origins;
  api.rate_limit = std::nullopt;
  if (config_.rate_limit.enabled) {
    api.rate_limit =
        RateLimit{config_.rate_limit.requests_per_second, static_cast<double>(config_.rate_limit.burst)};
  }
  return PublicApi::create_deferred(
      {std::move(api), pepper_, *storage_, *keys_, ids_, clock_, random_, logger_, metrics()});
}

HttpHandler Server::admin_handler() {
  AdminApiConfig api;
  api.issuer = config_.server.issuer;
  api.version = version();
  api.grants = grant_switches(config_);
  api.audit_lookback = {config_.admin.audit_default_lookback, config_.admin.audit_max_lookback};
  if (config_.admin.requests_per_second > 0 && config_.admin.burst > 0) {
    api.rate_limit = RateLimit{config_.admin.requests_per_second, static_cast<double>(config_.admin.burst)};
  }
  api.metrics_path = config_.metrics.path;
  api.public_rate_limit_enabled = config_.rate_limit.enabled;
  api.dpop = {.enabled = config_.dpop.enabled,
              .nonce_ttl = format_go_duration(config_.dpop.nonce_ttl),
              .require_nonce = config_.dpop.require_nonce};
  std::function<std::string()> metrics_text;
  if (prometheus_) metrics_text = [this] { return prometheus_->render(); };
  return AdminApi::create({std::move(api), config_.admin.api_key, pepper_, *storage_, *keys_, ids_, clock_,
                           random_, logger_, metrics(), std::move(metrics_text)});
}

CommandResult<void> Server::listen() {
  raise_open_files_limit(http_beast::ListenerOptions{}.max_connections + kAdminConnections + kOtherFiles,
                         logger_);
  http_beast::ListenerOptions options = listener_options(config_, config_.server.listen);
  options.max_body_bytes = kPublicBodyBytes;
  options.workers = kPublicWorkers;
  CommandResult<std::unique_ptr<http_beast::Listener>> opened =
      checked(http_beast::Listener::start_async(options, answering_later(public_handler()), logger_),
              "server.address");
  if (!opened) return Err(opened.error());
  public_ = std::move(*opened);
  if (!config_.admin.enabled) return {};
  options = listener_options(config_, config_.admin.listen);
  options.max_body_bytes = kAdminBodyBytes;
  options.io_threads = 1;
  options.workers = kAdminWorkers;
  options.max_connections = kAdminConnections;
  opened = checked(http_beast::Listener::start(options, admin_handler(), logger_), "admin.address");
  if (!opened) return Err(opened.error());
  admin_ = std::move(*opened);
  return {};
}

void Server::reload_keys() {
  Outcome<SigningKeySetPtr> keys = keys_->reload(clock_.now_seconds());
  if (keys) {
    logger_.info("signing keys reloaded", {{"kid", (*keys)->kid}, {"published", (*keys)->published.size()}});
  } else {
    logger_.error("signing keys not reloaded; the ones before stay in use",
                  {{"cause", failure(keys.error()).error.message}});
  }
}

bool Server::drain(std::chrono::milliseconds wait) {
  SteadyTime deadline = clock_.steady_now() + wait;
  bool drained = public_->stop(wait);
  if (!admin_) return drained;
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock_.steady_now());
  return admin_->stop(std::max(left, std::chrono::milliseconds(0))) && drained;
}

}  // namespace authplane::authserver::cli
