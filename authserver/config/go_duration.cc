#include "authserver/config/go_duration.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace authplane::authserver {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr std::array<Unit, 7> kUnits = {{{"ns", 1},
                                         {"us", 1'000},
                                         {"\xC2\xB5s", 1'000},
                                         {"ms", 1'000'000},
                                         {"s", 1'000'000'000},
                                         {"m", 60'000'000'000},
                                         {"h", 3'600'000'000'000}}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view take_while(std::string_view& text, bool (*wanted)(char)) {
  std::size_t n = 0;
  while (n < text.size() && wanted(text[n])) ++n;
  std::string_view taken = text.substr(0, n);
  text.remove_prefix(n);
  return taken;
}

// One "<number><unit>" taken from the front of `text`; nullopt when malformed or too large.
std::optional<std::int64_t> take_part(std::string_view& text) {
  std::string_view whole = take_while(text, is_digit);
  std::string_view fraction;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    fraction = take_while(text, is_digit);
  }
  if (whole.empty() && fraction.empty()) return std::nullopt;
  std::string_view name = take_while(text, [](char c) { return !is_digit(c) && c != '.'; });
  const Unit* unit = nullptr;
  for (const Unit& candidate : kUnits) {
    if (candidate.name == name) unit = &candidate;
  }
  if (unit == nullptr) return std::nullopt;

  std::int64_t value = 0;
  for (char c : whole) {
    if (value > (kMax - (c - '0')) / 10) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  if (value > kMax / unit->nanoseconds) return std::nullopt;
  value *= unit->nanoseconds;
  std::int64_t scale = unit->nanoseconds;
  for (char c : fraction) {
    scale /= 10;  // digits beyond a nanosecond add nothing
    if (value > kMax - (c - '0') * scale) return std::nullopt;
    value += (c - '0') * scale;
  }
  return value;
}

// "5", "1.5", "0.25": `value / unit` without trailing zeros. `unit` is a power of ten.
std::string decimal(std::int64_t value, std::int64_t unit) {
  std::string text = std::to_string(value / unit);
  std::int64_t rest = value % unit;
  if (rest == 0) return text;
  std::string digits = std::to_string(unit + rest).substr(1);
  while (digits.back() == '0') digits.pop_back();
  return text + "." + digits;
}

}  // namespace

std::optional<Duration> parse_go_duration(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text == "0") return Duration::zero();
  if (text.empty()) return std::nullopt;
  std::int64_t sum = 0;
  while (!text.empty()) {
    std::optional<std::int64_t> part = take_part(text);
    if (!part || sum > kMax - *part) return std::nullopt;
    sum += *part;
  }
  return Duration(negative ? -sum : sum);
}

std::string format_go_duration(Duration duration) {
  std::int64_t rest = duration.count();
  if (rest == 0) return "0s";
  if (rest == std::numeric_limits<std::int64_t>::min()) rest = -kMax;  // one nanosecond short of 292 years
  std::string sign = rest < 0 ? "-" : "";
  rest = std::abs(rest);
  if (rest < 1'000) return sign + std::to_string(rest) + "ns";
  if (rest < 1'000'000) return sign + decimal(rest, 1'000) + "\xC2\xB5s";
  if (rest < 1'000'000'000) return sign + decimal(rest, 1'000'000) + "ms";
  std::int64_t hours = rest / 3'600'000'000'000;
  std::int64_t minutes = rest / 60'000'000'000 % 60;
  std::string text = sign;
  if (hours > 0) text += std::to_string(hours) + "h";
  if (hours > 0 || minutes > 0) text += std::to_string(minutes) + "m";
  return text + decimal(rest % 60'000'000'000, 1'000'000'000) + "s";
}

}  // namespace authplane::authserver
