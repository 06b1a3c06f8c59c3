#pragma once

#include <chrono>
#include <string>

#include <authplane/base/http.h>

#include "authserver/cli/outcome.h"
#include "authserver/config/config.h"

namespace authplane::authserver::cli {

// Where this machine reaches a listener: all interfaces means loopback. Fails when the port is 0.
CommandResult<std::string> health_url(const Endpoint& listen);

// Asks `url` and succeeds on status 200.
CommandResult<void> check_health(HttpTransport& transport, const std::string& url,
                                 std::chrono::milliseconds timeout);

}  // namespace authplane::authserver::cli
