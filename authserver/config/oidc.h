#pragma once

#include <string>
#include <vector>

#include <authplane/base/secret.h>

#include "authserver/config/environment.h"
#include "authserver/config/problem.h"
#include "authserver/config/settings.h"

namespace authplane::authserver {

// The rules about sign-in through an upstream OpenID provider; none while it is off.
ConfigProblems oidc_problems(const Settings& settings);

// The client secret, from where the settings say. Requires settings without problems. Err: the problem, when
// it is in a variable that is not set.
Result<SecretString, ConfigProblem> oidc_client_secret(const Settings& settings,
                                                       const Environment& environment);

// The scopes without the white space that the environment's lists keep.
std::vector<std::string> oidc_scopes(const Settings& settings);

// What is legal but deserves attention.
std::vector<std::string> oidc_advice(const Settings& settings);

}  // namespace authplane::authserver
