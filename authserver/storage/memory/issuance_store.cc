#include <set>
#include <utility>
#include <vector>

#include "authserver/storage/memory/families.h"
#include "authserver/storage/memory/lineage.h"
#include "authserver/storage/memory/memory_state.h"
#include "authserver/storage/outcomes.h"

namespace authplane::authserver::memory {
namespace {

bool matches(const std::optional<std::string>& wanted, const std::string& value) {
  return !wanted || *wanted == value;
}

class MemoryIssuanceStore final : public IssuanceStore {
 public:
  explicit MemoryIssuanceStore(State& state) : state_(state) {}

  void start(IssuanceAppend& append) override {
    append.mark_started();
    append.complete(put(append.issuance()));
  }

  void append_async(NewIssuance issuance, AppendCallback done) override { done(put(issuance)); }

  Outcome<Issuance> get(const TimeOrderedId& id) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.issuances.find(id);
    if (found == state_.issuances.end()) return issuance_not_found();
    return found->second;
  }

  Outcome<std::optional<Issuance>> find_by_jti(std::string_view jti) override {
    const auto id = TimeOrderedId::parse(jti);
    if (!id) return std::optional<Issuance>();
    MutexLock lock(state_.mutex);
    const auto found = state_.issuances.find(*id);
    if (found == state_.issuances.end() || found->second.jti() != jti) return std::optional<Issuance>();
    return std::optional<Issuance>(found->second);
  }

  Outcome<TokenState> token_state(std::string_view jti, WallTime now) override {
    auto row = find_by_jti(jti);
    if (!row) return Err(row.error());
    if (!*row) return TokenState::unknown;
    if ((*row)->revoked_at) return TokenState::revoked;
    return (*row)->is_live(in_seconds(now)) ? TokenState::live : TokenState::expired;
  }

  Outcome<std::vector<Issuance>> query(const IssuanceQuery& query) override {
    if (!query.subject_user_id && !query.client_id && !query.resource_id) return query_without_condition();
    std::vector<Issuance> out;
    MutexLock lock(state_.mutex);
    for (const auto& [id, row] : state_.issuances) {
      if (out.size() >= query.limit) break;
      if (row.issued_at >= query.since && matches(query.subject_user_id, row.subject_user_id) &&
          matches(query.client_id, row.client_id) && matches(query.resource_id, row.resource_id)) {
        out.push_back(row);
      }
    }
    return out;
  }

  Outcome<MachineTokenPage> list_machine_tokens(const std::optional<std::string>& client_id,
                                                const Page& page) override {
    MachineTokenPage out;
    MutexLock lock(state_.mutex);
    for (const auto& [id, row] : state_.issuances) {
      if (!row.is_machine_token() || !matches(client_id, row.client_id)) continue;
      if (out.total++ >= page.offset && out.tokens.size() < page.limit) out.tokens.push_back(row);
    }
    return out;
  }

  Outcome<RevokedIssuance> revoke(const TimeOrderedId& id, WallTime now) override {
    MutexLock lock(state_.mutex);
    const auto found = state_.issuances.find(id);
    if (found == state_.issuances.end()) return issuance_not_found();
    RevokedIssuance out;
    out.was_live = !found->second.revoked_at;
    if (out.was_live) found->second.revoked_at = in_seconds(now);
    out.issuance = found->second;
    out.descendants =
        revoke_lineage(state_, in_seconds(now), [&](const Issuance& token) { return token.id == id; });
    return out;
  }

  Outcome<std::size_t> purge_expired_machine_tokens(WallTime now) override {
    MutexLock lock(state_.mutex);
    std::set<TimeOrderedId> parents;
    for (const auto& [id, row] : state_.issuances) {
      if (row.parent_jti) parents.insert(*row.parent_jti);
    }
    return std::erase_if(state_.issuances, [&](const auto& entry) {
      const Issuance& row = entry.second;
      return row.is_machine_token() && row.resource_id.empty() && row.expires_at <= in_seconds(now) &&
             parents.count(row.id) == 0;
    });
  }

  Outcome<std::size_t> purge_spent_proofs(WallTime now) override {
    MutexLock lock(state_.mutex);
    return std::erase_if(state_.spent_proofs,
                         [&](const auto& entry) { return entry.second < in_seconds(now); });
  }

  Outcome<std::optional<TimeOrderedId>> newest_id() override {
    MutexLock lock(state_.mutex);
    if (state_.issuances.empty()) return std::optional<TimeOrderedId>();
    return std::optional<TimeOrderedId>(state_.issuances.begin()->first);
  }

 private:
  Outcome<void> put(const NewIssuance& issuance) {
    const Issuance& row = issuance.row;
    const AuditEvent& audit = issuance.audit;
    const auto& proof = issuance.proof;
    MutexLock lock(state_.mutex);
    const auto client = state_.clients.find(row.client_id);
    if (client == state_.clients.end() || client->second->status != ClientStatus::active) {
      return client_not_active(row.client_id);
    }
    if (!row.resource_id.empty() && state_.resources.count(row.resource_id) == 0) return resource_gone();
    if (proof && is_spent(*proof)) return proof_spent();
    if (auto judged = judge_basis(issuance); !judged) return judged;
    if (auto judged = judge_family(state_, issuance); !judged) return judged;
    if (state_.issuances.count(row.id) != 0 || state_.audit.count(audit.id) != 0) return issuance_exists();
    state_.issuances.emplace(row.id, row);
    state_.audit.emplace(audit.id, audit);
    if (proof) state_.spent_proofs.insert_or_assign(proof->key, proof->expires_at);
    record_family(state_, issuance);
    return {};
  }

  Outcome<void> judge_basis(const NewIssuance& issuance) AUTHPLANE_REQUIRES(state_.mutex) {
    if (!issuance.exchange) return {};
    const Issuance* parent = nullptr;
    if (issuance.row.parent_jti) {
      const auto found = state_.issuances.find(*issuance.row.parent_jti);
      if (found != state_.issuances.end()) parent = &found->second;
    }
    const auto consent = state_.consent_grants.find(issuance.exchange->consent_grant_id);
    return judge_exchange(issuance, parent, is_active_user(state_, issuance.row.subject_user_id),
                          consent == state_.consent_grants.end() ? nullptr : &consent->second);
  }

  bool is_spent(const SpentProof& proof) AUTHPLANE_REQUIRES(state_.mutex) {
    const auto found = state_.spent_proofs.find(proof.key);
    return found != state_.spent_proofs.end() && found->second >= proof.spent_at;
  }

  State& state_;
};

}  // namespace

std::unique_ptr<IssuanceStore> make_issuance_store(State& state) {
  return std::make_unique<MemoryIssuanceStore>(state);
}

}  // namespace authplane::authserver::memory
