#include "authserver/cli/since.h"

#include <charconv>
#include <optional>
#include <string>

#include "authserver/config/go_duration.h"

namespace authplane::authserver::cli {
namespace {

constexpr std::chrono::hours kDay{24};
constexpr std::chrono::hours kFurthest = 30 * kDay;

std::optional<Duration> parse_length(std::string_view text) {
  if (text.empty() || (text.back() != 'd' && text.back() != 'w')) return parse_go_duration(text);
  std::string_view digits = text.substr(0, text.size() - 1);
  unsigned count = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || count > 1000)
    return std::nullopt;
  return Duration(count * kDay * (text.back() == 'w' ? 7 : 1));
}

}  // namespace

CommandResult<std::chrono::seconds> parse_since(std::string_view text) {
  std::optional<Duration> length = parse_length(text);
  if (!length)
    return failure("--since '" + std::string(text) + "' is not a duration; write 90m, 36h, 7d or 2w");
  if (*length <= Duration::zero() || *length > kFurthest)
    return failure("--since must be more than 0 and at most 30d");
  return std::chrono::ceil<std::chrono::seconds>(*length);
}

}  // namespace authplane::authserver::cli
