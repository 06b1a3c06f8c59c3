#include <algorithm>
#include <tuple>

#include "authserver/storage/memory/memory_state.h"

namespace authplane::authserver::memory {
namespace {

template <class Row>
std::optional<Row> find_in(const std::map<std::string, Row>& rows, std::string_view id) {
  const auto found = rows.find(std::string(id));
  return found == rows.end() ? std::nullopt : std::optional<Row>(found->second);
}

template <class Row, class Fits>
std::vector<Row> oldest_first(const std::map<std::string, Row>& rows, Fits fits) {
  std::vector<Row> out;
  for (const auto& [id, row] : rows) {
    if (fits(row)) out.push_back(row);
  }
  std::sort(out.begin(), out.end(), [](const Row& a, const Row& b) {
    return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
  });
  return out;
}

auto of_idp(const std::optional<std::string>& idp_id) {
  return [&idp_id](const auto& row) { return !idp_id || row.idp_id == *idp_id; };
}

class MemoryXaaStore final : public XaaStore {
 public:
  explicit MemoryXaaStore(State& state) : state_(state) {}

  Outcome<void> insert_idp(const TrustedIdp& idp) override {
    MutexLock lock(state_.mutex);
    if (state_.idps.contains(idp.id)) return idp_taken("id");
    if (holder_of(idp.issuer)) return idp_taken("issuer");
    state_.idps.emplace(idp.id, idp);
    return {};
  }

  Outcome<std::optional<TrustedIdp>> find_idp(std::string_view id) override {
    MutexLock lock(state_.mutex);
    return find_in(state_.idps, id);
  }

  Outcome<std::optional<TrustedIdp>> find_idp_by_issuer(std::string_view issuer) override {
    MutexLock lock(state_.mutex);
    return holder_of(issuer);
  }

  Outcome<std::vector<TrustedIdp>> list_idps() override {
    MutexLock lock(state_.mutex);
    return oldest_first(state_.idps, [](const TrustedIdp&) { return true; });
  }

  Outcome<TrustedIdp> update_idp(const TrustedIdp& changed) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.idps.find(changed.id);
    if (found == state_.idps.end()) return idp_not_found();
    return found->second = merged(std::move(found->second), changed);
  }

  Outcome<void> remove_idp(std::string_view id) override {
    MutexLock lock(state_.mutex);
    if (state_.idps.erase(std::string(id)) == 0) return idp_not_found();
    const auto names_it = [&](const auto& entry) { return entry.second.idp_id == id; };
    std::erase_if(state_.xaa_policies, names_it);
    std::erase_if(state_.subject_mappings, names_it);
    return {};
  }

  Outcome<void> insert_policy(const XaaPolicy& policy) override {
    MutexLock lock(state_.mutex);
    if (!state_.idps.contains(policy.idp_id)) return no_such_idp();
    if (!state_.xaa_policies.emplace(policy.id, policy).second) return policy_exists();
    return {};
  }

  Outcome<std::optional<XaaPolicy>> find_policy(std::string_view id) override {
    MutexLock lock(state_.mutex);
    return find_in(state_.xaa_policies, id);
  }

  Outcome<std::vector<XaaPolicy>> list_policies(const std::optional<std::string>& idp_id) override {
    MutexLock lock(state_.mutex);
    return oldest_first(state_.xaa_policies, of_idp(idp_id));
  }

  Outcome<XaaPolicy> update_policy(const XaaPolicy& changed) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.xaa_policies.find(changed.id);
    if (found == state_.xaa_policies.end()) return policy_not_found();
    return found->second = merged(found->second, changed);
  }

  Outcome<void> remove_policy(std::string_view id) override {
    MutexLock lock(state_.mutex);
    if (state_.xaa_policies.erase(std::string(id)) == 0) return policy_not_found();
    return {};
  }

  Outcome<void> insert_mapping(const SubjectMapping& mapping) override {
    MutexLock lock(state_.mutex);
    if (!state_.idps.contains(mapping.idp_id)) return no_such_idp();
    if (state_.users.count(mapping.local_user_id) == 0) return no_such_local_user();
    if (holder_of(mapping.idp_id, mapping.idp_subject)) return mapping_exists();
    if (!state_.subject_mappings.emplace(mapping.id, mapping).second) return mapping_exists();
    return {};
  }

  Outcome<std::optional<SubjectMapping>> find_mapping(std::string_view idp_id,
                                                      std::string_view idp_subject) override {
    MutexLock lock(state_.mutex);
    return holder_of(idp_id, idp_subject);
  }

  Outcome<std::vector<SubjectMapping>> list_mappings(const std::optional<std::string>& idp_id) override {
    MutexLock lock(state_.mutex);
    return oldest_first(state_.subject_mappings, of_idp(idp_id));
  }

  Outcome<void> remove_mapping(std::string_view id) override {
    MutexLock lock(state_.mutex);
    if (state_.subject_mappings.erase(std::string(id)) == 0) return mapping_not_found();
    return {};
  }

  Outcome<bool> spend_assertion(const Sha256Digest& key, WallTime expires_at) override {
    MutexLock lock(state_.mutex);
    return state_.spent_assertions.emplace(key, expires_at).second;
  }

  Outcome<std::size_t> purge_spent_assertions(WallTime now) override {
    MutexLock lock(state_.mutex);
    return std::erase_if(state_.spent_assertions, [&](const auto& entry) { return entry.second < now; });
  }

 private:
  std::optional<TrustedIdp> holder_of(std::string_view issuer) AUTHPLANE_REQUIRES(state_.mutex) {
    for (const auto& [id, idp] : state_.idps) {
      if (idp.issuer == issuer) return idp;
    }
    return std::nullopt;
  }

  std::optional<SubjectMapping> holder_of(std::string_view idp_id, std::string_view subject)
      AUTHPLANE_REQUIRES(state_.mutex) {
    for (const auto& [id, mapping] : state_.subject_mappings) {
      if (mapping.idp_id == idp_id && mapping.idp_subject == subject) return mapping;
    }
    return std::nullopt;
  }

  State& state_;
};

}  // namespace

std::unique_ptr<XaaStore> make_xaa_store(State& state) {
  return std::make_unique<MemoryXaaStore>(state);
}

}  // namespace authplane::authserver::memory
