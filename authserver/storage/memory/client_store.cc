#include <algorithm>
#include <set>
#include <tuple>

#include "authserver/storage/memory/families.h"
#include "authserver/storage/memory/lineage.h"
#include "authserver/storage/memory/memory_state.h"
#include "authserver/storage/outcomes.h"

namespace authplane::authserver::memory {
namespace {

class MemoryClientStore final : public ClientStore {
 public:
  explicit MemoryClientStore(State& state) : state_(state) {}

  Outcome<void> insert(const Client& client) override {
    MutexLock lock(state_.mutex);
    if (!state_.clients.emplace(client.id, std::make_shared<const Client>(client)).second) {
      return fail(DomainErrorCode::conflict, "the client id is taken");
    }
    return {};
  }

  Outcome<ClientPtr> get(std::string_view id) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.clients.find(std::string(id));
    if (found == state_.clients.end()) return client_not_found(id);
    return found->second;
  }

  Outcome<std::vector<Client>> list(const ClientFilter& filter, const Page& page) override {
    std::vector<ClientPtr> matching;
    {
      MutexLock lock(state_.mutex);
      for (const auto& [id, client] : state_.clients) {
        if (filter.status && client->status != *filter.status) continue;
        if (filter.registration_source && client->registration_source != *filter.registration_source)
          continue;
        matching.push_back(client);
      }
    }
    sort_newest_first(matching);
    std::vector<Client> out;
    for (std::size_t i = page.offset; i < matching.size() && out.size() < page.limit; ++i)
      out.push_back(*matching[i]);
    return out;
  }

  Outcome<Client> update(const Client& changed) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.clients.find(changed.id);
    if (found == state_.clients.end()) return client_not_found(changed.id);
    if (found->second->version != changed.version) return client_version_conflict();
    return replace(found->second, merged(*found->second, changed));
  }

  Outcome<void> rotate_secret(std::string_view id, std::string_view new_secret_hash, WallTime now) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.clients.find(std::string(id));
    if (found == state_.clients.end()) return client_not_found(id);
    if (found->second->is_public()) return client_is_public();
    Client next = *found->second;
    next.secret_hash = new_secret_hash;
    next.updated_at = now;
    ++next.version;
    replace(found->second, std::move(next));
    return {};
  }

  Outcome<Client> transition(std::string_view id, ClientStatus to, WallTime now) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.clients.find(std::string(id));
    if (found == state_.clients.end()) return client_not_found(id);
    const Client& stored = *found->second;
    if (!is_allowed_transition(stored.status, to)) return client_transition_conflict(stored.status, to);
    if (stored.status == to) return stored;
    if (to == ClientStatus::revoked) revoke_tokens(id, now);
    Client next = stored;
    next.status = to;
    next.updated_at = now;
    ++next.version;
    return replace(found->second, std::move(next));
  }

  Outcome<void> remove(std::string_view id, RemoveClient mode, WallTime now) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.clients.find(std::string(id));
    if (found == state_.clients.end()) return client_not_found(id);
    const auto of_client = [&](const auto& row) { return row.client_id == id; };
    if (mode == RemoveClient::unless_live_tokens) {
      if (has_live_family(state_, of_client, now) || has_live_token(id, now)) return client_has_live_tokens();
    } else {
      revoke_tokens(id, now);
    }
    erase_grants(state_, of_client);
    state_.clients.erase(found);
    return {};
  }

  Outcome<std::size_t> purge_unused(const UnusedClients& which, WallTime now) override {
    MutexLock lock(state_.mutex);
    std::set<std::string, std::less<>> used;
    for (const auto& [id, issuance] : state_.issuances) used.insert(issuance.client_id);
    for (const auto& [id, grant] : state_.consent_grants) used.insert(grant.client_id);
    for (const auto& [id, authorization] : state_.authorizations) {
      if (authorization.expires_at > now) used.insert(authorization.client_id);
    }
    std::vector<ClientPtr> unused;
    for (const auto& [id, client] : state_.clients) {
      const bool fits = client->registration_source == which.source &&
                        client->status == ClientStatus::active && client->issued_at < which.registered_before;
      if (fits && !used.contains(id)) unused.push_back(client);
    }
    sort_newest_first(unused);
    std::size_t removed = 0;
    for (std::size_t i = which.keep_newest; i < unused.size() && removed < which.limit; ++i, ++removed) {
      const std::string& id = unused[i]->id;
      erase_grants(state_, [&](const auto& row) { return row.client_id == id; });
      state_.clients.erase(id);
    }
    return removed;
  }

 private:
  static bool is_live_token_of(const Issuance& issuance, std::string_view client, WallTime now) {
    return issuance.client_id == client && issuance.revocable && issuance.is_live(in_seconds(now));
  }

  bool has_live_token(std::string_view client, WallTime now) AUTHPLANE_REQUIRES(state_.mutex) {
    return std::any_of(state_.issuances.begin(), state_.issuances.end(),
                       [&](const auto& entry) { return is_live_token_of(entry.second, client, now); });
  }

  void revoke_tokens(std::string_view client, WallTime now) AUTHPLANE_REQUIRES(state_.mutex) {
    revoke_families(state_, now, [&](const TokenFamily& family) { return family.client_id == client; });
    revoke_lineage(state_, in_seconds(now), [&](const Issuance& token) { return token.client_id == client; });
  }

  static void sort_newest_first(std::vector<ClientPtr>& clients) {
    std::sort(clients.begin(), clients.end(), [](const ClientPtr& a, const ClientPtr& b) {
      return std::tie(b->issued_at, a->id) < std::tie(a->issued_at, b->id);
    });
  }

  static Client replace(ClientPtr& slot, Client next) {
    slot = std::make_shared<const Client>(std::move(next));
    return *slot;
  }

  State& state_;
};

}  // namespace

std::unique_ptr<ClientStore> make_client_store(State& state) {
  return std::make_unique<MemoryClientStore>(state);
}

}  // namespace authplane::authserver::memory
