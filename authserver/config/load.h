#pragma once

#include <string>
#include <vector>

#include <authplane/base/result.h>

#include "authserver/config/config.h"
#include "authserver/config/environment.h"
#include "authserver/config/problem.h"
#include "authserver/config/settings.h"
#include "authserver/config/validate.h"

namespace authplane::authserver {

struct LoadedConfig {
  Config config;
  Settings settings;  // what it was made from, for the resolved listing
  // One line each. Slips of whoever wrote the configuration: a missing file, an unknown key, a value that was
  // ignored.
  std::vector<std::string> slips;
  // What is as configured but deserves attention when a server starts.
  std::vector<std::string> advice;
};

// Built-in defaults, overridden by the YAML file at `path`, overridden by the environment. "" = no file; a
// file that does not exist counts as none and is worth a warning. All mistakes are reported together.
Result<LoadedConfig, ConfigProblems> load_config(const std::string& path, const Environment& environment,
                                                 Purpose purpose);

}  // namespace authplane::authserver
