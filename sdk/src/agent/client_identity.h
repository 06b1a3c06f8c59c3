#pragma once

#include <optional>
#include <string>

#include <authplane/agent/options.h>

#include "agent/server_metadata.h"
#include "client/authenticator.h"

namespace authplane::agent {

// Who this program is at one authorization server.
struct ClientIdentity {
  std::string id{};
  std::string secret{};  // "" = a public client
  AuthMethod method = AuthMethod::client_secret_basic;
  bool self_registered = false;
  std::optional<PrivateKey> key{};  // instead of a secret
  std::string key_id{};

  // Adds what the token endpoint needs: client_id for a public client (RFC 6749 section 3.2.1), else the
  // credentials.
  Result<void> apply(const AuthContext& context, Headers& headers, Form& form) const;
};

// The identity that needs no registration: the operator's, then the metadata document's, where the server
// takes such. nullopt: this program has to register. Errors: invalid_argument when it may not or cannot.
Result<std::optional<ClientIdentity>> known_identity(const UserSessionOptions& options,
                                                     const ServerMetadata& server);

// The method for a secret among those the server takes. Errors: invalid_argument when it takes neither.
Result<AuthMethod> method_for_secret(const ServerMetadata& server);

}  // namespace authplane::agent
