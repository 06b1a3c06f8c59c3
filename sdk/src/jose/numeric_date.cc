#include <authplane/jose/numeric_date.h>

#include <cmath>

#include <nlohmann/json.hpp>

namespace authplane {
namespace {

constexpr std::int64_t kMaxSeconds = 253'402'300'799;

}  // namespace

std::optional<WallTime> parse_numeric_date(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto seconds = value.get<std::uint64_t>();
    if (seconds > static_cast<std::uint64_t>(kMaxSeconds)) return std::nullopt;
    return WallTime(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
  }
  if (value.is_number_integer()) {
    const auto seconds = value.get<std::int64_t>();
    if (seconds < -kMaxSeconds || seconds > kMaxSeconds) return std::nullopt;
    return WallTime(std::chrono::seconds(seconds));
  }
  if (!value.is_number_float()) return std::nullopt;
  const double seconds = value.get<double>();
  if (!std::isfinite(seconds) || std::fabs(seconds) > static_cast<double>(kMaxSeconds)) return std::nullopt;
  return WallTime(std::chrono::microseconds(static_cast<std::int64_t>(std::floor(seconds * 1e6))));
}

}  // namespace authplane
