#pragma once

#include <cstdint>
#include <string>

#include "authserver/cli/outcome.h"

namespace authplane::authserver::cli {

// Tells whoever waits for the server that it accepts connections, and on which ports:
// {"public_port":9000,"admin_port":9001,"pid":123}. The file appears complete or not at all.
CommandResult<void> write_ready_file(const std::string& path, std::uint16_t public_port,
                                     std::uint16_t admin_port);

}  // namespace authplane::authserver::cli
