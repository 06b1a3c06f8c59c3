#include "authserver/cli/server.h"

#include <algorithm>

#include <authplane/base/url.h>
#include <authplane/client/network.h>
#include <authplane/http_httplib/transport.h>

#include "authserver/admin/admin_api.h"
#include "authserver/admin/provider_sealing.h"
#include "authserver/cli/maintenance.h"
#include "authserver/cli/open_files.h"
#include "authserver/cli/outbound.h"
#include "authserver/cli/seeding.h"
#include "authserver/cli/version.h"
#include "authserver/cli/workspace.h"
#include "authserver/config/go_duration.h"
#include "authserver/domain/audit_service.h"
#include "authserver/federation/openid_provider.h"
#include "authserver/federation/provider_transport.h"
#include "authserver/http/listener_answers.h"
#include "authserver/http/public_api.h"
#include "authserver/sealing/aes_sealer.h"

namespace authplane::authserver::cli {
namespace {

constexpr std::size_t kPublicBodyBytes = 64 * 1024;
constexpr std::size_t kAdminBodyBytes = 1024 * 1024;
constexpr std::size_t kPublicWorkers = 8;  // a token waits for its commit without one
constexpr std::size_t kAdminWorkers = 4;
constexpr std::size_t kAdminConnections = 1'000;
constexpr std::size_t kSessionSecretBytes = 32;
constexpr std::size_t kOtherFiles = 256;  // database, logs, outbound calls
constexpr std::chrono::milliseconds kLongestHead{10'000};
constexpr std::chrono::milliseconds kProviderTimeout{10'000};  // of one call

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

// Where clients register, which may take more words than a token request.
std::vector<std::string> registration_paths(const std::string& issuer) {
  std::vector<std::string> paths = {"/oauth/register"};
  const auto url = Url::parse(issuer);
  if (url && !url->path().empty()) paths.push_back(url->path() + "/oauth/register");
  return paths;
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

CommandResult<std::unique_ptr<Server>> Server::start(const Config& config, const Environment& environment,
                                                     Clock& clock, Random& random, Logger& logger) {
  std::unique_ptr<Server> server(new Server(config, environment, clock, random, logger));
  for (auto step : {&Server::open, &Server::seed, &Server::find_provider, &Server::listen}) {
    CommandResult<void> done = (server.get()->*step)();
    if (!done) return Err(done.error());
  }
  return server;
}

Server::Server(const Config& config, const Environment& environment, Clock& clock, Random& random,
               Logger& logger)
    : config_(config),
      environment_(environment),
      clock_(clock),
      random_(random),
      logger_(logger),
      ids_(clock, random) {
  if (config.metrics.enabled) prometheus_ = PrometheusMetrics::create();
}

// Requests that wait for a provider are answered by endpoints that go with the listeners.
Server::~Server() {
  if (broker_) broker_->close();
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
  CommandResult<SecretString> pepper = open_pepper(config_, *storage_, random_);
  if (!pepper) return Err(pepper.error());
  pepper_ = std::move(*pepper);
  session_secret_ = config_.session.secret.empty() ? SecretString(random_.token(kSessionSecretBytes))
                                                   : config_.session.secret.clone();
  Outcome<std::optional<TimeOrderedId>> newest = storage_->issuances().newest_id();
  if (!newest) return failure(newest.error());
  if (*newest) ids_.start_after(**newest);
  open_broker();
  idp_keys_ = open_idp_keys(config_, clock_, logger_);
  maintenance_ =
      std::make_unique<PeriodicTask>(kMaintenanceInterval, [this] { tidy_up(*storage_, clock_, logger_); });
  return {};
}

void Server::open_broker() {
  const Config::DataEncryption& encryption = config_.data_encryption;
  if (!encryption.driver.empty())
    sealer_ = make_aes_sealer(encryption.key.clone(), encryption.old_key.clone(), random_);
  const bool development = config_.broker.allow_private_upstreams;
  // The clock outlives the server.
  const std::shared_ptr<const Clock> clock(std::shared_ptr<void>(), &clock_);
  broker_ = std::make_shared<Broker>(
      Broker::Options{.allow_http = development},
      Broker::Deps{
          .providers = storage_->broker_providers(),
          .grants = storage_->broker_grants(),
          .sealer = sealer_.get(),
          .transport = make_upstream_transport(development, kUpstreamTimeout, make_httplib_transport(),
                                               net::make_system_resolver(), clock),
          .secrets = [this](std::string_view name) -> std::optional<SecretString> {
            const auto value = environment_.get(name);
            if (!value) return std::nullopt;
            return SecretString(std::string(*value));
          },
          .ids = ids_,
          .clock = clock_,
          .logger = logger_,
          .metrics = metrics()});
}

CommandResult<void> Server::seed() {
  AuditService audit(storage_->audit(), ids_, clock_, logger_, metrics());
  BrokerProviderService providers(storage_->broker_providers(), audit, ids_, clock_,
                                  provider_sealing(sealer_.get()));
  CommandResult<void> seeded = seed_providers(config_.broker_providers, providers, logger_);
  if (!seeded) return seeded;
  ResourceService resources(*storage_, audit, ids_, clock_, metrics());
  return seed_resources(config_.resources, resources, logger_);
}

// A provider that cannot be reached now would keep everybody out later.
CommandResult<void> Server::find_provider() {
  const Config::Oidc& oidc = config_.oidc;
  if (!oidc.enabled) return {};
  const Result<Url> issuer = Url::parse(oidc.issuer);
  if (!issuer) return failure("oidc.issuer: " + issuer.error().message);
  const bool development = is_localhost_issuer(oidc.issuer);
  // The clock outlives the server.
  const std::shared_ptr<const Clock> clock(std::shared_ptr<void>(), &clock_);
  provider_ = std::make_shared<OpenIdProvider>(
      ProviderOptions{.issuer = oidc.issuer,
                      .client_id = oidc.client_id,
                      .client_secret = oidc.client_secret.clone(),
                      .redirect_uri = oidc.redirect_uri,
                      .scopes = oidc.scopes,
                      .include_groups_scope = oidc.include_groups_scope,
                      .connector_id = oidc.connector_id,
                      .allow_http = development},
      ProviderDocuments::Deps{
          .transport = make_provider_transport(*issuer, development, kProviderTimeout,
                                               make_httplib_transport(), net::make_system_resolver(), clock),
          .clock = clock_,
          .logger = logger_,
          .metrics = metrics()});
  const Result<void> loaded = provider_->load();
  if (!loaded) return failure("oidc.issuer: the provider cannot be used: " + loaded.error().message);
  return {};
}

BrowserOptions Server::browser_options() const {
  BrowserOptions options;
  options.login.local = config_.oidc.show_local_login;
  if (config_.oidc.enabled) options.login.provider = config_.oidc.display_name;
  options.federation_max_age = config_.oidc.state_max_age;
  options.session = {.cookie = {.name = config_.session.cookie_name,
                                .secure = config_.session.secure,
                                .same_site = parse_same_site(config_.session.same_site).value()},
                     .max_age = config_.session.max_age,
                     .fail_closed = config_.session.fail_closed};
  options.lockout = {.max_failures = static_cast<std::size_t>(config_.sign_in.max_failures),
                     .window = config_.sign_in.failure_window,
                     .lockout = config_.sign_in.lockout,
                     .max_tracked = static_cast<std::size_t>(config_.sign_in.max_tracked)};
  options.require_scope = config_.oauth.require_scope;
  options.connect.redirect_base_url = config_.connect.redirect_base_url;
  options.connect.allowed_return_urls = config_.connect.allowed_return_urls;
  return options;
}

DeferredHandler Server::public_handler() {
  PublicApiConfig api;
  api.issuer = config_.server.issuer;
  api.client_credentials_enabled = config_.client_credentials.enabled;
  api.client_credentials_token_expiry = config_.client_credentials.token_expiry;
  api.token_exchange = std::nullopt;
  if (config_.token_exchange.enabled) {
    api.token_exchange =
        TokenExchangeOptions{.allow_self_exchange = config_.token_exchange.allow_self_exchange,
                             .max_chain_depth = config_.token_exchange.max_chain_depth,
                             .lifetime = config_.token_exchange.token_expiry};
  }
  api.jwt_bearer = {.lifetime = config_.xaa.token_expiry,
                    .max_assertion_age = config_.xaa.max_assertion_age,
                    .require_resource = config_.xaa.require_resource,
                    .subject_mode = parse_subject_mode(config_.xaa.subject_mode).value()};
  api.user_tokens = {.access_lifetime = config_.user_tokens.access_expiry,
                     .refresh_lifetime = config_.user_tokens.refresh_expiry,
                     .bind_refresh_tokens = config_.dpop.bind_refresh_tokens};
  api.dpop = {.enabled = config_.dpop.enabled,
              .proof_lifetime = config_.dpop.proof_lifetime,
              .nonce_ttl = config_.dpop.nonce_ttl,
              .require_nonce = config_.dpop.require_nonce};
  api.browser = browser_options();
  api.registration = {.rules = registration_rules(config_),
                      .rate_limit = {.requests_per_second = config_.registration.requests_per_second,
                                     .burst = static_cast<double>(config_.registration.burst)}};
  api.client_documents = {.allow_http = !config_.cimd.require_https, .cache_ttl = config_.cimd.cache_ttl};
  api.allowed_origins = config_.server.allowed_origins;
  api.rate_limit = std::nullopt;
  if (config_.rate_limit.enabled) {
    api.rate_limit =
        RateLimit{config_.rate_limit.requests_per_second, static_cast<double>(config_.rate_limit.burst)};
  }
  return PublicApi::create_deferred(
      {.config = std::move(api),
       .client_secret_pepper = pepper_,
       .session_secret = session_secret_,
       .storage = *storage_,
       .signing_keys = *keys_,
       .ids = ids_,
       .clock = clock_,
       .random = random_,
       .logger = logger_,
       .metrics = metrics(),
       .client_documents = config_.cimd.enabled ? document_transport(config_, clock_) : nullptr,
       .provider = provider_,
       .upstream_tokens = sealer_ ? std::shared_ptr<UpstreamTokens>(broker_) : nullptr,
       .connect = {.broker = broker_.get(),
                   .sealer = sealer_.get(),
                   .state_secret =
                       config_.connect.state_secret.empty() ? nullptr : &config_.connect.state_secret},
       .idp_keys = idp_keys_});
}

// Said about the mode in force, which an operator may have set at run time.
void Server::warn_about_registration() {
  const RegistrationPolicy policy(registration_rules(config_), storage_->settings(), logger_);
  const auto mode = policy.mode();
  if (!mode || *mode == RegistrationMode::admin_only) return;
  if (*mode == RegistrationMode::open) {
    logger_.warn("anyone may register clients; set the mode to approved_redirects or admin_only to limit it",
                 {{"dcr_mode", to_string(*mode)}});
  }
  if (config_.oauth.default_client_scope.empty()) {
    logger_.warn("clients that register themselves get no scope ceiling; set oauth.default_client_scope",
                 {{"dcr_mode", to_string(*mode)}});
  }
}

HttpHandler Server::admin_handler() {
  AdminApiConfig api;
  api.issuer = config_.server.issuer;
  api.version = version();
  api.grants = grant_switches(config_);
  api.registration = registration_rules(config_);
  api.audit_lookback = {config_.admin.audit_default_lookback, config_.admin.audit_max_lookback};
  if (config_.admin.requests_per_second > 0 && config_.admin.burst > 0) {
    api.rate_limit = RateLimit{config_.admin.requests_per_second, static_cast<double>(config_.admin.burst)};
  }
  api.metrics_path = config_.metrics.path;
  api.oidc_enabled = config_.oidc.enabled;
  api.max_chain_depth = static_cast<std::int64_t>(config_.token_exchange.max_chain_depth);
  api.public_rate_limit_enabled = config_.rate_limit.enabled;
  api.dpop = {.enabled = config_.dpop.enabled,
              .nonce_ttl = format_go_duration(config_.dpop.nonce_ttl),
              .require_nonce = config_.dpop.require_nonce};
  std::function<std::string()> metrics_text;
  if (prometheus_) metrics_text = [this] { return prometheus_->render(); };
  return AdminApi::create({.config = std::move(api),
                           .api_key = config_.admin.api_key,
                           .client_secret_pepper = pepper_,
                           .storage = *storage_,
                           .signing_keys = *keys_,
                           .ids = ids_,
                           .clock = clock_,
                           .random = random_,
                           .logger = logger_,
                           .metrics = metrics(),
                           .metrics_text = std::move(metrics_text),
                           .sealer = sealer_.get(),
                           .idp_keys = idp_keys_});
}

http_beast::OwnAnswerWriter Server::public_answers() const {
  const auto answers = std::make_shared<const ListenerAnswers>(
      ListenerAnswers::Options{.strict_transport_security = config_.server.issuer.starts_with("https://"),
                               .allowed_origins = config_.server.allowed_origins});
  return [answers](const HttpRequest& request, const http_beast::OwnAnswer& answer) {
    return answers->write(request, answer.status, answer.error, answer.description);
  };
}

CommandResult<void> Server::listen() {
  warn_about_registration();
  raise_open_files_limit(http_beast::ListenerOptions{}.max_connections + kAdminConnections + kOtherFiles,
                         logger_);
  http_beast::ListenerOptions options = listener_options(config_, config_.server.listen);
  options.max_body_bytes = kPublicBodyBytes;
  options.large_body_paths = registration_paths(config_.server.issuer);
  options.own_answers = public_answers();
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
