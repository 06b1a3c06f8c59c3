#include <algorithm>

#include "authserver/storage/memory/memory_state.h"
#include "authserver/storage/outcomes.h"

namespace authplane::authserver::memory {
namespace {

class MemoryBrokerProviderStore final : public BrokerProviderStore {
 public:
  explicit MemoryBrokerProviderStore(State& state) : state_(state) {}

  Outcome<void> insert(const BrokerProvider& provider) override {
    MutexLock lock(state_.mutex);
    if (holder_of(provider.slug) != nullptr) return slug_taken(provider.slug);
    if (!state_.broker_providers.emplace(provider.id, provider).second) {
      return fail(DomainErrorCode::conflict, "the broker provider id is taken");
    }
    return {};
  }

  Outcome<std::optional<BrokerProvider>> find(std::string_view id) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.broker_providers.find(std::string(id));
    if (found == state_.broker_providers.end()) return std::optional<BrokerProvider>();
    return std::optional<BrokerProvider>(found->second);
  }

  Outcome<std::optional<BrokerProvider>> find_by_slug(std::string_view slug) override {
    MutexLock lock(state_.mutex);
    const BrokerProvider* found = holder_of(slug);
    return found == nullptr ? std::nullopt : std::optional<BrokerProvider>(*found);
  }

  Outcome<std::vector<BrokerProvider>> list() override {
    std::vector<BrokerProvider> out;
    {
      MutexLock lock(state_.mutex);
      for (const auto& [id, provider] : state_.broker_providers) out.push_back(provider);
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.slug < b.slug; });
    return out;
  }

  Outcome<BrokerProvider> update(const BrokerProvider& changed) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.broker_providers.find(changed.id);
    if (found == state_.broker_providers.end()) return provider_not_found();
    if (found->second.version != changed.version) return provider_version_conflict();
    const BrokerProvider* holder = holder_of(changed.slug);
    if (holder != nullptr && holder->id != changed.id) return slug_taken(changed.slug);
    found->second = merged(found->second, changed);
    return found->second;
  }

  Outcome<void> remove(std::string_view id) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.broker_providers.find(std::string(id));
    if (found == state_.broker_providers.end()) return provider_not_found();
    for (const auto& [resource_id, resource] : state_.resources) {
      if (resource.broker_provider_id == id) return provider_is_used("resource " + resource.slug);
    }
    const auto names_it = [&](const auto& entry) { return entry.second.provider_id == id; };
    for (const auto& entry : state_.broker_grants) {
      if (names_it(entry) && entry.second.is_active()) return provider_is_used("connected accounts");
    }
    std::erase_if(state_.broker_grants, names_it);
    std::erase_if(state_.pending_connects, names_it);
    state_.broker_providers.erase(found);
    return {};
  }

 private:
  const BrokerProvider* holder_of(std::string_view slug) AUTHPLANE_REQUIRES(state_.mutex) {
    for (const auto& [id, provider] : state_.broker_providers) {
      if (provider.slug == slug) return &provider;
    }
    return nullptr;
  }

  State& state_;
};

}  // namespace

std::unique_ptr<BrokerProviderStore> make_broker_provider_store(State& state) {
  return std::make_unique<MemoryBrokerProviderStore>(state);
}

}  // namespace authplane::authserver::memory
