#include "authserver/http/grant_parameters.h"

#include <algorithm>

#include <authplane/base/encoding.h>

namespace authplane::authserver {
namespace {

// Scheme and host compare without case (RFC 3986 section 6.2.2.1), the rest as it is.
bool is_same_uri(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const std::size_t host = a.find("://");
  if (host == std::string_view::npos) return a == b;
  const std::size_t end = std::min(a.find_first_of("/?#", host + 3), a.size());
  return equals_ignore_case(a.substr(0, end), b.substr(0, end)) && a.substr(end) == b.substr(end);
}

}  // namespace

bool is_blank(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
}

Result<std::string_view, Denial> read_resource(const Form& form) {
  std::string_view uri;
  std::size_t count = 0;
  for (const std::string_view value : form.all("resource")) {
    if (value.empty()) continue;
    uri = value;
    ++count;
  }
  if (count > 1) return deny(OAuthErrorCode::invalid_target, "send one resource per request");
  return uri;
}

Result<std::shared_ptr<const ResourceCatalog>, Denial> read_catalog(ResourceStore& resources,
                                                                    Logger& logger) {
  auto catalog = resources.catalog();
  if (!catalog) return Err(denial_of(catalog.error(), "look up resources", logger));
  return std::move(*catalog);
}

Result<ResourcePtr, Denial> check_bound_resource(const ResourceCatalog& catalog, BoundResource bound,
                                                 std::string_view requested) {
  ResourcePtr resource;
  if (!bound.id.empty()) {
    resource = catalog.find_by_id(bound.id);
    if (!resource || resource->backend_kind != BackendKind::mint)
      return deny(OAuthErrorCode::invalid_target, "the resource of this grant is not registered any more");
  }
  if (requested.empty()) return resource;
  const bool is_bound_one =
      resource && (is_same_uri(requested, bound.uri) || catalog.resolve(requested).resource == resource);
  if (!is_bound_one)
    return deny(OAuthErrorCode::invalid_target, "the user did not authorize the client for this resource");
  return resource;
}

}  // namespace authplane::authserver
