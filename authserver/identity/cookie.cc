#include "authserver/identity/cookie.h"

#include <algorithm>
#include <stdexcept>

#include <authplane/base/encoding.h>

namespace authplane::authserver {
namespace {

constexpr std::string_view kHostPrefix = "__Host-";

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// The characters of everything we ever write; a small part of what RFC 6265 allows.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view to_string(SameSite value) {
  switch (value) {
    case SameSite::strict:
      return "Strict";
    case SameSite::none:
      return "None";
    case SameSite::lax:
      break;
  }
  return "Lax";
}

}  // namespace

std::optional<SameSite> parse_same_site(std::string_view text) {
  for (const SameSite value : {SameSite::lax, SameSite::strict, SameSite::none}) {
    if (equals_ignore_case(text, to_string(value))) return value;
  }
  return std::nullopt;
}

std::string cookie_name(const CookieAttributes& cookie) {
  const bool prefixed = !cookie.secure || cookie.name.starts_with(kHostPrefix);
  return prefixed ? cookie.name : std::string(kHostPrefix) + cookie.name;
}

std::string set_cookie(const CookieAttributes& cookie, std::string_view value, std::chrono::seconds max_age) {
  if (cookie.name.empty() || !is_plain(cookie.name) || !is_plain(value)) {
    throw std::invalid_argument("cookie '" + header_safe(cookie.name) +
                                "': name and value take letters, digits and '-_.' only");
  }
  std::string field = cookie_name(cookie) + "=" + std::string(value) +
                      "; Path=/; Max-Age=" + std::to_string(std::max<std::int64_t>(0, max_age.count())) +
                      "; HttpOnly; SameSite=" + std::string(to_string(cookie.same_site));
  if (cookie.secure) field += "; Secure";
  return field;
}

std::string clear_cookie(const CookieAttributes& cookie) {
  return set_cookie(cookie, "", std::chrono::seconds(0));
}

std::optional<std::string_view> find_cookie(const Headers& headers, const CookieAttributes& cookie) {
  const std::string name = cookie_name(cookie);
  std::optional<std::string_view> found;
  for (std::string_view rest : headers.all("Cookie")) {
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      const std::string_view pair = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos || trim(pair.substr(0, equals)) != name) continue;
      if (found) return std::nullopt;
      found = trim(pair.substr(equals + 1));
    }
  }
  if (!found || found->empty() || !is_plain(*found)) return std::nullopt;
  return found;
}

}  // namespace authplane::authserver
