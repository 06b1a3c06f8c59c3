#pragma once

#include <string>
#include <vector>

#include "authserver/config/config.h"
#include "authserver/config/environment.h"
#include "authserver/config/problem.h"
#include "authserver/config/yaml.h"

namespace authplane::authserver {

// Reads the `broker_providers` section. Members it does not know are ignored with a warning; the service that
// creates the providers checks everything else. Problems and warnings are appended.
std::vector<BrokerProviderSeed> parse_provider_seeds(const YamlNode& section, ConfigProblems& problems,
                                                     std::vector<std::string>& warnings);

// Adds the provider of AUTHPLANE_BROKER_PROVIDER_SLUG, or, when the list has one with that slug, overrides
// what the other variables of that kind say.
void apply_environment_provider(const Environment& environment, std::vector<BrokerProviderSeed>& seeds,
                                std::vector<std::string>& warnings);

}  // namespace authplane::authserver
