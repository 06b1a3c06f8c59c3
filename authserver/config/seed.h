#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/result.h>

#include "authserver/config/config.h"
#include "authserver/config/environment.h"
#include "authserver/config/problem.h"
#include "authserver/config/yaml.h"

namespace authplane::authserver {

// Reads the `resources` section. Members it does not know are ignored with a warning; the service that
// creates the resources checks everything else. Problems and warnings are appended.
std::vector<ResourceSeed> parse_resource_seeds(const YamlNode& section, ConfigProblems& problems,
                                               std::vector<std::string>& warnings);

// What a server cannot start with: a broker resource for which nobody can connect an account.
ConfigProblems seed_problems(const std::vector<ResourceSeed>& seeds);

// Adds the resource of AUTHPLANE_RESOURCE_URI, or, when the list has one with that URI, replaces its scopes
// by those of AUTHPLANE_RESOURCE_SCOPES if there are any.
void apply_environment_seed(const Environment& environment, std::vector<ResourceSeed>& seeds,
                            ConfigProblems& problems, std::vector<std::string>& warnings);

// The host of `uri` as a slug: "http://MCP.example.com:8080/x" gives "mcp-example-com".
// Errors: invalid_argument when `uri` is not an absolute http or https URL or nothing is left.
Result<std::string> slug_from_uri(std::string_view uri);

}  // namespace authplane::authserver
