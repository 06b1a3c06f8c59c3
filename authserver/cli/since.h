#pragma once

#include <chrono>
#include <string_view>

#include "authserver/cli/outcome.h"

namespace authplane::authserver::cli {

// A length of time looking back: the durations of the configuration, and whole days or weeks ("7d", "2w").
// More than nothing, at most 30 days.
CommandResult<std::chrono::seconds> parse_since(std::string_view text);

}  // namespace authplane::authserver::cli
