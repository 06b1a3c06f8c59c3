#include <algorithm>
#include <tuple>

#include "authserver/storage/grant_rules.h"
#include "authserver/storage/memory/families.h"
#include "authserver/storage/memory/lineage.h"
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
    out.issuances =
        families.access_tokens + revoke_lineage(state_, in_seconds(now), [&](const Issuance& token) {
          return token.subject_user_id == grant.user_id && token.resource_id == grant.resource_id &&
                 (token.client_id == grant.client_id || token.consent_client_id == grant.client_id);
        });
    for (auto& [authorization_id, row] : state_.authorizations) {
      if (of_grant(row) && !row.is_pending() && !row.revoked_at) row.revoked_at = now;
    }
    return out;
  }

 private:
  State& state_;
};

}  // namespace

std::unique_ptr<ConsentGrantStore> make_consent_grant_store(State& state) {
  return std::make_unique<MemoryConsentGrantStore>(state);
}

}  // namespace authplane::authserver::memory
