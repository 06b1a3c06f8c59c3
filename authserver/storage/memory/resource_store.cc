#include <algorithm>

#include "authserver/storage/grant_rules.h"
#include "authserver/storage/memory/memory_state.h"
#include "authserver/storage/outcomes.h"

namespace authplane::authserver::memory {
namespace {

class MemoryResourceStore final : public ResourceStore {
 public:
  explicit MemoryResourceStore(State& state) : state_(state) {}

  Outcome<std::shared_ptr<const ResourceCatalog>> catalog() override {
    MutexLock lock(state_.mutex);
    return state_.catalog;
  }

  Outcome<void> insert(const Resource& resource) override {
    MutexLock lock(state_.mutex);
    if (!has_provider(resource)) return no_such_provider();
    if (state_.catalog->find_by_slug(resource.slug)) return slug_taken(resource.slug);
    if (!state_.resources.emplace(resource.id, resource).second) {
      return fail(DomainErrorCode::conflict, "the resource id is taken");
    }
    rebuild_catalog();
    return {};
  }

  Outcome<Resource> update(const Resource& changed) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.resources.find(changed.id);
    if (found == state_.resources.end()) return resource_not_found();
    if (found->second.version != changed.version) return resource_version_conflict();
    const ResourcePtr holder = state_.catalog->find_by_slug(changed.slug);
    if (holder && holder->id != changed.id) return slug_taken(changed.slug);
    if (!has_provider(changed)) return no_such_provider();
    if (auto ok = judge_fronted_change(state_.fronting_links, found->second, changed); !ok) {
      return Err(ok.error());
    }
    found->second = merged(found->second, changed);
    Resource stored = found->second;
    rebuild_catalog();
    return stored;
  }

  Outcome<std::vector<FrontingLink>> remove(std::string_view id, RemoveResource mode, WallTime now) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.resources.find(std::string(id));
    if (found == state_.resources.end()) return resource_not_found();
    std::vector<FrontingLink> links = links_of(state_.fronting_links, found->second.slug);
    if (!links.empty() && mode == RemoveResource::unless_linked) return resource_is_linked();
    const bool in_use = std::any_of(state_.issuances.begin(), state_.issuances.end(), [&](const auto& entry) {
      return entry.second.resource_id == id && entry.second.expires_at > in_seconds(now);
    });
    if (in_use) return resource_has_live_tokens();
    const auto names_it = [&](const auto& entry) { return entry.second.resource_id == id; };
    for (const auto& entry : state_.consent_grants) {
      if (names_it(entry) && entry.second.is_active()) return resource_has_consent();
    }
    std::erase_if(state_.consent_grants, names_it);
    for (const FrontingLink& link : links) state_.fronting_links.erase(key_of(link));
    state_.resources.erase(found);
    rebuild_catalog();
    return links;
  }

 private:
  bool has_provider(const Resource& resource) AUTHPLANE_REQUIRES(state_.mutex) {
    return resource.broker_provider_id.empty() ||
           state_.broker_providers.count(resource.broker_provider_id) != 0;
  }

  void rebuild_catalog() AUTHPLANE_REQUIRES(state_.mutex) {
    std::vector<Resource> all;
    for (const auto& [id, resource] : state_.resources) all.push_back(resource);
    state_.catalog = std::make_shared<const ResourceCatalog>(std::move(all));
  }

  State& state_;
};

}  // namespace

std::unique_ptr<ResourceStore> make_resource_store(State& state) {
  return std::make_unique<MemoryResourceStore>(state);
}

}  // namespace authplane::authserver::memory
