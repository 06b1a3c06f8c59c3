#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace authplane {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

// Calendar time and monotonic time. Only top-level wiring creates the real one; everything else is handed a
// Clock. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;
  virtual SteadyTime steady_now() const = 0;
  std::chrono::sys_seconds now_seconds() const { return std::chrono::floor<std::chrono::seconds>(now()); }
};

class SystemClock final : public Clock {
 public:
  WallTime now() const override;
  SteadyTime steady_now() const override;
};

// RFC 3339 in UTC: "2026-01-02T03:04:05Z", with `fraction` "2026-01-02T03:04:05.678901Z".
enum class Fraction { none, micros };
std::string format_rfc3339(WallTime time, Fraction fraction = Fraction::none);
// Strict RFC 3339 with any offset; nullopt when malformed or out of range.
std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace authplane
