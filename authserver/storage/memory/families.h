#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "authserver/storage/memory/memory_state.h"

// What several stores do to families. Everything runs under the lock of the state.

namespace authplane::authserver::memory {

// Whether the family part of `issuance` may be written. A reused token revokes its family here and now.
Outcome<void> judge_family(State& state, const NewIssuance& issuance) AUTHPLANE_REQUIRES(state.mutex);
// REQUIRES: judged.
void record_family(State& state, const NewIssuance& issuance) AUTHPLANE_REQUIRES(state.mutex);

// Nothing when it is revoked already.
RevokedFamilies revoke_family(State& state, TokenFamily& family, WallTime now)
    AUTHPLANE_REQUIRES(state.mutex);

// Live tokens of ours, with a family or without. Answers how many.
std::size_t revoke_tokens_of_user(State& state, std::string_view user_id, WallTime now)
    AUTHPLANE_REQUIRES(state.mutex);

// `fits(family)`.
template <class Fits>
RevokedFamilies revoke_families(State& state, WallTime now, Fits fits) AUTHPLANE_REQUIRES(state.mutex) {
  RevokedFamilies out;
  for (auto& [id, family] : state.families) {
    if (!fits(family)) continue;
    const RevokedFamilies one = revoke_family(state, family, now);
    out.families += one.families;
    out.access_tokens += one.access_tokens;
  }
  return out;
}

// Whether a refresh token of a family that fits can still be used.
template <class Fits>
bool has_live_family(State& state, Fits fits, WallTime now) AUTHPLANE_REQUIRES(state.mutex) {
  for (const auto& [hash, token] : state.refresh_tokens) {
    if (token.consumed_at || token.expires_at <= now) continue;
    const TokenFamily& family = state.families.at(token.family_id);
    if (family.is_active() && fits(family)) return true;
  }
  return false;
}

// A family with everything that names it.
void erase_family(State& state, const TimeOrderedId& id) AUTHPLANE_REQUIRES(state.mutex);

// Authorizations, consent grants and families that fit, as the owner they name goes.
template <class Fits>
void erase_grants(State& state, Fits fits) AUTHPLANE_REQUIRES(state.mutex) {
  std::vector<TimeOrderedId> families;
  for (const auto& [id, family] : state.families) {
    if (fits(family)) families.push_back(id);
  }
  for (const TimeOrderedId& id : families) erase_family(state, id);
  std::erase_if(state.authorizations, [&](const auto& entry) { return fits(entry.second); });
  std::erase_if(state.consent_grants, [&](const auto& entry) { return fits(entry.second); });
}

bool is_active_user(State& state, const std::string& id) AUTHPLANE_REQUIRES(state.mutex);
bool is_active_client(State& state, const std::string& id) AUTHPLANE_REQUIRES(state.mutex);

}  // namespace authplane::authserver::memory
