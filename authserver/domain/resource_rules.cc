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

Outcome<void> check_scope(const ResourceScope& scope, std::set<std::string_view>& seen) {
  if (!is_scope_token(scope.name)) {
    return broken("a scope name must not be empty and must be a scope token (RFC 6749 section 3.3)");
  }
  if (!seen.insert(scope.name).second) return broken("scope " + scope.name + " is listed twice");
  for (const auto& [name, text] : {std::pair("description", std::string_view(scope.description)),
                                   std::pair("upstream", std::string_view(scope.upstream))}) {
    if (text.size() <= kMaxTextBytes && is_valid_utf8(text)) continue;
    return broken(std::string("a scope ") + name + " must be UTF-8 of at most 1024 bytes");
  }
  return {};
}

void note(BrokenRules& rules, const Outcome<void>& checked) {
  if (!checked) rules.push_back(checked.error().description);
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

BrokenRules broken_rules(const Resource& resource) {
  BrokenRules rules;
  if (!is_slug(resource.slug))
    rules.emplace_back("slug must be 1 to 64 of a-z, 0-9 and '-', not starting with '-'");
  note(rules, check_uri(resource.uri));
  if (resource.display_name.size() > kMaxTextBytes || !is_valid_utf8(resource.display_name)) {
    rules.emplace_back("display_name must be UTF-8 of at most 1024 bytes");
  }
  if (resource.scopes.size() > kMaxScopes) {
    rules.emplace_back("more than 500 scopes");
    return rules;
  }
  std::set<std::string_view> seen;
  for (const ResourceScope& scope : resource.scopes) note(rules, check_scope(scope, seen));
  return rules;
}

BrokenRules broken_rules(const ResourcePolicy& policy) {
  BrokenRules rules;
  note(rules, check_client_ids(policy.exchange_allowed_client_ids, "exchange.allowed_client_ids"));
  note(rules, check_client_ids(policy.runtime_client_ids, "runtime.client_ids"));
  if (policy.connect_allowed_return_urls.size() > kMaxPolicyEntries) {
    rules.emplace_back("connect.allowed_return_urls has more than 1000 entries");
    return rules;
  }
  for (const std::string& url : policy.connect_allowed_return_urls) note(rules, check_return_url(url));
  return rules;
}

BrokenRules broken_provider_rules(BackendKind kind, bool names_provider) {
  if (kind == BackendKind::mint && names_provider) {
    return {"a mint resource has no broker provider; leave broker_provider_id and its slug empty"};
  }
  if (kind == BackendKind::broker && !names_provider) {
    return {"a broker resource needs a broker provider; name it with broker_provider_id"};
  }
  return {};
}

Outcome<void> check_client_ids(const std::vector<std::string>& ids, std::string_view name) {
  if (ids.size() > kMaxPolicyEntries) return broken(std::string(name) + " has more than 1000 entries");
  const bool has_empty =
      std::any_of(ids.begin(), ids.end(), [](const std::string& id) { return id.empty(); });
  if (has_empty) return broken(std::string(name) + " has an empty entry");
  return {};
}

Outcome<void> check_return_url(std::string_view url) {
  if (url.empty()) return broken("a return URL must not be empty");
  if (is_return_url(url)) return {};
  return broken(
      "a return URL must be an absolute http or https URL without user information, or start like "
      "http://localhost:*");
}

}  // namespace authplane::authserver
