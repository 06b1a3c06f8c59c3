#include "authserver/http/grant_parameters.h"

#include <algorithm>

#include <authplane/base/encoding.h>

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxLoggedBytes = 256;

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

Result<ResourcePtr, Denial> find_by_uri(ResourceStore& resources, std::string_view uri,
                                        std::string_view client_id, Logger& logger) {
  if (uri.empty()) return ResourcePtr();
  const auto catalog = read_catalog(resources, logger);
  if (!catalog) return Err(catalog.error());
  ResourceMatch found = (*catalog)->find_by_uri(uri);
  if (found.match == Match::one && found.resource->backend_kind == BackendKind::mint)
    return std::move(found.resource);
  logger.warn("resource refused",
              {{"client_id", client_id},
               {"resource", uri.substr(0, kMaxLoggedBytes)},
               {"cause", found.match == Match::none        ? "no resource has exactly this URI"
                         : found.match == Match::ambiguous ? "several resources have this URI"
                                                           : "the resource is not of kind mint"},
               {"registered", (*catalog)->size()}});
  return deny(
      OAuthErrorCode::invalid_target,
      found.match == Match::ambiguous
          ? "several resources are registered under this URI"
          : "the resource is not registered under exactly this URI; a trailing slash makes another resource");
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

Result<ScopeSet, Denial> still_declared(const ScopeSet& approved, const Resource* resource) {
  if (resource == nullptr || approved.empty()) return approved;
  ScopeSet declared = approved.intersect(resource->scope_names());
  if (declared.empty())
    return deny(OAuthErrorCode::invalid_scope, "the resource has none of the approved scopes any more");
  return declared;
}

}  // namespace authplane::authserver
