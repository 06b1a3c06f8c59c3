#pragma once

#include <string>
#include <vector>

#include "authserver/cli/context.h"

namespace authplane::authserver::cli {

// Parses and carries out one command line; `arguments` is without the program's name. Answers the exit code.
// Every error is printed once as `error: <message>`.
int run(const std::vector<std::string>& arguments, Context& context);

}  // namespace authplane::authserver::cli
