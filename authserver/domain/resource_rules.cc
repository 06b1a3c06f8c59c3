#include "authserver/domain/resource_rules.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include <authplane/base/encoding.h>
#include <authplane/base/url.h>

#include "authserver/identity/return_url.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxUriBytes = 2048;
constexpr std::size_t kMaxTextBytes = 1024;
constexpr std::size_t kMaxScopes = 500;
constexpr std::string_view kLoopbackPrefixes[] = {
    "http://localhost:", "https://localhost:", "http://127.0.0.1:", "https://127.0.0.1:"};

Unexpected<DomainError> broken(std::string description) {
  return fail(DomainErrorCode::invalid_request, std::move(description));
}

Outcome<void> check_uri(const std::string& text) {
  if (text.empty()) return {};
  const auto url = Url::parse(text);
  if (!url) return broken("uri is not an absolute URI: " + header_safe(url.error().message));
  if (url->scheme() != "http" && url->scheme() != "https") return broken("uri must be http or https");
  if (url->has_fragment() || url->has_userinfo())
    return broken("uri must have neither fragment nor user information");
  if (text.size() > kMaxUriBytes) return broken("uri is longer than 2048 bytes");
  return {};
}

Outcome<void> check_scopes(const Resource& resource) {
  if (resource.scopes.size() > kMaxScopes) return broken("more than 500 scopes");
  std::set<std::string_view> seen;
  for (const ResourceScope& scope : resource.scopes) {
    if (!is_scope_token(scope.name)) {
      return broken("a scope name must not be empty and must be a scope token (RFC 6749 section 3.3)");
    }
    if (!seen.insert(scope.name).second) return broken("scope " + scope.name + " is listed twice");
    for (const auto& [name, text] : {std::pair("description", std::string_view(scope.description)),
                                     std::pair("upstream", std::string_view(scope.upstream))}) {
      if (text.size() <= kMaxTextBytes && is_valid_utf8(text)) continue;
      return broken(std::string("a scope ") + name + " must be UTF-8 of at most 1024 bytes");
    }
  }
  return {};
}

// Ports of this machine may be left open, everything else is a whole URL.
bool is_return_url(std::string_view url) {
  if (is_return_url_entry(url)) {
    const auto parsed = Url::parse(url);
    return !parsed ||
           ((parsed->scheme() == "http" || parsed->scheme() == "https") && !parsed->has_userinfo());
  }
  const bool loopback = std::any_of(std::begin(kLoopbackPrefixes), std::end(kLoopbackPrefixes),
                                    [&](std::string_view prefix) { return url.starts_with(prefix); });
  return loopback && url.size() <= kMaxUriBytes && std::all_of(url.begin(), url.end(), [](char c) {
           return c > 0x20 && c < 0x7F && c != '@' && c != '\\' && c != '"';
         });
}

}  // namespace

Outcome<void> check_resource(const Resource& resource) {
  if (!is_slug(resource.slug))
    return broken("slug must be 1 to 64 of a-z, 0-9 and '-', not starting with '-'");
  if (auto ok = check_uri(resource.uri); !ok) return ok;
  if (resource.display_name.size() > kMaxTextBytes || !is_valid_utf8(resource.display_name)) {
    return broken("display_name must be UTF-8 of at most 1024 bytes");
  }
  return check_scopes(resource);
}

Outcome<void> check_return_url(std::string_view url) {
  if (url.empty()) return broken("a return URL must not be empty");
  if (is_return_url(url)) return {};
  return broken(
      "a return URL must be an absolute http or https URL without user information, or start like "
      "http://localhost:*");
}

}  // namespace authplane::authserver
