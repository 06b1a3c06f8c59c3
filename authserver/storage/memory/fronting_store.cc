#include "authserver/storage/memory/memory_state.h"

namespace authplane::authserver::memory {
namespace {

class MemoryFrontingStore final : public FrontingStore {
 public:
  explicit MemoryFrontingStore(State& state) : state_(state) {}

  Outcome<std::optional<FrontingLink>> find(std::string_view source_slug,
                                            std::string_view target_slug) override {
    MutexLock lock(state_.mutex);
    return find_link(state_.fronting_links, source_slug, target_slug);
  }

  Outcome<std::vector<FrontingLink>> list(const FrontingFilter& filter, const Page& page) override {
    MutexLock lock(state_.mutex);
    return list_links(state_.fronting_links, filter, page);
  }

  Outcome<void> insert(const FrontingLink& link, bool dry_run) override {
    MutexLock lock(state_.mutex);
    if (auto ok = judge(link); !ok) return ok;
    if (auto ok = judge_new_link(link, state_.fronting_links); !ok) return ok;
    if (!dry_run) state_.fronting_links.emplace(key_of(link), link);
    return {};
  }

  Outcome<FrontingLink> update(std::string_view source_slug, std::string_view target_slug,
                               const ScopeMap& scope_map) override {
    MutexLock lock(state_.mutex);
    auto changed = find_link(state_.fronting_links, source_slug, target_slug);
    if (!changed) return fronting_link_not_found();
    changed->scope_map = scope_map;
    if (auto ok = judge(*changed); !ok) return Err(ok.error());
    state_.fronting_links.at(key_of(*changed)) = *changed;
    return std::move(*changed);
  }

  Outcome<void> remove(std::string_view source_slug, std::string_view target_slug) override {
    MutexLock lock(state_.mutex);
    if (state_.fronting_links.erase({std::string(source_slug), std::string(target_slug)}) == 0) {
      return fronting_link_not_found();
    }
    return {};
  }

 private:
  Outcome<void> judge(const FrontingLink& link) AUTHPLANE_REQUIRES(state_.mutex) {
    const auto& catalog = *state_.catalog;
    return judge_link(link, [&](const std::string& slug) { return catalog.find_by_slug(slug); });
  }

  State& state_;
};

}  // namespace

std::unique_ptr<FrontingStore> make_fronting_store(State& state) {
  return std::make_unique<MemoryFrontingStore>(state);
}

}  // namespace authplane::authserver::memory
