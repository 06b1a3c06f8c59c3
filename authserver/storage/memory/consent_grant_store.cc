#include <algorithm>
#include <set>
#include <tuple>

#include "authserver/storage/grant_rules.h"
#include "authserver/storage/memory/families.h"
#include "authserver/storage/memory/memory_state.h"
#include "authserver/storage/outcomes.h"

namespace authplane::authserver::memory {
namespace {

bool matches(const std::optional<std::string>& wanted, const std::string& value) {
  return !wanted || *wanted == value;
}

class MemoryConsentGrantStore final : public ConsentGrantStore {
 public:
  explicit MemoryConsentGrantStore(State& state) : state_(state) {}

  Outcome<ConsentGrant> get(std::string_view id) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.consent_grants.find(std::string(id));
    if (found == state_.consent_grants.end()) return consent_grant_not_found();
    return found->second;
  }

  Outcome<std::optional<ConsentGrant>> find_active(std::string_view user_id, std::string_view client_id,
                                                   std::string_view resource_id) override {
    MutexLock lock(state_.mutex);
    for (const auto& [id, grant] : state_.consent_grants) {
      if (grant.user_id == user_id && grant.client_id == client_id && grant.resource_id == resource_id &&
          grant.is_active()) {
        return std::optional<ConsentGrant>(grant);
      }
    }
    return std::optional<ConsentGrant>();
  }

  Outcome<std::vector<ConsentGrant>> list(const ConsentGrantFilter& filter, const Page& page) override {
    std::vector<ConsentGrant> matching;
    {
      MutexLock lock(state_.mutex);
      for (const auto& [id, grant] : state_.consent_grants) {
        if (matches(filter.user_id, grant.user_id) && matches(filter.client_id, grant.client_id) &&
            matches(filter.resource_id, grant.resource_id)) {
          matching.push_back(grant);
        }
      }
    }
    std::sort(matching.begin(), matching.end(), [](const ConsentGrant& a, const ConsentGrant& b) {
      return std::tie(b.created_at, a.id) < std::tie(a.created_at, b.id);
    });
    std::vector<ConsentGrant> out;
    for (std::size_t i = page.offset; i < matching.size() && out.size() < page.limit; ++i) {
      out.push_back(matching[i]);
    }
    return out;
  }

  Outcome<RevokedConsentGrant> revoke(std::string_view id, WallTime now) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.consent_grants.find(std::string(id));
    if (found == state_.consent_grants.end()) return consent_grant_not_found();
    ConsentGrant& grant = found->second;
    RevokedConsentGrant out;
    out.was_active = grant.is_active();
    if (out.was_active) grant.revoked_at = grant.updated_at = now;
    out.grant = grant;
    const auto of_grant = [&](const auto& row) {
      return row.user_id == grant.user_id && row.client_id == grant.client_id &&
             row.resource_id == grant.resource_id;
    };
    const RevokedFamilies families = revoke_families(state_, now, of_grant);
    out.families = families.families;
    out.issuances = families.access_tokens + revoke_tokens(grant, in_seconds(now));
    for (auto& [authorization_id, row] : state_.authorizations) {
      if (of_grant(row) && !row.is_pending() && !row.revoked_at) row.revoked_at = now;
    }
    return out;
  }

 private:
  // Live tokens of the user that are under the grant or descend from one that is.
  std::size_t revoke_tokens(const ConsentGrant& grant, std::chrono::sys_seconds now)
      AUTHPLANE_REQUIRES(state_.mutex) {
    std::size_t revoked = 0;
    for (auto& [id, row] : state_.issuances) {
      if (row.subject_user_id != grant.user_id || !row.revocable || !row.is_live(now)) continue;
      if (!descends_from(grant, row)) continue;
      row.revoked_at = now;
      ++revoked;
    }
    return revoked;
  }

  bool descends_from(const ConsentGrant& grant, const Issuance& token) AUTHPLANE_REQUIRES(state_.mutex) {
    std::set<TimeOrderedId> seen;
    const Issuance* at = &token;
    while (at != nullptr && seen.insert(at->id).second) {
      if (at->subject_user_id == grant.user_id && at->client_id == grant.client_id &&
          at->resource_id == grant.resource_id) {
        return true;
      }
      const auto parent = at->parent_jti ? state_.issuances.find(*at->parent_jti) : state_.issuances.end();
      at = parent == state_.issuances.end() ? nullptr : &parent->second;
    }
    return false;
  }

  State& state_;
};

}  // namespace

std::unique_ptr<ConsentGrantStore> make_consent_grant_store(State& state) {
  return std::make_unique<MemoryConsentGrantStore>(state);
}

}  // namespace authplane::authserver::memory
