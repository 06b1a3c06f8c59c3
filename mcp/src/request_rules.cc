#include "request_rules.h"

#include <algorithm>
#include <array>

#include <authplane/base/encoding.h>

namespace authplane::mcp {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The part before `separator`; `rest` becomes what follows it.
std::string_view split_off(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const auto head = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return trim(head);
}

// q=0 means "not this" (RFC 9110 section 12.4.2).
bool is_excluded(std::string_view parameters) {
  while (!parameters.empty()) {
    auto value = split_off(parameters, ';');
    const auto name = split_off(value, '=');
    if (equals_ignore_case(name, "q")) return trim(value).find_first_not_of("0.") == std::string_view::npos;
  }
  return false;
}

constexpr std::array<std::string_view, 3> kLoopbackHosts = {"localhost", "127.0.0.1", "[::1]"};

bool is_loopback(std::string_view host) {
  return std::any_of(kLoopbackHosts.begin(), kLoopbackHosts.end(),
                     [host](std::string_view each) { return equals_ignore_case(each, host); });
}

// Host or authority without its port; nullopt when the port is no number or the brackets do not match.
std::optional<std::string_view> without_port(std::string_view authority) {
  const auto after = authority.starts_with('[') ? authority.find(']') : authority.find(':');
  if (after == std::string_view::npos) {
    return authority.starts_with('[') ? std::nullopt : std::optional(authority);
  }
  const auto end = authority[after] == ']' ? after + 1 : after;
  const auto port = authority.substr(end);
  if (port.empty()) return authority;
  const auto digits = port.substr(1);
  const bool valid = port.front() == ':' && digits.size() <= 5 &&
                     std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  return valid ? std::optional(authority.substr(0, end)) : std::nullopt;
}

bool is_loopback_origin(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!origin.starts_with(scheme)) continue;
    const auto host = without_port(origin.substr(scheme.size()));
    return host && is_loopback(*host);
  }
  return false;
}

}  // namespace

Accepts Accepts::of(const Headers& headers) {
  Accepts accepts;
  bool any = false;
  for (const auto& [name, value] : headers) {
    if (!equals_ignore_case(name, "accept")) continue;
    any = true;
    std::string_view rest = value;
    while (!rest.empty()) {
      auto parameters = split_off(rest, ',');
      const auto type = split_off(parameters, ';');
      if (!parameters.empty() && is_excluded(parameters)) continue;
      const bool all = type == "*/*";
      if (all || equals_ignore_case(type, "application/json") || equals_ignore_case(type, "application/*")) {
        accepts.json = true;
      }
      if (all || equals_ignore_case(type, "text/event-stream") || equals_ignore_case(type, "text/*")) {
        accepts.event_stream = true;
      }
    }
  }
  return any ? accepts : Accepts{.json = true, .event_stream = true};
}

bool is_json_content(const Headers& headers) {
  auto value = headers.get("content-type");
  return value && equals_ignore_case(split_off(*value, ';'), "application/json");
}

const char* OriginRules::violation(const Headers& headers, const RequestContext& context) const {
  for (const auto origin : headers.all("origin")) {
    if (!origin_allowed(origin)) return "Origin is not allowed";
  }
  if (!hosts_ && !context.principal.empty()) return nullptr;
  for (const auto host : headers.all("host")) {
    if (!host_allowed(host)) return "Host is not allowed";
  }
  return nullptr;
}

std::optional<std::string_view> OriginRules::named_origin(const Headers& headers) const {
  const auto origin = headers.get("origin");
  if (!names_origins() || !origin || !origin_allowed(*origin)) return std::nullopt;
  return origin;
}

bool OriginRules::origin_allowed(std::string_view origin) const {
  if (!origins_) return is_loopback_origin(origin);
  return std::find(origins_->begin(), origins_->end(), origin) != origins_->end();
}

bool OriginRules::host_allowed(std::string_view host) const {
  const auto name = without_port(host);
  if (!name) return false;
  if (!hosts_) return is_loopback(*name);
  return std::any_of(hosts_->begin(), hosts_->end(),
                     [&name](const std::string& each) { return equals_ignore_case(each, *name); });
}

}  // namespace authplane::mcp
