#include "authserver/domain/broker_provider_config.h"

#include <algorithm>
#include <array>
#include <string>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/base/url.h>
#include <authplane/json/json.h>

namespace authplane::authserver {
namespace {

constexpr JsonLimits kLimits{.max_bytes = 1024 * 1024};
constexpr std::size_t kMaxShownName = 64;

Unexpected<DomainError> broken(std::string description) {
  return fail(DomainErrorCode::invalid_request, std::move(description));
}

std::string shown(std::string_view path) {
  return "config_data." + header_safe(path.substr(0, kMaxShownName));
}

bool is_reference_name(std::string_view name) {
  return name == "client_secret_ref" || name == "client_secret_env";
}

bool is_empty(const Json& value) {
  return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty());
}

// RFC 3986 section 3.2.1, in text that need not be a URL in all other respects.
bool has_user_information(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view rest = text.substr(scheme + 3);
  return rest.substr(0, rest.find_first_of("/?# \t\r\n")).find('@') != std::string_view::npos;
}

// What is answered as it was sent must not hold secrets. `path` leads to `value`.
Outcome<void> check_plain(const Json& value, const std::string& path) {
  if (value.is_string() && has_user_information(value.get_ref<const std::string&>())) {
    return broken(shown(path) + " is a URL with user information; leave that out");
  }
  if (!value.is_structured()) return {};
  for (const auto& [name, member] : value.items()) {
    const std::string below = path + "." + name;
    if (value.is_object() && is_secret_name(name) && !is_empty(member)) {
      return broken(shown(below) + " is a secret; secrets are taken at the top level of config_data only");
    }
    if (auto ok = check_plain(member, below); !ok) return ok;
  }
  return {};
}

// The origins a client secret is sent to.
std::vector<std::string> secret_origins(std::string_view config) {
  std::vector<std::string> origins;
  const auto parsed = parse_json_object(config, kLimits);
  if (!parsed) return origins;
  for (const char* member : {"token_url", "revoke_url"}) {
    const std::string* text = find_string(*parsed, member);
    if (text == nullptr || text->empty()) continue;
    const auto url = Url::parse(*text);
    origins.push_back(url ? url->origin() : *text);
  }
  return origins;
}

}  // namespace

bool is_secret_name(std::string_view name) {
  constexpr std::array<std::string_view, 8> kEndings = {"secret", "password",   "passwd",     "token",
                                                        "apikey", "privatekey", "credential", "credentials"};
  std::string folded = ascii_lower(name);
  folded.erase(std::remove_if(folded.begin(), folded.end(), [](char c) { return c == '-' || c == '_'; }),
               folded.end());
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return folded.ends_with(ending); });
}

Outcome<ProviderConfigParts> take_apart(std::string_view config) {
  const auto parsed = parse_json_object(config, kLimits);
  if (!parsed) return broken("config_data is no JSON object: " + parsed.error().message);
  ProviderConfigParts parts;
  bool has_client_secret = false, has_reference = false;
  for (RawMember& member : raw_members(config)) {
    const Json& value = *find_member(*parsed, member.name);
    const bool is_secret = is_secret_name(member.name);
    const bool is_reference = is_reference_name(member.name);
    const bool is_hidden = is_secret && !is_empty(value);
    parts.speaks_of_secrets |= is_secret || is_reference;
    has_client_secret |= member.name == "client_secret" && is_hidden;
    has_reference |= is_reference && !is_empty(value);
    if (is_hidden && !value.is_string()) return broken(shown(member.name) + " must be a string");
    if (!is_hidden) {
      if (auto ok = check_plain(value, member.name); !ok) return Err(std::move(ok).error());
    }
    (is_hidden ? parts.secrets : parts.plain).push_back(std::move(member));
  }
  if (has_client_secret && has_reference) {
    return broken("config_data has a client_secret and the name of a variable with one; send one of them");
  }
  return parts;
}

bool sends_secret_elsewhere(std::string_view before, std::string_view after) {
  const std::vector<std::string> known = secret_origins(before), wanted = secret_origins(after);
  return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& origin) {
    return std::find(known.begin(), known.end(), origin) == known.end();
  });
}

}  // namespace authplane::authserver
