#include <algorithm>

#include "authserver/storage/grant_rules.h"
#include "authserver/storage/memory/families.h"
#include "authserver/storage/memory/memory_state.h"
#include "authserver/storage/outcomes.h"

namespace authplane::authserver::memory {
namespace {

class MemoryAuthorizationStore final : public AuthorizationStore {
 public:
  explicit MemoryAuthorizationStore(State& state) : state_(state) {}

  Outcome<void> create(const Authorization& authorization) override {
    MutexLock lock(state_.mutex);
    if (!is_active_client(state_, authorization.client_id)) return client_not_active(authorization.client_id);
    if (!authorization.user_id.empty() && !is_active_user(state_, authorization.user_id)) {
      return user_not_active(authorization.user_id);
    }
    if (!state_.authorizations.emplace(authorization.id, authorization).second) return authorization_exists();
    return {};
  }

  Outcome<Authorization> get(std::string_view id) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.authorizations.find(std::string(id));
    if (found == state_.authorizations.end()) return authorization_not_found();
    return found->second;
  }

  Outcome<Authorization> approve(const Approval& approval) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.authorizations.find(approval.authorization_id);
    if (found == state_.authorizations.end()) return authorization_not_found();
    Authorization& stored = found->second;
    if (auto judged = judge_approval(stored, approval); !judged) return Err(judged.error());
    if (!is_active_client(state_, stored.client_id)) return client_not_active(stored.client_id);
    if (!is_active_user(state_, stored.user_id)) return user_not_active(stored.user_id);
    if (find_by_code(approval.code_hash) != nullptr) return code_exists();
    if (!stored.resource_id.empty()) {
      if (state_.resources.count(stored.resource_id) == 0) return resource_gone();
      if (auto recorded = record_consent(stored, approval); !recorded) return Err(recorded.error());
    }
    stored.scopes = approval.scopes;
    stored.code_hash = approval.code_hash;
    if (approval.audit) state_.audit.emplace(approval.audit->id, *approval.audit);
    return stored;
  }

  Outcome<Authorization> deny(std::string_view id, std::string_view user_id, WallTime now) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.authorizations.find(std::string(id));
    if (found == state_.authorizations.end()) return authorization_not_found();
    if (auto judged = judge_decision(found->second, user_id, now); !judged) return Err(judged.error());
    Authorization denied = std::move(found->second);
    state_.authorizations.erase(found);
    return denied;
  }

  Outcome<std::optional<RedeemedCode>> consume_code(const TokenHash& code_hash, WallTime now) override {
    MutexLock lock(state_.mutex);
    Authorization* found = find_by_code(code_hash);
    if (found == nullptr) return std::optional<RedeemedCode>();
    RedeemedCode out;
    out.is_replay = found->consumed_at.has_value();
    if (!out.is_replay) found->consumed_at = now;
    out.authorization = *found;
    if (!out.is_replay) return std::optional<RedeemedCode>(std::move(out));
    for (const auto& [id, family] : state_.families) {
      if (family.authorization_id == found->id) out.family = family;
    }
    return std::optional<RedeemedCode>(std::move(out));
  }

  Outcome<RevokedFamilies> revoke_issued(std::string_view id, WallTime now) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.authorizations.find(std::string(id));
    if (found == state_.authorizations.end()) return authorization_not_found();
    if (!found->second.revoked_at) found->second.revoked_at = now;
    return revoke_families(state_, now,
                           [&](const TokenFamily& family) { return family.authorization_id == id; });
  }

  Outcome<std::size_t> purge_expired(WallTime now, PurgeAuthorizations which) override {
    MutexLock lock(state_.mutex);
    return std::erase_if(state_.authorizations, [&](const auto& entry) {
      const Authorization& row = entry.second;
      return row.expires_at <= now && (which == PurgeAuthorizations::all || !row.consumed_at);
    });
  }

 private:
  Authorization* find_by_code(const TokenHash& hash) AUTHPLANE_REQUIRES(state_.mutex) {
    for (auto& [id, authorization] : state_.authorizations) {
      if (authorization.code_hash == hash) return &authorization;
    }
    return nullptr;
  }

  ConsentGrant* find_grant(const Authorization& wanted) AUTHPLANE_REQUIRES(state_.mutex) {
    for (auto& [id, grant] : state_.consent_grants) {
      if (grant.user_id == wanted.user_id && grant.client_id == wanted.client_id &&
          grant.resource_id == wanted.resource_id) {
        return &grant;
      }
    }
    return nullptr;
  }

  Outcome<void> record_consent(const Authorization& stored, const Approval& approval)
      AUTHPLANE_REQUIRES(state_.mutex) {
    ConsentGrant* grant = find_grant(stored);
    if (approval.basis == ConsentBasis::given_before) {
      if (grant == nullptr || !grant->covers(approval.scopes)) return consent_changed();
      return {};
    }
    if (grant == nullptr) {
      grant = &state_.consent_grants[approval.consent_grant_id];
      *grant = ConsentGrant{.id = approval.consent_grant_id,
                            .user_id = stored.user_id,
                            .client_id = stored.client_id,
                            .resource_id = stored.resource_id,
                            .scopes = {},
                            .created_at = approval.now,
                            .updated_at = {},
                            .revoked_at = {}};
    }
    grant->scopes = approval.scopes;
    grant->updated_at = approval.now;
    grant->revoked_at.reset();
    return {};
  }

  State& state_;
};

}  // namespace

std::unique_ptr<AuthorizationStore> make_authorization_store(State& state) {
  return std::make_unique<MemoryAuthorizationStore>(state);
}

}  // namespace authplane::authserver::memory
