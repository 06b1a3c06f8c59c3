#pragma once

#include <optional>
#include <string>

#include <authplane/base/clock.h>
#include <authplane/oauth/scope.h>

namespace authplane::authserver {

// What a user allowed a client to do at a resource. One row per user, client and resource; consent given
// again replaces the scopes and revives a revoked row.
struct ConsentGrant {
  std::string id;
  std::string user_id;
  std::string client_id;
  std::string resource_id;
  ScopeSet scopes;  // exactly those approved last
  WallTime created_at{};
  WallTime updated_at{};
  std::optional<WallTime> revoked_at;

  bool is_active() const { return !revoked_at; }
  // Scopes asked for without a name are covered by nothing.
  bool covers(const ScopeSet& asked) const {
    return is_active() && !asked.empty() && asked.is_subset_of(scopes);
  }
  friend bool operator==(const ConsentGrant&, const ConsentGrant&) = default;
};

}  // namespace authplane::authserver
