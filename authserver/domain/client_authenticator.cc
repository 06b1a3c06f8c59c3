#include "authserver/domain/client_authenticator.h"

#include "authserver/domain/client_secret.h"

namespace authplane::authserver {
namespace {

Unexpected<DomainError> refused(std::string detail) {
  return fail(DomainErrorCode::invalid_client,
              "client authentication failed: unknown client, wrong secret, or a client without a secret",
              std::move(detail));
}

Outcome<ClientPtr> if_active(ClientPtr client) {
  if (client->status == ClientStatus::active) return client;
  const std::string status(to_string(client->status));
  return fail(DomainErrorCode::invalid_client, "the client is " + status, "client_" + status);
}

}  // namespace

Outcome<ClientPtr> ClientAuthenticator::authenticate_confidential(std::string_view client_id,
                                                                  std::string_view client_secret) const {
  if (client_id.empty() || client_secret.empty()) {
    return fail(DomainErrorCode::invalid_client, "client_id and client_secret are required",
                "missing_credentials");
  }
  Outcome<ClientPtr> found = store_.get(client_id);
  if (!found && found.error().code != DomainErrorCode::not_found) return found;

  const std::string_view stored = found ? std::string_view((*found)->secret_hash) : std::string_view();
  const bool matches = client_secret_matches(pepper_, client_secret, stored);
  if (!found) return refused("unknown_client");
  if ((*found)->is_public()) return refused("public_client");
  if (!matches) return refused("invalid_client_secret");
  return if_active(std::move(*found));
}

Outcome<ClientPtr> ClientAuthenticator::authenticate(std::string_view client_id,
                                                     std::string_view client_secret) const {
  if (!client_secret.empty()) return authenticate_confidential(client_id, client_secret);
  if (client_id.empty()) {
    return fail(DomainErrorCode::invalid_client, "client_id is required", "missing_credentials");
  }
  Outcome<ClientPtr> found = store_.get(client_id);
  if (!found && found.error().code != DomainErrorCode::not_found) return found;
  if (!found) return refused("unknown_client");
  if (!(*found)->is_public()) return refused("missing_credentials");
  return if_active(std::move(*found));
}

}  // namespace authplane::authserver
