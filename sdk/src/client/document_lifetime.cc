#include <authplane/client/document_lifetime.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include <authplane/base/encoding.h>

namespace authplane {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kMaxAge = 10LL * 365 * 24 * 3600;  // keeps any sum with a time point in range

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Digits only; values too large to hold are clamped (RFC 9111 section 1.2.2).
std::optional<seconds> parse_delta_seconds(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return seconds(kMaxAge);
  return seconds(std::min(value, kMaxAge));
}

// What Cache-Control says; nullopt when it says nothing about age. The strictest directive counts.
std::optional<seconds> cache_control_age(const Headers& headers) {
  std::optional<seconds> age;
  const auto at_most = [&](seconds value) { age = age ? std::min(*age, value) : value; };
  for (std::string_view rest : headers.all("Cache-Control")) {
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      const std::string directive = ascii_lower(trim(rest.substr(0, comma)));
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
      if (directive == "no-store" || directive == "no-cache" || directive.starts_with("no-cache=")) {
        at_most(seconds(0));
      } else if (directive.starts_with("max-age=")) {
        if (const auto value = parse_delta_seconds(std::string_view(directive).substr(8))) at_most(*value);
      }
    }
  }
  return age;
}

std::optional<seconds> expires_age(const Headers& headers, WallTime now) {
  if (!headers.contains("Expires")) return std::nullopt;
  const auto value = headers.get("Expires");
  const auto expires = value ? parse_http_date(trim(*value)) : std::nullopt;
  if (!expires) return seconds(0);  // RFC 9111 5.3: an invalid date is in the past
  return std::clamp(std::chrono::floor<seconds>(*expires - now), seconds(0), seconds(kMaxAge));
}

std::optional<unsigned> number(std::string_view text, std::size_t at, std::size_t size) {
  unsigned value = 0;
  for (const char c : text.substr(at, size)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

}  // namespace

std::chrono::seconds document_lifetime(const Headers& headers, WallTime now,
                                       std::chrono::seconds configured) {
  auto announced = cache_control_age(headers);
  if (!announced) announced = expires_age(headers, now);
  if (!announced) return configured;
  return std::min(configured, std::max(*announced, kMinDocumentLifetime));
}

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  // Sun, 06 Nov 1994 08:49:37 GMT
  if (text.size() != 29 || text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ' ||
      text[16] != ' ' || text[19] != ':' || text[22] != ':' || text.substr(25) != " GMT") {
    return std::nullopt;
  }
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  const auto day = number(text, 5, 2), year = number(text, 12, 4);
  const auto hour = number(text, 17, 2), minute = number(text, 20, 2), second = number(text, 23, 2);
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::chrono::year_month_day date(
      std::chrono::year(static_cast<int>(*year)),
      std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1), std::chrono::day(*day));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         seconds(*second);
}

}  // namespace authplane
