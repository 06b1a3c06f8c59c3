#include "authserver/domain/client_authenticator.h"

#include "authserver/domain/client_secret.h"

namespace authplane::authserver {
namespace {

Unexpected<DomainError> refused(std::string detail) {
  return fail(DomainErrorCode::invalid_client,
              "client authentication failed: unknown client, wrong secret, or a client without a secret",
              std::move(detail));
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
  if ((*found)->status != ClientStatus::active) {
    const std::string status(to_string((*found)->status));
    return fail(DomainErrorCode::invalid_client, "the client is " + status, "client_" + status);
  }
  return found;
}

}  // namespace authplane::authserver
