#pragma once

#include "authserver/cli/command.h"

namespace authplane::authserver::cli {

// Prints the resolved configuration as `serve` would use it, or fails with every mistake. Opens nothing.
CommandResult<void> check_config(Invocation& invocation);

}  // namespace authplane::authserver::cli
