#pragma once

#include <vector>

#include <authplane/base/log.h>

#include "authserver/cli/outcome.h"
#include "authserver/config/config.h"
#include "authserver/config/problem.h"
#include "authserver/domain/broker_provider_service.h"
#include "authserver/domain/resource_service.h"

namespace authplane::authserver::cli {

// Every rule that a provider or resource of the configuration breaks, as far as it shows without a database.
ConfigProblems seed_mistakes(const Config& config);

// Registers the providers of the configuration, as seed_resources() does resources. Comes before it.
CommandResult<void> seed_providers(const std::vector<BrokerProviderSeed>& seeds,
                                   BrokerProviderService& providers, Logger& logger);

// Registers the resources of the configuration. An entry whose slug exists is skipped, whatever else it says.
// Fails on the first entry the service refuses.
CommandResult<void> seed_resources(const std::vector<ResourceSeed>& seeds, ResourceService& resources,
                                   Logger& logger);

}  // namespace authplane::authserver::cli
