#include <algorithm>
#include <tuple>

#include "authserver/storage/memory/families.h"
#include "authserver/storage/memory/memory_state.h"

namespace authplane::authserver::memory {
namespace {

class MemoryBrokerGrantStore final : public BrokerGrantStore {
 public:
  explicit MemoryBrokerGrantStore(State& state) : state_(state) {}

  Outcome<BrokerGrant> get(std::string_view id) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.broker_grants.find(std::string(id));
    if (found == state_.broker_grants.end()) return broker_grant_not_found();
    return found->second;
  }

  Outcome<std::optional<BrokerGrant>> find_active(std::string_view user_id,
                                                  std::string_view provider_id) override {
    MutexLock lock(state_.mutex);
    const BrokerGrant* found = grant_of(user_id, provider_id);
    if (found == nullptr || !found->is_active()) return std::optional<BrokerGrant>();
    return std::optional<BrokerGrant>(*found);
  }

  Outcome<std::vector<BrokerGrant>> list_of_user(std::string_view user_id) override {
    std::vector<BrokerGrant> out;
    {
      MutexLock lock(state_.mutex);
      for (const auto& [id, grant] : state_.broker_grants) {
        if (grant.user_id == user_id) out.push_back(grant);
      }
    }
    std::sort(out.begin(), out.end(), [](const BrokerGrant& a, const BrokerGrant& b) {
      return std::tie(b.created_at, a.id) < std::tie(a.created_at, b.id);
    });
    return out;
  }

  Outcome<std::vector<BrokerGrant>> list_after(std::string_view after, std::size_t limit) override {
    std::vector<BrokerGrant> out;
    MutexLock lock(state_.mutex);
    auto at = state_.broker_grants.upper_bound(std::string(after));
    for (; at != state_.broker_grants.end() && out.size() < limit; ++at) out.push_back(at->second);
    return out;
  }

  Outcome<BrokerGrant> connect(const BrokerGrant& grant) override {
    MutexLock lock(state_.mutex);
    if (!is_active_user(state_, grant.user_id)) return user_may_not_connect(grant.user_id);
    if (state_.broker_providers.count(grant.provider_id) == 0) return provider_not_found();
    if (BrokerGrant* stored = grant_of(grant.user_id, grant.provider_id)) {
      return *stored = reconnected(std::move(*stored), grant);
    }
    if (!state_.broker_grants.emplace(grant.id, grant).second) return broker_grant_exists();
    return grant;
  }

  Outcome<BrokerGrant> replace_credential(std::string_view id, std::int64_t version,
                                          std::string_view credential, std::string_view enc_backend,
                                          WallTime now) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.broker_grants.find(std::string(id));
    if (found == state_.broker_grants.end()) return broker_grant_not_found();
    BrokerGrant& stored = found->second;
    if (stored.version != version || !stored.is_active()) return broker_grant_changed();
    return stored = with_credential(std::move(stored), credential, enc_backend, now);
  }

  Outcome<RevokedBrokerGrant> revoke(std::string_view id, WallTime now) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.broker_grants.find(std::string(id));
    if (found == state_.broker_grants.end()) return broker_grant_not_found();
    BrokerGrant& stored = found->second;
    const bool was_active = stored.is_active();
    if (was_active) stored = without_credential(std::move(stored), now);
    return RevokedBrokerGrant{stored, was_active};
  }

  Outcome<void> begin(const PendingConnect& pending) override {
    MutexLock lock(state_.mutex);
    if (!state_.pending_connects.emplace(pending.id, pending).second) return pending_connect_exists();
    return {};
  }

  Outcome<std::optional<PendingConnect>> finish(std::string_view id, WallTime now) override {
    MutexLock lock(state_.mutex);
    auto taken = state_.pending_connects.extract(std::string(id));
    if (taken.empty() || taken.mapped().expires_at <= now) return std::optional<PendingConnect>();
    return std::optional<PendingConnect>(std::move(taken.mapped()));
  }

  Outcome<std::size_t> purge_pending(WallTime now) override {
    MutexLock lock(state_.mutex);
    return std::erase_if(state_.pending_connects,
                         [&](const auto& entry) { return entry.second.expires_at <= now; });
  }

 private:
  BrokerGrant* grant_of(std::string_view user_id, std::string_view provider_id)
      AUTHPLANE_REQUIRES(state_.mutex) {
    for (auto& [id, grant] : state_.broker_grants) {
      if (grant.user_id == user_id && grant.provider_id == provider_id) return &grant;
    }
    return nullptr;
  }

  State& state_;
};

}  // namespace

std::unique_ptr<BrokerGrantStore> make_broker_grant_store(State& state) {
  return std::make_unique<MemoryBrokerGrantStore>(state);
}

}  // namespace authplane::authserver::memory
