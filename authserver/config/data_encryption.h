#pragma once

#include <string>
#include <vector>

#include <authplane/base/secret.h>

#include "authserver/config/config.h"
#include "authserver/config/environment.h"
#include "authserver/config/problem.h"
#include "authserver/config/settings.h"

namespace authplane::authserver {

// The rules about encryption of stored credentials.
ConfigProblems data_encryption_problems(const Settings& settings);

// What needs a driver and has none: connecting accounts, and resources of upstream providers.
ConfigProblems missing_data_encryption(const Settings& settings, const std::vector<ResourceSeed>& resources);

// The driver and its keys, from the variables that the settings name. Requires settings without problems.
// Err: a variable that is not set or holds no key.
Result<Config::DataEncryption, ConfigProblems> data_encryption(const Settings& settings,
                                                               const Environment& environment);

}  // namespace authplane::authserver
