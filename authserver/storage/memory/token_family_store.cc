#include <set>

#include "authserver/storage/grant_rules.h"
#include "authserver/storage/memory/families.h"
#include "authserver/storage/memory/memory_state.h"
#include "authserver/storage/outcomes.h"

namespace authplane::authserver::memory {
namespace {

bool matches(const std::optional<std::string>& wanted, const std::string& value) {
  return !wanted || *wanted == value;
}

bool fits(const FamilyFilter& filter, const TokenFamily& family) {
  return matches(filter.user_id, family.user_id) && matches(filter.client_id, family.client_id) &&
         matches(filter.resource_id, family.resource_id);
}

class MemoryTokenFamilyStore final : public TokenFamilyStore {
 public:
  explicit MemoryTokenFamilyStore(State& state) : state_(state) {}

  Outcome<TokenFamily> get(const TimeOrderedId& id) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.families.find(id);
    if (found == state_.families.end()) return family_not_found();
    return found->second;
  }

  Outcome<std::optional<PresentedRefreshToken>> find_by_refresh_token(const TokenHash& hash) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.refresh_tokens.find(hash);
    if (found == state_.refresh_tokens.end()) return std::optional<PresentedRefreshToken>();
    return std::optional<PresentedRefreshToken>({found->second, state_.families.at(found->second.family_id)});
  }

  Outcome<FamilyPage> list(const FamilyFilter& filter, const Page& page) override {
    FamilyPage out;
    MutexLock lock(state_.mutex);
    for (const auto& [id, family] : state_.families) {
      if (!fits(filter, family)) continue;
      if (out.total++ >= page.offset && out.families.size() < page.limit) out.families.push_back(family);
    }
    return out;
  }

  Outcome<RevokedFamilies> revoke(const TimeOrderedId& id, WallTime now) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.families.find(id);
    if (found == state_.families.end()) return family_not_found();
    return revoke_family(state_, found->second, now);
  }

  Outcome<RevokedFamilies> revoke_of_user(std::string_view user_id, WallTime now) override {
    MutexLock lock(state_.mutex);
    RevokedFamilies out =
        revoke_families(state_, now, [&](const TokenFamily& family) { return family.user_id == user_id; });
    out.access_tokens += revoke_tokens_of_user(state_, user_id, now);
    std::erase_if(state_.authorizations, [&](const auto& entry) {
      return entry.second.user_id == user_id && !entry.second.consumed_at;
    });
    for (auto& [id, authorization] : state_.authorizations) {
      if (authorization.user_id == user_id && !authorization.revoked_at) authorization.revoked_at = now;
    }
    if (const auto user = state_.users.find(std::string(user_id)); user != state_.users.end()) {
      user->second.sessions_since = now;
    }
    return out;
  }

  Outcome<std::size_t> purge_expired(WallTime now) override {
    MutexLock lock(state_.mutex);
    const std::size_t deleted = std::erase_if(
        state_.refresh_tokens, [&](const auto& entry) { return entry.second.expires_at <= now; });
    std::set<TimeOrderedId> kept;
    for (const auto& [hash, token] : state_.refresh_tokens) kept.insert(token.family_id);
    for (auto& [family, tokens] : state_.family_tokens) {
      for (auto token = tokens.begin(); token != tokens.end();) {
        const auto row = state_.issuances.find(*token);
        const bool expired = row == state_.issuances.end() || row->second.expires_at <= in_seconds(now);
        token = expired ? tokens.erase(token) : std::next(token);
      }
      if (!tokens.empty()) kept.insert(family);
    }
    std::vector<TimeOrderedId> left;
    for (const auto& [id, family] : state_.families) {
      if (kept.count(id) == 0) left.push_back(id);
    }
    for (const TimeOrderedId& id : left) erase_family(state_, id);
    return deleted;
  }

 private:
  State& state_;
};

}  // namespace

std::unique_ptr<TokenFamilyStore> make_token_family_store(State& state) {
  return std::make_unique<MemoryTokenFamilyStore>(state);
}

}  // namespace authplane::authserver::memory
