#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/secret.h>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/client_store.h"

namespace authplane::authserver {

// Grants that can be switched off; a client cannot be registered for one that is.
struct GrantSwitches {
  bool client_credentials = true;
  bool token_exchange = true;
  bool jwt_bearer = true;
};

// What an operator, or a client about itself, asks for. Absent members take their defaults.
struct ClientRegistration {
  std::string name;  // not blank, at most 255 bytes
  std::vector<std::string> redirect_uris;
  std::optional<std::vector<std::string>> grant_types;     // default: authorization_code
  std::optional<std::vector<std::string>> response_types;  // default and only value: code
  std::optional<std::string> token_endpoint_auth_method;   // default: none
  std::string scope;                                       // ceiling, stored as it is
  bool agent = false;
  std::string agent_description;                // at most 255 bytes
  std::optional<std::string> application_type;  // "web" or "native"
  RegistrationSource source = RegistrationSource::admin;
};

struct RegisteredClient {
  Client client;
  SecretString client_secret;  // empty for a public client; exists nowhere else
};

// Absent = unchanged.
struct ClientChanges {
  std::optional<std::string> name;
  std::optional<std::vector<std::string>> redirect_uris;
  std::optional<std::vector<std::string>> grant_types;
  std::optional<std::string> scope;
};

// Registers and manages OAuth clients, and writes an audit row for each change. Thread-safe.
// Errors beside those named: not_found for an unknown id, conflict when somebody changed the client
// meanwhile, and unavailable and internal from the store.
class ClientService {
 public:
  // The references outlive the service.
  ClientService(ClientStore& store, AuditService& audit, IdGenerator& ids, const Clock& clock,
                const SecretString& client_secret_pepper, GrantSwitches grants)
      : store_(store),
        audit_(audit),
        ids_(ids),
        clock_(clock),
        pepper_(client_secret_pepper),
        grants_(grants) {}

  // Errors: invalid_client, the description lists every problem.
  Outcome<RegisteredClient> create(const ClientRegistration& registration, const Actor& actor);
  Outcome<Client> get(std::string_view id) const;
  Outcome<std::vector<Client>> list(const ClientFilter& filter, const Page& page) const;
  // The whole resulting client is checked. Errors: invalid_client.
  Outcome<Client> update(std::string_view id, const ClientChanges& changes, const Actor& actor);
  // The new secret; the old one is dead. Errors: invalid_client (public client).
  Outcome<SecretString> rotate_secret(std::string_view id, const Actor& actor);
  // Errors: conflict when the client's state does not allow it.
  Outcome<Client> suspend(std::string_view id, const Actor& actor);
  Outcome<Client> reactivate(std::string_view id, const Actor& actor);
  Outcome<Client> revoke(std::string_view id, const Actor& actor);
  // Errors: conflict (live tokens and mode unless_live_tokens).
  Outcome<void> remove(std::string_view id, RemoveClient mode, const Actor& actor);

 private:
  Outcome<Client> transition(std::string_view id, ClientStatus to, std::string_view action,
                             const Actor& actor);

  ClientStore& store_;
  AuditService& audit_;
  IdGenerator& ids_;
  const Clock& clock_;
  const SecretString& pepper_;
  GrantSwitches grants_;
};

// Every rule the members of a client must keep, joined by "; ", "" when all do.
std::string client_problems(const Client& client, const GrantSwitches& grants);

}  // namespace authplane::authserver
