#include "authserver/storage/memory/memory_storage.h"

#include <algorithm>
#include <utility>

#include "authserver/storage/memory/memory_state.h"
#include "authserver/storage/outcomes.h"

namespace authplane::authserver {
namespace memory {
namespace {

class MemoryAuditStore final : public AuditStore {
 public:
  explicit MemoryAuditStore(State& state) : state_(state) {}

  Outcome<void> append(const AuditEvent& event) override {
    MutexLock lock(state_.mutex);
    if (!state_.audit.emplace(event.id, event).second) {
      return fail(DomainErrorCode::conflict, "the audit event exists");
    }
    return {};
  }

  bool post(AuditEvent event) override { return append(event).has_value(); }

  Outcome<std::vector<AuditEvent>> query(const AuditQuery& query) override {
    const auto matches = [](const std::optional<std::string>& wanted, const std::string& value) {
      return !wanted || *wanted == value;
    };
    std::vector<AuditEvent> out;
    std::size_t skipped = 0;
    MutexLock lock(state_.mutex);
    for (const auto& [id, event] : state_.audit) {
      if (out.size() >= query.page.limit) break;
      if (event.created_at < query.since || (query.until && event.created_at >= *query.until)) continue;
      if (!matches(query.action, event.action) || !matches(query.actor_id, event.actor_id) ||
          !matches(query.client_id, event.client_id)) {
        continue;
      }
      if (skipped++ >= query.page.offset) out.push_back(event);
    }
    return out;
  }

 private:
  State& state_;
};

class MemorySettingsStore final : public SettingsStore {
 public:
  explicit MemorySettingsStore(State& state) : state_(state) {}

  Outcome<std::optional<std::string>> get(std::string_view key) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.settings.find(std::string(key));
    if (found == state_.settings.end()) return std::optional<std::string>();
    return std::optional<std::string>(found->second);
  }

  Outcome<void> set(std::string_view key, std::string_view value, WallTime) override {
    MutexLock lock(state_.mutex);
    state_.settings.insert_or_assign(std::string(key), std::string(value));
    return {};
  }

 private:
  State& state_;
};

class MemoryStatsStore final : public StatsStore {
 public:
  explicit MemoryStatsStore(State& state) : state_(state) {}

  Outcome<Stats> stats(WallTime since) override {
    const auto from = in_seconds(since);
    Stats out;
    MutexLock lock(state_.mutex);
    out.clients = state_.clients.size();
    out.users = state_.users.size();
    for (const auto& [id, client] : state_.clients)
      out.active_clients += client->status == ClientStatus::active;
    for (const auto& [id, row] : state_.issuances) {
      out.tokens_issued += row.issued_at >= from;
      out.tokens_revoked += row.revoked_at && *row.revoked_at >= from;
    }
    return out;
  }

 private:
  State& state_;
};

class MemoryStorage final : public Storage {
 public:
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
  AuditStore& audit() override { return audit_; }
  SettingsStore& settings() override { return settings_; }
  StatsStore& stats() override { return stats_; }
  Outcome<void> ping() override { return {}; }
  std::string_view driver() const override { return "memory"; }

 private:
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
  MemoryAuditStore audit_{state_};
  MemorySettingsStore settings_{state_};
  MemoryStatsStore stats_{state_};
};

}  // namespace
}  // namespace memory

std::unique_ptr<Storage> make_memory_storage() {
  return std::make_unique<memory::MemoryStorage>();
}

}  // namespace authplane::authserver
