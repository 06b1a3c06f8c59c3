#pragma once

#include <memory>
#include <string>

#include <authplane/base/clock.h>
#include <authplane/base/log.h>

#include "authserver/domain/storage.h"
#include "authserver/storage/delegation_rules.h"
#include "authserver/storage/sqlite/change_watch.h"
#include "authserver/storage/sqlite/checkpointer.h"
#include "authserver/storage/sqlite/client_cache.h"
#include "authserver/storage/sqlite/reader_pool.h"
#include "authserver/storage/sqlite/snapshot_cache.h"
#include "authserver/storage/sqlite/writer.h"

namespace authplane::authserver::sqlite {

// What the stores of one open database share. Members are destroyed from the bottom up: the writer first, so
// that it can still report what it committed, and the checkpointer last, so that the connection SQLite closes
// last is one that may copy the write-ahead log into the file.
struct State {
  std::string path;
  std::unique_ptr<Checkpointer> checkpointer;  // null without a write-ahead log
  ReaderPool readers;
  ClientCache clients;
  SnapshotCache<ResourceCatalog> catalog;
  SnapshotCache<FrontingLinks> fronting_links;
  ChangeWatch watch;
  std::unique_ptr<Writer> writer;

  // Before a copy is used: drops what another process changed.
  Outcome<void> poll_changes() {
    try {
      watch.poll();
      return {};
    } catch (const SqliteFailure& failure) {
      return Err(to_domain_error(failure, path));
    }
  }
};

std::unique_ptr<ClientStore> make_client_store(State& state);
std::unique_ptr<ResourceStore> make_resource_store(State& state);
std::unique_ptr<IssuanceStore> make_issuance_store(State& state);
std::unique_ptr<UserStore> make_user_store(State& state);
std::unique_ptr<AuthorizationStore> make_authorization_store(State& state);
std::unique_ptr<ConsentGrantStore> make_consent_grant_store(State& state);
std::unique_ptr<TokenFamilyStore> make_token_family_store(State& state);
std::unique_ptr<FrontingStore> make_fronting_store(State& state);
std::unique_ptr<BrokerProviderStore> make_broker_provider_store(State& state);
std::unique_ptr<BrokerGrantStore> make_broker_grant_store(State& state);
std::unique_ptr<XaaStore> make_xaa_store(State& state);
std::unique_ptr<AuditStore> make_audit_store(State& state, Logger& logger);
std::unique_ptr<SettingsStore> make_settings_store(State& state);
std::unique_ptr<StatsStore> make_stats_store(State& state);

}  // namespace authplane::authserver::sqlite
