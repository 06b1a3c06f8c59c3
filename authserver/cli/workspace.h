#pragma once

#include <memory>
#include <string>

#include <authplane/base/log.h>

#include "authserver/cli/command.h"
#include "authserver/config/load.h"
#include "authserver/domain/broker_grant_service.h"
#include "authserver/domain/broker_provider_service.h"
#include "authserver/domain/client_service.h"
#include "authserver/domain/consent_grant_service.h"
#include "authserver/domain/fronting_service.h"
#include "authserver/domain/issuance_service.h"
#include "authserver/domain/key_service.h"
#include "authserver/domain/registration_policy.h"
#include "authserver/domain/resource_service.h"
#include "authserver/domain/storage.h"
#include "authserver/domain/token_inventory.h"
#include "authserver/domain/user_service.h"
#include "authserver/identity/hash_slots.h"
#include "authserver/storage/sqlite/sqlite_storage.h"

namespace authplane::authserver::cli {

// Loads the configuration for a command; slips in it are printed as `warning: ...`.
CommandResult<LoadedConfig> load_for_command(Invocation& invocation);

// Opens the parts of the server from its configuration. `logger` and `clock` outlive what is opened.
CommandResult<std::unique_ptr<Storage>> open_storage(const Config& config, const Clock& clock, Logger& logger,
                                                     SchemaPolicy schema = SchemaPolicy::migrate);
// Fails when opening would make a new, empty database.
CommandResult<void> require_database(const Config& config);
CommandResult<std::unique_ptr<SigningKeyStore>> open_signing_keys(const Config& config, const Clock& clock,
                                                                  Logger& logger);
CommandResult<SecretString> open_pepper(const Config& config, Storage& storage, Random& random);
GrantSwitches grant_switches(const Config& config);
RegistrationRules registration_rules(const Config& config);

// The database and the services on top of it, as commands use them: the same rules and audit rows as over
// HTTP, with or without a running server.
class Workspace {
 public:
  // For commands that may be the first one: says on the error stream when it makes a new database.
  static CommandResult<std::unique_ptr<Workspace>> open(Invocation& invocation);
  // For commands about what exists: fails where open() would make a new, empty database.
  static CommandResult<std::unique_ptr<Workspace>> open_existing(Invocation& invocation);

  const LoadedConfig& loaded() const { return loaded_; }
  const Config& config() const { return loaded_.config; }
  const Clock& clock() const { return clock_; }
  Storage& storage() { return *storage_; }
  ClientService& clients() { return clients_; }
  UserService& users() { return users_; }
  ConsentGrantService& grants() { return grants_; }
  BrokerGrantService& accounts() { return accounts_; }
  TokenInventory& tokens() { return tokens_; }
  BrokerProviderService& providers() { return providers_; }
  ResourceService& resources() { return resources_; }
  FrontingService& fronting() { return fronting_; }
  IssuanceService& issuances() { return issuances_; }
  RegistrationPolicy& registration() { return registration_; }
  AuditService& audit() { return audit_; }
  IdGenerator& ids() { return ids_; }
  Logger& logger() { return *logger_; }
  Metrics& metrics() { return metrics_; }
  CommandResult<std::unique_ptr<SigningKeyStore>> signing_keys();

 private:
  static CommandResult<std::unique_ptr<Workspace>> open(LoadedConfig loaded, Context& context);
  Workspace(LoadedConfig loaded, SecretString pepper, std::unique_ptr<Logger> logger,
            std::unique_ptr<Storage> storage, Context& context);

  LoadedConfig loaded_;
  SecretString pepper_;
  const Clock& clock_;
  std::unique_ptr<Logger> logger_;
  NullMetrics metrics_;
  IdGenerator ids_;
  std::unique_ptr<Storage> storage_;
  AuditService audit_;
  ClientService clients_;
  HashSlots hash_slots_{1};
  UserService users_;
  ConsentGrantService grants_;
  BrokerGrantService accounts_;
  TokenInventory tokens_;
  BrokerProviderService providers_;
  ResourceService resources_;
  FrontingService fronting_;
  IssuanceService issuances_;
  RegistrationPolicy registration_;
};

// Who the audit rows of commands name.
inline const Actor kOperator{"admin", ""};

}  // namespace authplane::authserver::cli
