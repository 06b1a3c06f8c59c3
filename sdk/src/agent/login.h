#pragma once

#include <string>

#include <authplane/agent/options.h>
#include <authplane/client/responses.h>

#include "agent/client_identity.h"
#include "agent/discovery.h"

namespace authplane::agent {

struct LoginResult {
  ClientIdentity client;
  TokenResponse tokens;
};

// Sends the user through the browser and exchanges the code that comes back. Registers this program when
// `client` is nullopt, and keeps that in the store; a stored registration the server no longer knows is
// dropped, so that the next login starts with a new one. `options` are complete.
Result<LoginResult> run_login(const UserSessionOptions& options, const net::Fetcher& fetcher,
                              const Target& target, std::optional<ClientIdentity> client,
                              const ScopeSet& scope);

}  // namespace authplane::agent
