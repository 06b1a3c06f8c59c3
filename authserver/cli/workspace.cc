#include "authserver/cli/workspace.h"

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <system_error>

#include "authserver/admin/password_hashing.h"
#include "authserver/cli/pepper.h"
#include "authserver/cli/sealing.h"
#include "authserver/storage/keyfile/keyfile.h"

namespace authplane::authserver::cli {
namespace {

constexpr std::chrono::seconds kShortestPublication = std::chrono::hours(24);
constexpr std::chrono::minutes kClockSlack{5};

bool has_database(const Config& config) {
  std::error_code ignored;
  return std::filesystem::exists(config.storage.sqlite_path, ignored);
}

}  // namespace

CommandResult<LoadedConfig> load_for_command(Invocation& invocation) {
  Result<LoadedConfig, ConfigProblems> loaded =
      load_config(invocation.config_path, invocation.context.environment, Purpose::command);
  if (!loaded) return failure(describe(loaded.error()));
  for (const std::string& slip : loaded->slips) invocation.context.err << "warning: " << slip << "\n";
  return std::move(*loaded);
}

CommandResult<std::unique_ptr<Storage>> open_storage(const Config& config, const Clock& clock, Logger& logger,
                                                     SchemaPolicy schema) {
  SqliteOptions options;
  options.schema = schema;
  options.path = config.storage.sqlite_path;
  options.wal = config.storage.write_ahead_log;
  Result<std::unique_ptr<Storage>> storage = open_sqlite(options, clock, logger);
  if (!storage) return failure(storage.error().message);
  return std::move(*storage);
}

CommandResult<void> require_database(const Config& config) {
  if (has_database(config)) return {};
  return failure("there is no database at " + config.storage.sqlite_path +
                 "; name the running server's configuration with --config or change to its folder");
}

CommandResult<std::unique_ptr<SigningKeyStore>> open_signing_keys(const Config& config, const Clock& clock,
                                                                  Logger& logger) {
  KeyfileOptions options;
  options.directory = config.signing.key_path;
  options.algorithm = config.signing.algorithm;
  options.longest_token_lifetime = std::max<std::chrono::seconds>(
      {kShortestPublication, config.client_credentials.token_expiry + kClockSlack,
       config.token_exchange.token_expiry + kClockSlack, config.xaa.token_expiry + kClockSlack,
       config.user_tokens.access_expiry + kClockSlack});
  Result<std::unique_ptr<SigningKeyStore>> keys = open_keyfile(options, clock.now_seconds(), logger);
  if (!keys) return failure(keys.error().message);
  return std::move(*keys);
}

Outcome<bool> has_client_secrets(Storage& storage) {
  const auto clients = storage.clients().list({}, kEverything);
  if (!clients) return Err(clients.error());
  return std::any_of(clients->begin(), clients->end(),
                     [](const Client& client) { return !client.secret_hash.empty(); });
}

CommandResult<SecretString> open_pepper(const Config& config, Storage& storage, Random& random) {
  if (!config.client_secret_pepper.empty()) return config.client_secret_pepper.clone();
  if (const std::string path = pepper_path(config.signing.key_path); !std::filesystem::exists(path)) {
    const Outcome<bool> needed = has_client_secrets(storage);
    if (!needed) return failure(needed.error());
    if (*needed) {
      return failure(
          path +
          " is missing, and without it no client secret of this database works; restore it "
          "from a backup, or set client_secret_pepper to a new one and rotate every client's secret");
    }
  }
  Result<SecretString> pepper = load_or_create_pepper(config.signing.key_path, random);
  if (!pepper) return failure(pepper.error().message);
  return std::move(*pepper);
}

GrantSwitches grant_switches(const Config& config) {
  return {.client_credentials = config.client_credentials.enabled,
          .token_exchange = config.token_exchange.enabled,
          .jwt_bearer = config.xaa.enabled};
}

RegistrationRules registration_rules(const Config& config) {
  return {.mode = parse_registration_mode(config.registration.mode).value(),
          .approved_redirects = config.registration.approved_redirects,
          .default_scope = config.oauth.default_client_scope};
}

CommandResult<std::unique_ptr<Workspace>> Workspace::open(Invocation& invocation) {
  CommandResult<LoadedConfig> loaded = load_for_command(invocation);
  if (!loaded) return Err(loaded.error());
  const bool is_new = !has_database(loaded->config);
  CommandResult<std::unique_ptr<Workspace>> workspace = open(std::move(*loaded), invocation.context);
  if (workspace && is_new) {
    invocation.context.err << "note: created a new database at " << (*workspace)->config().storage.sqlite_path
                           << "\n";
  }
  return workspace;
}

CommandResult<std::unique_ptr<Workspace>> Workspace::open_existing(Invocation& invocation) {
  CommandResult<LoadedConfig> loaded = load_for_command(invocation);
  if (!loaded) return Err(loaded.error());
  if (CommandResult<void> there = require_database(loaded->config); !there) return Err(there.error());
  return open(std::move(*loaded), invocation.context);
}

CommandResult<std::unique_ptr<Workspace>> Workspace::open(LoadedConfig loaded, Context& context) {
  auto logger = std::make_unique<StderrLogger>(LogLevel::warn);
  CommandResult<std::unique_ptr<Storage>> storage = open_storage(loaded.config, context.clock, *logger);
  if (!storage) return Err(storage.error());
  CommandResult<SecretString> pepper = open_pepper(loaded.config, **storage, context.random);
  if (!pepper) return Err(pepper.error());
  return std::unique_ptr<Workspace>(
      new Workspace(std::move(loaded), std::move(*pepper), std::move(logger), std::move(*storage), context));
}

Workspace::Workspace(LoadedConfig loaded, SecretString pepper, std::unique_ptr<Logger> logger,
                     std::unique_ptr<Storage> storage, Context& context)
    : loaded_(std::move(loaded)),
      pepper_(std::move(pepper)),
      clock_(context.clock),
      logger_(std::move(logger)),
      ids_(context.clock, context.random),
      storage_(std::move(storage)),
      audit_(storage_->audit(), ids_, clock_, *logger_, metrics_),
      clients_(storage_->clients(), audit_, ids_, clock_, pepper_, grant_switches(loaded_.config)),
      users_(storage_->users(), storage_->families(), audit_, ids_, clock_,
             password_hashing(PasswordPolicy(), hash_slots_, context.random)),
      grants_(storage_->consent_grants(), storage_->users(), audit_, clock_),
      accounts_(storage_->broker_grants(), storage_->users(), audit_, clock_),
      tokens_(*storage_, audit_, clock_, metrics_),
      providers_(storage_->broker_providers(), audit_, ids_, clock_, sealing_on_demand(loaded_, context)),
      resources_(*storage_, audit_, ids_, clock_, metrics_),
      fronting_(storage_->fronting_links(), storage_->resources(), audit_, clock_),
      issuances_(storage_->issuances(), audit_, clock_),
      registration_(registration_rules(loaded_.config), storage_->settings(), *logger_) {}

CommandResult<std::unique_ptr<SigningKeyStore>> Workspace::signing_keys() {
  return open_signing_keys(loaded_.config, clock_, *logger_);
}

}  // namespace authplane::authserver::cli
