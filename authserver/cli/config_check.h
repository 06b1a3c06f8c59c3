#pragma once

#include "authserver/cli/command.h"
#include "authserver/config/load.h"

namespace authplane::authserver::cli {

// The configuration for a server, or every mistake in it. Opens nothing.
CommandResult<LoadedConfig> load_to_serve(const Invocation& invocation);

// Prints the resolved configuration as `serve` would use it, or fails with every mistake. Opens nothing.
CommandResult<void> check_config(Invocation& invocation);

}  // namespace authplane::authserver::cli
