#include <algorithm>
#include <tuple>

#include "authserver/storage/grant_rules.h"
#include "authserver/storage/memory/families.h"
#include "authserver/storage/memory/memory_state.h"
#include "authserver/storage/outcomes.h"

namespace authplane::authserver::memory {
namespace {

class MemoryUserStore final : public UserStore {
 public:
  explicit MemoryUserStore(State& state) : state_(state) {}

  Outcome<void> insert(const User& user) override {
    MutexLock lock(state_.mutex);
    if (state_.users.count(user.id) != 0) return user_taken("id");
    if (holder_of_email(user.email) != nullptr) return user_taken("e-mail address");
    if (holder_of_sub(user.provider, user.provider_sub) != nullptr) return user_taken("provider identity");
    state_.users.emplace(user.id, user);
    return {};
  }

  Outcome<User> get(std::string_view id) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.users.find(std::string(id));
    if (found == state_.users.end()) return user_not_found();
    return found->second;
  }

  Outcome<std::optional<User>> find_by_email(std::string_view email) override {
    MutexLock lock(state_.mutex);
    return copy_of(holder_of_email(email));
  }

  Outcome<std::optional<User>> find_by_provider(std::string_view provider,
                                                std::string_view provider_sub) override {
    MutexLock lock(state_.mutex);
    return copy_of(holder_of_sub(provider, provider_sub));
  }

  Outcome<std::vector<User>> list(const Page& page) override {
    std::vector<User> all;
    {
      MutexLock lock(state_.mutex);
      for (const auto& [id, user] : state_.users) all.push_back(user);
    }
    std::sort(all.begin(), all.end(), [](const User& a, const User& b) {
      return std::tie(b.created_at, a.id) < std::tie(a.created_at, b.id);
    });
    std::vector<User> out;
    for (std::size_t i = page.offset; i < all.size() && out.size() < page.limit; ++i) out.push_back(all[i]);
    return out;
  }

  Outcome<User> update(const User& changed) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.users.find(changed.id);
    if (found == state_.users.end()) return user_not_found();
    if (found->second.version != changed.version) return user_version_conflict();
    const User* holder = holder_of_email(changed.email);
    if (holder != nullptr && holder->id != changed.id) return user_taken("e-mail address");
    found->second = merged(found->second, changed);
    return found->second;
  }

  Outcome<User> transition(std::string_view id, UserStatus to, WallTime now) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.users.find(std::string(id));
    if (found == state_.users.end()) return user_not_found();
    if (found->second.status == to) return user_is_already(to);
    found->second.status = to;
    found->second.updated_at = now;
    if (!found->second.is_active()) found->second.sessions_since = now;
    ++found->second.version;
    return found->second;
  }

  Outcome<void> remove(std::string_view id, RemoveUser mode, WallTime now) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.users.find(std::string(id));
    if (found == state_.users.end()) return user_not_found();
    const auto of_user = [&](const auto& row) { return row.user_id == id; };
    if (mode == RemoveUser::unless_live_families && has_live_family(state_, of_user, now)) {
      return user_has_live_families();
    }
    revoke_tokens_of_user(state_, id, now);
    erase_grants(state_, of_user);
    const auto of_entry = [&](const auto& entry) { return of_user(entry.second); };
    std::erase_if(state_.broker_grants, of_entry);
    std::erase_if(state_.pending_connects, of_entry);
    state_.users.erase(found);
    return {};
  }

 private:
  const User* holder_of_email(std::string_view email) AUTHPLANE_REQUIRES(state_.mutex) {
    if (email.empty()) return nullptr;
    for (const auto& [id, user] : state_.users) {
      if (user.email == email) return &user;
    }
    return nullptr;
  }

  const User* holder_of_sub(std::string_view provider, std::string_view sub)
      AUTHPLANE_REQUIRES(state_.mutex) {
    if (sub.empty()) return nullptr;
    for (const auto& [id, user] : state_.users) {
      if (user.provider == provider && user.provider_sub == sub) return &user;
    }
    return nullptr;
  }

  static std::optional<User> copy_of(const User* user) {
    return user == nullptr ? std::nullopt : std::optional<User>(*user);
  }

  State& state_;
};

}  // namespace

std::unique_ptr<UserStore> make_user_store(State& state) {
  return std::make_unique<MemoryUserStore>(state);
}

}  // namespace authplane::authserver::memory
