#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace authplane::authserver {

using Duration = std::chrono::nanoseconds;

// The duration grammar of the configuration: an optional sign and a sequence of decimal numbers with unit,
// such as "15m", "1h30m", "1.5h" or "500ms". Units: ns, us, ms, s, m, h. "0" needs no unit. nullopt when
// malformed, when a unit is missing, or beyond +-292 years.
std::optional<Duration> parse_go_duration(std::string_view text);

// The same grammar, the way it is usually printed: 90 s is "1m30s", 1500 ms is "1.5s", nothing is "0s".
std::string format_go_duration(Duration duration);

}  // namespace authplane::authserver
