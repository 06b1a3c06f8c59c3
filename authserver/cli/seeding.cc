#include "authserver/cli/seeding.h"

namespace authplane::authserver::cli {
namespace {

ResourceRegistration registration_of(const ResourceSeed& seed) {
  ResourceRegistration registration;
  registration.slug = seed.slug;
  registration.uri = seed.uri;
  registration.backend_kind = BackendKind::mint;
  registration.display_name = seed.display_name;
  for (const ResourceSeed::Scope& scope : seed.scopes) {
    registration.scopes.push_back({scope.name, scope.description, scope.upstream});
  }
  registration.policy.exchange_allowed_client_ids = seed.exchange_allowed_client_ids;
  registration.policy.runtime_client_ids = seed.runtime_client_ids;
  return registration;
}

}  // namespace

CommandResult<void> seed_resources(const std::vector<ResourceSeed>& seeds, ResourceService& resources,
                                   Logger& logger) {
  for (const ResourceSeed& seed : seeds) {
    Outcome<Resource> existing = resources.get_by_slug(seed.slug);
    if (existing) continue;
    if (existing.error().code != DomainErrorCode::not_found) return failure(existing.error());
    Outcome<Resource> created = resources.create(registration_of(seed), Actor{"admin", ""});
    if (!created) {
      return failure("resource '" + seed.slug +
                     "' of the configuration: " + failure(created.error()).error.message);
    }
    logger.info("resource registered from the configuration",
                {{"slug", created->slug}, {"uri", created->uri}});
  }
  return {};
}

}  // namespace authplane::authserver::cli
