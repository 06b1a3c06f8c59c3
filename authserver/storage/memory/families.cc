#include "authserver/storage/memory/families.h"

#include <utility>

#include "authserver/storage/grant_rules.h"
#include "authserver/storage/outcomes.h"

namespace authplane::authserver::memory {
namespace {

Outcome<void> judge(State& state, const NewIssuance& issuance, const FamilyStart& start)
    AUTHPLANE_REQUIRES(state.mutex) {
  const TokenFamily& family = start.family;
  if (!family.authorization_id.empty()) {
    const auto found = state.authorizations.find(family.authorization_id);
    if (found == state.authorizations.end()) return code_refused("its authorization is gone");
    if (auto judged = judge_start(found->second); !judged) return judged;
    for (const auto& [id, other] : state.families) {
      if (other.authorization_id == family.authorization_id) return code_refused("it has a family already");
    }
  }
  if (!is_active_user(state, issuance.row.subject_user_id)) {
    return code_refused("the user was removed or is disabled");
  }
  if (state.families.count(family.id) != 0) return family_exists();
  if (start.refresh && state.refresh_tokens.count(start.refresh->hash) != 0) return family_exists();
  return {};
}

Outcome<void> judge(State& state, const NewIssuance& issuance, const Rotation& rotation)
    AUTHPLANE_REQUIRES(state.mutex) {
  const auto token = state.refresh_tokens.find(rotation.presented);
  if (token == state.refresh_tokens.end()) return refresh_token_refused("it was purged");
  TokenFamily& family = state.families.at(token->second.family_id);
  if (auto judged = judge_rotation({token->second, family}, issuance, rotation); !judged) {
    if (judged.error().code == DomainErrorCode::token_reused) {
      revoke_family(state, family, rotation.now);
      state.audit.emplace(rotation.if_reused.id, rotation.if_reused);
    }
    return judged;
  }
  if (!is_active_user(state, family.user_id)) {
    return refresh_token_refused("the user was removed or is disabled");
  }
  if (state.refresh_tokens.count(rotation.successor.hash) != 0) return family_exists();
  return {};
}

void put(State& state, const TimeOrderedId& family, const NewRefreshToken& token, WallTime now)
    AUTHPLANE_REQUIRES(state.mutex) {
  state.refresh_tokens.emplace(token.hash, RefreshToken{.hash = token.hash,
                                                        .family_id = family,
                                                        .created_at = now,
                                                        .expires_at = token.expires_at,
                                                        .consumed_at = {}});
}

}  // namespace

Outcome<void> judge_family(State& state, const NewIssuance& issuance) {
  if (const auto* start = std::get_if<FamilyStart>(&issuance.family)) return judge(state, issuance, *start);
  if (const auto* rotation = std::get_if<Rotation>(&issuance.family)) {
    return judge(state, issuance, *rotation);
  }
  return {};
}

void record_family(State& state, const NewIssuance& issuance) {
  if (const auto* start = std::get_if<FamilyStart>(&issuance.family)) {
    const TokenFamily& family = start->family;
    state.families.emplace(family.id, family);
    if (start->refresh) put(state, family.id, *start->refresh, family.created_at);
    state.family_tokens[family.id].insert(issuance.row.id);
  } else if (const auto* rotation = std::get_if<Rotation>(&issuance.family)) {
    RefreshToken& used = state.refresh_tokens.at(rotation->presented);
    used.consumed_at = rotation->now;
    put(state, used.family_id, rotation->successor, rotation->now);
    state.family_tokens[used.family_id].insert(issuance.row.id);
  }
}

RevokedFamilies revoke_family(State& state, TokenFamily& family, WallTime now) {
  RevokedFamilies out;
  if (!family.is_active()) return out;
  family.revoked_at = now;
  out.families = 1;
  for (auto& [hash, token] : state.refresh_tokens) {
    if (token.family_id == family.id && !token.consumed_at) token.consumed_at = now;
  }
  for (const TimeOrderedId& id : state.family_tokens[family.id]) {
    const auto issuance = state.issuances.find(id);
    if (issuance == state.issuances.end() || !issuance->second.is_live(in_seconds(now))) continue;
    issuance->second.revoked_at = in_seconds(now);
    ++out.access_tokens;
  }
  return out;
}

std::size_t revoke_tokens_of_user(State& state, std::string_view user_id, WallTime now) {
  std::size_t revoked = 0;
  for (auto& [id, row] : state.issuances) {
    if (row.subject_user_id != user_id || !row.revocable || !row.is_live(in_seconds(now))) continue;
    row.revoked_at = in_seconds(now);
    ++revoked;
  }
  return revoked;
}

void erase_family(State& state, const TimeOrderedId& id) {
  std::erase_if(state.refresh_tokens, [&](const auto& entry) { return entry.second.family_id == id; });
  state.family_tokens.erase(id);
  state.families.erase(id);
}

bool is_active_user(State& state, const std::string& id) {
  const auto found = state.users.find(id);
  return found != state.users.end() && found->second.is_active();
}

bool is_active_client(State& state, const std::string& id) {
  const auto found = state.clients.find(id);
  return found != state.clients.end() && found->second->status == ClientStatus::active;
}

}  // namespace authplane::authserver::memory
