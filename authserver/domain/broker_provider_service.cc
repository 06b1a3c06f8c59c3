#include "authserver/domain/broker_provider_service.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/json/json.h>

#include "authserver/domain/broker_provider_config.h"
#include "authserver/domain/json_members.h"
#include "authserver/domain/resource.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxConfigBytes = 1024 * 1024;
constexpr std::size_t kMaxDisplayNameBytes = 1024;
constexpr std::size_t kMaxShownName = 64;

Unexpected<DomainError> broken(std::string description) {
  return fail(DomainErrorCode::invalid_request, std::move(description));
}

BrokenRules broken_rules(const BrokerProvider& provider) {
  BrokenRules rules;
  if (!is_slug(provider.slug))
    rules.emplace_back("slug must be 1 to 64 of a-z, 0-9 and '-', not starting with '-'");
  if (provider.display_name.empty()) rules.emplace_back("display_name must not be empty");
  if (provider.display_name.size() > kMaxDisplayNameBytes || !is_valid_utf8(provider.display_name)) {
    rules.emplace_back("display_name must be UTF-8 of at most 1024 bytes");
  }
  return rules;
}

// Without what it gets when it is stored: its id, its times, and the configuration.
BrokerProvider provider_of(const ProviderRegistration& registration) {
  BrokerProvider provider;
  provider.slug = ascii_lower(registration.slug);
  provider.display_name = registration.display_name;
  provider.protocol = registration.protocol;
  return provider;
}

std::string config_of(const ProviderRegistration& registration) {
  return registration.config_data.empty() ? "{}" : registration.config_data;
}

// As take_apart(), which does not know whether secrets can be sealed.
Outcome<ProviderConfigParts> checked_parts(std::string_view config_data, bool can_seal) {
  auto parts = take_apart(config_data);
  if (parts && !parts->secrets.empty() && !can_seal) {
    return broken("config_data." + header_safe(parts->secrets.front().name.substr(0, kMaxShownName)) +
                  " is a secret in clear text; send client_secret_ref, the name of an environment variable, "
                  "or configure data_encryption.driver");
  }
  return parts;
}

}  // namespace

BrokenRules broken_rules(const ProviderRegistration& registration, bool can_seal) {
  BrokenRules rules = broken_rules(provider_of(registration));
  const std::string config = config_of(registration);
  if (const auto parts = checked_parts(config, can_seal); !parts) rules.push_back(parts.error().description);
  return rules;
}

std::string provider_advice(const BrokerProvider& provider) {
  const auto config = parse_json_object(provider.config_data, {.max_bytes = kMaxConfigBytes});
  if (!config) return {};
  for (const char* name : {"client_secret_ref", "client_secret_env"}) {
    const std::string* variable = find_string(*config, name);
    if (variable == nullptr || variable->empty() || is_secret_variable(*variable)) continue;
    return "the " + std::string(name) + " of provider " + provider.slug +
           " names a variable that will not be read: only names of A-Z, 0-9 and _ that start with CONNECTOR_"
           " or AUTHPLANE_VAULT_ are";
  }
  return {};
}

// Sets config_data and what was sealed of it.
Outcome<void> BrokerProviderService::configure(BrokerProvider& provider, std::string_view config_data) const {
  const auto parts = checked_parts(config_data, seal_ != nullptr);
  if (!parts) return Err(parts.error());
  if (parts->secrets.empty()) {
    const bool keeps_sealed = !provider.sealed_secrets.empty() && !parts->speaks_of_secrets;
    if (keeps_sealed && sends_secret_elsewhere(provider.config_data, config_data)) {
      return broken(
          "config_data has a token_url or revoke_url at another origin; send the client_secret or "
          "client_secret_ref for it again");
    }
    provider.config_data = std::string(config_data);
    if (parts->speaks_of_secrets) provider.sealed_secrets = provider.enc_backend = "";
    return {};
  }
  auto sealed = seal_(provider.id, object_of(parts->secrets));
  if (!sealed) return Err(sealed.error());
  provider.config_data = object_of(parts->plain);
  provider.sealed_secrets = std::move(sealed->ciphertext);
  provider.enc_backend = std::move(sealed->driver);
  return {};
}

Outcome<BrokerProvider> BrokerProviderService::create(const ProviderRegistration& registration,
                                                      const Actor& actor) {
  if (const auto ok = refuse(broken_rules(registration, seal_ != nullptr)); !ok) return Err(ok.error());
  BrokerProvider provider = provider_of(registration);
  provider.id = ids_.opaque();
  provider.created_at = provider.updated_at = clock_.now();
  if (const auto ok = configure(provider, config_of(registration)); !ok) return Err(ok.error());
  if (const auto stored = store_.insert(provider); !stored) return Err(stored.error());
  audit_.record("broker_provider.created", actor, "",
                audit_detail({{"id", provider.id}, {"slug", provider.slug}}));
  return provider;
}

Outcome<BrokerProvider> BrokerProviderService::get(std::string_view id) const {
  auto found = store_.find(id);
  if (!found) return Err(found.error());
  if (!*found) return fail(DomainErrorCode::not_found, "no broker provider has this id");
  return std::move(**found);
}

Outcome<BrokerProvider> BrokerProviderService::get_by_slug(std::string_view slug) const {
  auto found = store_.find_by_slug(slug);
  if (!found) return Err(found.error());
  if (!*found) return fail(DomainErrorCode::not_found, "no broker provider has this slug");
  return std::move(**found);
}

Outcome<BrokerProvider> BrokerProviderService::get_by_id_or_slug(std::string_view id_or_slug) const {
  auto found = get(id_or_slug);
  if (found || found.error().code != DomainErrorCode::not_found) return found;
  return get_by_slug(id_or_slug);
}

Outcome<std::vector<BrokerProvider>> BrokerProviderService::list() const {
  return store_.list();
}

Outcome<BrokerProvider> BrokerProviderService::update(std::string_view id, const ProviderChanges& changes,
                                                      const Actor& actor) {
  auto found = get(id);
  if (!found || changes.empty()) return found;
  BrokerProvider& provider = *found;
  if (changes.slug) provider.slug = ascii_lower(*changes.slug);
  if (changes.display_name) provider.display_name = *changes.display_name;
  if (changes.protocol) provider.protocol = *changes.protocol;
  if (const auto ok = refuse(broken_rules(provider)); !ok) return Err(ok.error());
  if (changes.config_data) {
    if (const auto ok = configure(provider, *changes.config_data); !ok) return Err(ok.error());
  }
  provider.updated_at = clock_.now();
  auto stored = store_.update(provider);
  if (stored) {
    audit_.record(
        "broker_provider.patched", actor, "",
        audit_detail({{"id", provider.id},
                      {"slug", provider.slug},
                      {"fields", changed_fields({{changes.slug.has_value(), "slug"},
                                                 {changes.display_name.has_value(), "display_name"},
                                                 {changes.protocol.has_value(), "protocol"},
                                                 {changes.config_data.has_value(), "config_data"}})}}));
  }
  return stored;
}

Outcome<void> BrokerProviderService::remove(std::string_view id, const Actor& actor) {
  auto removed = store_.remove(id);
  if (removed) audit_.record("broker_provider.deleted", actor, "", audit_detail({{"id", id}}));
  return removed;
}

}  // namespace authplane::authserver
