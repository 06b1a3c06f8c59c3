#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <authplane/base/clock.h>
#include <authplane/oauth/scope.h>

namespace authplane::authserver {

// An account of a user at an upstream provider, connected. One row per user and provider; connecting again
// revives a revoked row.
struct BrokerGrant {
  std::string id;
  std::string user_id;
  std::string provider_id;
  ScopeSet scopes_granted;   // the provider's names
  std::string credential;    // ciphertext; never leaves the server in any form
  std::string enc_backend;   // the driver that sealed it
  std::int64_t version = 1;  // counts every change of the credential
  WallTime created_at{};
  WallTime updated_at{};
  std::optional<WallTime> revoked_at;

  bool is_active() const { return !revoked_at; }
  friend bool operator==(const BrokerGrant&, const BrokerGrant&) = default;
};

// A user on the way to a provider and back.
struct PendingConnect {
  std::string id;  // a hash of the `state`, or another value nobody can come back with without having it
  std::string user_id;
  std::string provider_id;
  std::string resource_id;
  std::string code_verifier;  // RFC 7636, sealed
  std::string return_url;     // where the user goes afterwards
  ScopeSet scopes;            // asked for, the provider's names
  WallTime expires_at{};
  friend bool operator==(const PendingConnect&, const PendingConnect&) = default;
};

}  // namespace authplane::authserver
