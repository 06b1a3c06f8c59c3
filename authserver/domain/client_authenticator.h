#pragma once

#include <string_view>

#include "authserver/domain/client_store.h"

#include <authplane/base/secret.h>

namespace authplane::authserver {

// Checks who a client is (RFC 6749 section 2.3.1). Thread-safe.
class ClientAuthenticator {
 public:
  // The references outlive the object.
  ClientAuthenticator(ClientStore& store, const SecretString& client_secret_pepper)
      : store_(store), pepper_(client_secret_pepper) {}

  // An unknown client costs the same hash as a wrong secret and is answered with the same words. That a
  // client is suspended or revoked is told only to who knows its secret. Errors: invalid_client with a
  // description for the caller and the reason for the log in `detail`; unavailable and internal from the
  // store.
  Outcome<ClientPtr> authenticate_confidential(std::string_view client_id,
                                               std::string_view client_secret) const;
  // The same, but a public client says who it is by its id alone. It has no secret, so one that sends a
  // secret is refused, as is a confidential client that sends none.
  Outcome<ClientPtr> authenticate(std::string_view client_id, std::string_view client_secret) const;

 private:
  ClientStore& store_;
  const SecretString& pepper_;
};

}  // namespace authplane::authserver
