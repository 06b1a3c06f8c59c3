#include "authserver/cli/seeding.h"

#include <authplane/base/encoding.h>

namespace authplane::authserver::cli {
namespace {

ResourceRegistration registration_of(const ResourceSeed& seed) {
  ResourceRegistration registration;
  registration.slug = seed.slug;
  registration.uri = seed.uri;
  registration.backend_kind = parse_backend_kind(seed.backend_kind).value();
  registration.broker_provider_id = seed.broker_provider_id;
  registration.broker_provider_slug = seed.broker_provider_slug;
  registration.display_name = seed.display_name;
  for (const ResourceSeed::Scope& scope : seed.scopes) {
    registration.scopes.push_back({scope.name, scope.description, scope.upstream});
  }
  registration.policy.exchange_allowed_client_ids = seed.exchange_allowed_client_ids;
  registration.policy.runtime_client_ids = seed.runtime_client_ids;
  registration.policy.connect_allowed_return_urls = seed.connect_allowed_return_urls;
  return registration;
}

ProviderRegistration registration_of(const BrokerProviderSeed& seed) {
  return {.slug = seed.slug,
          .display_name = seed.display_name,
          .protocol = parse_broker_protocol(seed.protocol).value(),
          .config_data = seed.config_data};
}

void note(ConfigProblems& problems, const std::string& kind, const std::string& slug,
          const BrokenRules& rules) {
  for (const std::string& rule : rules) problems.push_back({kind + " '" + header_safe(slug) + "'", rule});
}

// Who the audit rows of what is seeded name.
const Actor kSeeder{"admin", ""};

}  // namespace

ConfigProblems seed_mistakes(const Config& config) {
  ConfigProblems problems;
  const bool can_seal = !config.data_encryption.driver.empty();
  for (const BrokerProviderSeed& seed : config.broker_providers) {
    note(problems, "broker provider", seed.slug, broken_rules(registration_of(seed), can_seal));
  }
  for (const ResourceSeed& seed : config.resources) {
    note(problems, "resource", seed.slug, broken_rules(registration_of(seed)));
  }
  return problems;
}

CommandResult<void> seed_providers(const std::vector<BrokerProviderSeed>& seeds,
                                   BrokerProviderService& providers, Logger& logger) {
  for (const BrokerProviderSeed& seed : seeds) {
    Outcome<BrokerProvider> existing = providers.get_by_slug(seed.slug);
    if (existing) continue;
    if (existing.error().code != DomainErrorCode::not_found) return failure(existing.error());
    Outcome<BrokerProvider> created = providers.create(registration_of(seed), kSeeder);
    if (!created) {
      return failure("broker provider '" + seed.slug +
                     "' of the configuration: " + failure(created.error()).error.message);
    }
    logger.info("broker provider registered from the configuration", {{"slug", created->slug}});
    if (const std::string advice = provider_advice(*created); !advice.empty()) logger.warn(advice);
  }
  return {};
}

CommandResult<void> seed_resources(const std::vector<ResourceSeed>& seeds, ResourceService& resources,
                                   Logger& logger) {
  for (const ResourceSeed& seed : seeds) {
    Outcome<Resource> existing = resources.get_by_slug(seed.slug);
    if (existing) continue;
    if (existing.error().code != DomainErrorCode::not_found) return failure(existing.error());
    Outcome<Resource> created = resources.create(registration_of(seed), kSeeder);
    if (!created) {
      return failure("resource '" + seed.slug +
                     "' of the configuration: " + failure(created.error()).error.message);
    }
    logger.info("resource registered from the configuration",
                {{"slug", created->slug}, {"uri", created->uri}});
    const Outcome<std::string> advice = resources.advice(*created);
    if (!advice) return failure(advice.error());
    if (!advice->empty()) logger.warn(*advice);
  }
  return {};
}

}  // namespace authplane::authserver::cli
