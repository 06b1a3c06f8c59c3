#include "authserver/storage/sqlite/sqlite_storage.h"

#include <utility>

#include "authserver/storage/sqlite/database_file.h"
#include "authserver/storage/sqlite/failure.h"
#include "authserver/storage/sqlite/sqlite_state.h"

namespace authplane::authserver {
namespace sqlite {
namespace {

// A checkpoint waits this long for readers before it leaves the rest for later: commits may be held back
// meanwhile.
constexpr std::chrono::milliseconds kCheckpointPatience{20};

class SqliteStorage final : public Storage {
 public:
  // Throws SqliteFailure.
  SqliteStorage(const SqliteOptions& options, std::unique_ptr<Connection> writer, const Clock& clock,
                Logger& logger)
      : state_{.path = options.path,
               .checkpointer = make_checkpointer(options, logger),
               .readers = {options.path, options.busy_timeout},
               .clients = {},
               .catalog = {},
               .fronting_links = {},
               .watch = {options.path,
                         options.busy_timeout,
                         clock,
                         {.clients = [this] { state_.clients.forget_all(); },
                          .resources = [this] { state_.catalog.forget(); },
                          .fronting_links = [this] { state_.fronting_links.forget(); }}},
               .writer = nullptr} {
    state_.writer = std::make_unique<Writer>(options.path, std::move(writer), options.max_queued,
                                             state_.checkpointer.get(), clock, logger,
                                             [this](const Changes& changes) { forget(changes); });
    audit_ = make_audit_store(state_, logger);
  }

  ClientStore& clients() override { return *clients_; }
  ResourceStore& resources() override { return *resources_; }
  IssuanceStore& issuances() override { return *issuances_; }
  UserStore& users() override { return *users_; }
  AuthorizationStore& authorizations() override { return *authorizations_; }
  ConsentGrantStore& consent_grants() override { return *consent_grants_; }
  TokenFamilyStore& families() override { return *families_; }
  FrontingStore& fronting_links() override { return *fronting_links_; }
  BrokerProviderStore& broker_providers() override { return *broker_providers_; }
  BrokerGrantStore& broker_grants() override { return *broker_grants_; }
  XaaStore& xaa() override { return *xaa_; }
  AuditStore& audit() override { return *audit_; }
  SettingsStore& settings() override { return *settings_; }
  StatsStore& stats() override { return *stats_; }
  std::string_view driver() const override { return "sqlite"; }

  Outcome<void> ping() override {
    const auto read = state_.readers.read([](Connection& connection) -> Outcome<void> {
      connection.run("SELECT version FROM schema_migrations LIMIT 1");
      return {};
    });
    return read ? state_.writer->check() : read;
  }

 private:
  static std::unique_ptr<Checkpointer> make_checkpointer(const SqliteOptions& options, Logger& logger) {
    if (!options.wal) return nullptr;
    auto connection =
        std::make_unique<Connection>(options.path, Access::read_write_create, kCheckpointPatience);
    connection->run("PRAGMA synchronous = FULL");
    return std::make_unique<Checkpointer>(std::move(connection), logger);
  }

  void forget(const Changes& changes) {
    for (const std::string& id : changes.clients) state_.clients.forget(id);
    if (changes.resources) state_.catalog.forget();
    if (changes.fronting_links) state_.fronting_links.forget();
  }

  State state_;
  std::unique_ptr<ClientStore> clients_ = make_client_store(state_);
  std::unique_ptr<ResourceStore> resources_ = make_resource_store(state_);
  std::unique_ptr<IssuanceStore> issuances_ = make_issuance_store(state_);
  std::unique_ptr<UserStore> users_ = make_user_store(state_);
  std::unique_ptr<AuthorizationStore> authorizations_ = make_authorization_store(state_);
  std::unique_ptr<ConsentGrantStore> consent_grants_ = make_consent_grant_store(state_);
  std::unique_ptr<TokenFamilyStore> families_ = make_token_family_store(state_);
  std::unique_ptr<FrontingStore> fronting_links_ = make_fronting_store(state_);
  std::unique_ptr<BrokerProviderStore> broker_providers_ = make_broker_provider_store(state_);
  std::unique_ptr<BrokerGrantStore> broker_grants_ = make_broker_grant_store(state_);
  std::unique_ptr<XaaStore> xaa_ = make_xaa_store(state_);
  std::unique_ptr<SettingsStore> settings_ = make_settings_store(state_);
  std::unique_ptr<StatsStore> stats_ = make_stats_store(state_);
  std::unique_ptr<AuditStore> audit_;
};

}  // namespace
}  // namespace sqlite

Result<std::unique_ptr<Storage>> open_sqlite(const SqliteOptions& options, const Clock& clock,
                                             Logger& logger) {
  auto opened = sqlite::open_database_file(options, clock.now());
  if (!opened) return Err(opened.error());
  if (opened->migrations_applied != 0) {
    logger.info("database migrated", {{"path", options.path}, {"migrations", opened->migrations_applied}});
  }
  try {
    return std::unique_ptr<Storage>(
        std::make_unique<sqlite::SqliteStorage>(options, std::move(opened->writer), clock, logger));
  } catch (const sqlite::SqliteFailure& failure) {
    return Err(sqlite::open_error(failure, options.path));
  }
}

Result<std::size_t> migrate_sqlite(const SqliteOptions& options, const Clock& clock) {
  auto opened = sqlite::open_database_file(options, clock.now());
  if (!opened) return Err(opened.error());
  return opened->migrations_applied;
}

}  // namespace authplane::authserver
