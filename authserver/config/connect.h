#pragma once

#include <string>
#include <vector>

#include "authserver/config/config.h"
#include "authserver/config/problem.h"
#include "authserver/config/settings.h"

namespace authplane::authserver {

// The rules about connecting accounts at upstream providers, for the keys that are set.
ConfigProblems connect_problems(const Settings& settings);

// The keys that are missing although connecting is asked for: by one of the others, or by a resource of an
// upstream provider. See also missing_data_encryption().
ConfigProblems missing_connect(const Settings& settings, const std::vector<ResourceSeed>& resources);

std::vector<std::string> connect_allowed_return_urls(const Settings& settings);

// What is legal but deserves attention.
std::vector<std::string> connect_advice(const Settings& settings);

}  // namespace authplane::authserver
