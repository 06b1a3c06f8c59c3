#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/broken_rules.h"
#include "authserver/domain/broker_provider_store.h"

namespace authplane::authserver {

struct SealedSecrets {
  std::string ciphertext;
  std::string driver;  // that sealed it
};

// Seals secrets for the provider with this id. Thread-safe. An empty function: data encryption is off.
using SealProviderSecrets =
    std::function<Outcome<SealedSecrets>(std::string_view provider_id, std::string_view secrets)>;

struct ProviderRegistration {
  std::string slug;          // lower-cased, then [a-z0-9][a-z0-9-]{0,63}
  std::string display_name;  // not empty, at most 1024 bytes
  BrokerProtocol protocol = BrokerProtocol::oauth;
  std::string config_data;  // a JSON object, kept byte for byte but for its secrets; "" = {}
};

// Those that can be judged without looking anything up; create() refuses for the first of them. `can_seal`:
// data encryption is on.
BrokenRules broken_rules(const ProviderRegistration& registration, bool can_seal);

// Absent = unchanged; a present config_data replaces the old one whole.
struct ProviderChanges {
  std::optional<std::string> slug, display_name, config_data;
  std::optional<BrokerProtocol> protocol;
  bool empty() const { return !slug && !display_name && !config_data && !protocol; }
};

// What an operator should hear about a provider that was accepted: that the variable its client_secret_ref or
// client_secret_env names is none it may read. "" = nothing. What config_data has to hold is judged when the
// provider is used, not before.
std::string provider_advice(const BrokerProvider& provider);

// Manages upstream providers, and writes an audit row for each change. Thread-safe.
//
// Members of config_data whose names say so (is_secret_name) hold secrets. They are taken out of it, sealed,
// and shown to nobody; without data encryption they are refused. A config_data that has such a member (an
// empty one, too), client_secret_ref or client_secret_env replaces what was sealed before; one that says
// nothing about secrets leaves it, and is refused when it would have the secret sent to another origin.
//
// Errors beside those named: not_found for an unknown id or slug, conflict (slug in use, somebody changed the
// provider meanwhile), invalid_request for a broken rule, and unavailable and internal from the store.
class BrokerProviderService {
 public:
  // The references outlive the service.
  BrokerProviderService(BrokerProviderStore& store, AuditService& audit, IdGenerator& ids, const Clock& clock,
                        SealProviderSecrets seal)
      : store_(store), audit_(audit), ids_(ids), clock_(clock), seal_(std::move(seal)) {}

  Outcome<BrokerProvider> create(const ProviderRegistration& registration, const Actor& actor);
  Outcome<BrokerProvider> get(std::string_view id) const;
  Outcome<BrokerProvider> get_by_slug(std::string_view slug) const;
  // By id, or else by slug: for operators who type either.
  Outcome<BrokerProvider> get_by_id_or_slug(std::string_view id_or_slug) const;
  Outcome<std::vector<BrokerProvider>> list() const;  // ordered by slug
  // No changes: nothing is written.
  Outcome<BrokerProvider> update(std::string_view id, const ProviderChanges& changes, const Actor& actor);
  // Errors: conflict while a resource or a connected account names the provider.
  Outcome<void> remove(std::string_view id, const Actor& actor);

 private:
  Outcome<void> configure(BrokerProvider& provider, std::string_view config_data) const;

  BrokerProviderStore& store_;
  AuditService& audit_;
  IdGenerator& ids_;
  const Clock& clock_;
  SealProviderSecrets seal_;
};

}  // namespace authplane::authserver
