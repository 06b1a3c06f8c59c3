#pragma once

#include <string>
#include <vector>

#include "authserver/config/config.h"
#include "authserver/config/environment.h"
#include "authserver/config/problem.h"
#include "authserver/config/settings.h"
#include "authserver/config/yaml.h"

namespace authplane::authserver {

// What the layers of the configuration add up to, before it is checked.
struct Layers {
  Settings settings;
  std::vector<BrokerProviderSeed> broker_providers;
  std::vector<ResourceSeed> resources;
  ConfigProblems problems;
  std::vector<std::string> warnings;

  // Overrides values by those of the file's root. Unknown keys are ignored with a warning that names the
  // nearest known one; removed keys and values of another type are problems.
  void apply_yaml(const YamlNode& root);

  // Overrides values by environment variables and adds the provider and the resource they describe. A
  // variable that does not parse keeps the value below with a warning, unless its row says otherwise.
  void apply_environment(const Environment& environment);
};

}  // namespace authplane::authserver
