#pragma once

#include <set>

#include "authserver/storage/memory/memory_state.h"

namespace authplane::authserver::memory {

// Whether `fits(issuance)` for the token or one that it was exchanged from, at any depth.
template <class Fits>
bool any_in_lineage(State& state, const Issuance& token, Fits fits) AUTHPLANE_REQUIRES(state.mutex) {
  std::set<TimeOrderedId> seen;
  const Issuance* at = &token;
  while (at != nullptr && seen.insert(at->id).second) {
    if (fits(*at)) return true;
    const auto parent = at->parent_jti ? state.issuances.find(*at->parent_jti) : state.issuances.end();
    at = parent == state.issuances.end() ? nullptr : &parent->second;
  }
  return false;
}

// Live tokens that fit or descend from one that does. Answers how many.
template <class Fits>
std::size_t revoke_lineage(State& state, std::chrono::sys_seconds now, Fits fits)
    AUTHPLANE_REQUIRES(state.mutex) {
  std::size_t revoked = 0;
  for (auto& [id, row] : state.issuances) {
    if (!row.revocable || !row.is_live(now) || !any_in_lineage(state, row, fits)) continue;
    row.revoked_at = now;
    ++revoked;
  }
  return revoked;
}

}  // namespace authplane::authserver::memory
