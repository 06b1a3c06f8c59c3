#include "agent/protected_resource.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/json/json.h>

#include "client/members.h"

namespace authplane::agent {
namespace {

constexpr std::string_view kWellKnown = "/.well-known/oauth-protected-resource";

Unexpected<Error> refuse(std::string problem) {
  return Err(ErrorCode::metadata_fetch_error, std::move(problem));
}

std::string_view without_trailing_slashes(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

// A token for `resource` would be of use elsewhere if the document of one server could name another.
Result<std::string> checked_resource(const Json& document, const Url& server) {
  const std::string* resource = find_string(document, "resource");
  if (!resource || resource->empty()) return refuse("member resource is missing or empty");
  const auto url = Url::parse(*resource);
  if (!url || url->has_fragment() || url->has_userinfo())
    return refuse("member resource is not an absolute URL without fragment and user information");
  if (!covers(*url, server)) {
    return refuse("resource mismatch: the document is for '" + header_safe(resource->substr(0, 200)) +
                  "', the server called is '" + server.text() + "'; correct the server's resource URI");
  }
  return *resource;
}

}  // namespace

std::vector<std::string> resource_metadata_urls(const Url& server) {
  const std::string root = server.origin() + std::string(kWellKnown);
  const std::string path(without_trailing_slashes(server.path()));
  const std::string query = server.has_query() ? "?" + server.query() : std::string();
  std::vector<std::string> urls{root + path + query};
  if (urls.front() != root) urls.push_back(root);
  return urls;
}

bool covers(const Url& resource, const Url& server) {
  if (resource.origin() != server.origin()) return false;
  if (resource.has_query() && resource.query() != server.query()) return false;
  const std::string_view prefix = without_trailing_slashes(resource.path());
  const std::string_view path = server.path();
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

Result<ProtectedResource> parse_protected_resource(std::string_view body, const Url& server,
                                                   std::size_t max_bytes) {
  const auto document = parse_json_object(body, {.max_bytes = max_bytes, .max_depth = 32});
  if (!document) return refuse("not a usable JSON document: " + document.error().message);
  auto resource = checked_resource(*document, server);
  if (!resource) return Err(std::move(resource).error());

  ProtectedResource result;
  result.resource = std::move(*resource);
  const auto servers = string_list(*document, "authorization_servers");
  if (!servers) return Err(servers.error());
  if (!*servers || (*servers)->empty())
    return refuse("member authorization_servers names no authorization server");
  result.authorization_servers = **servers;

  const auto scopes = string_list(*document, "scopes_supported");
  if (!scopes) return Err(scopes.error());
  for (const std::string& scope : scopes->value_or(std::vector<std::string>())) {
    if (!is_scope_token(scope)) return refuse("member scopes_supported holds something that is no scope");
    result.scopes.insert(scope);
  }
  const auto methods = string_list(*document, "bearer_methods_supported");
  if (!methods) return Err(methods.error());
  if (*methods && std::find((*methods)->begin(), (*methods)->end(), "header") == (*methods)->end())
    return refuse("the server takes no token in a header field, the only way this client sends one");
  result.dpop_required = is_true(*document, "dpop_bound_access_tokens_required");
  return result;
}

}  // namespace authplane::agent
