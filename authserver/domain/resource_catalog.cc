#include "authserver/domain/resource_catalog.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <authplane/base/url.h>

namespace authplane::authserver {
namespace {

// "https://host" and "https://host/" name the same thing (RFC 3986 section 6.2.3), and URL libraries write
// the latter for the former. "" when the URI has a path.
std::string other_spelling(std::string_view uri) {
  const auto url = Url::parse(uri);
  if (!url || url->has_query() || url->has_fragment()) return {};
  if (url->path().empty()) return url->text() + "/";
  if (url->path() == "/") return url->text().substr(0, uri.size() - 1);
  return {};
}

}  // namespace

ResourceCatalog::ResourceCatalog(std::vector<Resource> resources) {
  std::vector<ResourcePtr> by_age;
  by_age.reserve(resources.size());
  for (Resource& resource : resources)
    by_age.push_back(std::make_shared<const Resource>(std::move(resource)));
  std::sort(by_age.begin(), by_age.end(), [](const ResourcePtr& a, const ResourcePtr& b) {
    return std::tie(a->created_at, a->id) < std::tie(b->created_at, b->id);
  });
  for (const ResourcePtr& resource : by_age) {
    by_id_.emplace(resource->id, resource);
    by_slug_.emplace(resource->slug, resource);
    if (!resource->uri.empty()) by_uri_.emplace(resource->uri, resource);
    for (const ResourceScope& scope : resource->scopes) scopes_.insert(scope.name);
  }
  by_slug_order_ = std::move(by_age);
  std::sort(by_slug_order_.begin(), by_slug_order_.end(),
            [](const ResourcePtr& a, const ResourcePtr& b) { return a->slug < b->slug; });
}

ResourcePtr ResourceCatalog::find_by_id(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

ResourcePtr ResourceCatalog::find_by_slug(std::string_view slug) const {
  const auto found = by_slug_.find(slug);
  return found == by_slug_.end() ? nullptr : found->second;
}

ResourceMatch ResourceCatalog::find_by_uri(std::string_view uri) const {
  const auto [first, last] = by_uri_.equal_range(uri);
  if (first == last) return {};
  if (std::next(first) != last) return {Match::ambiguous, nullptr};
  return {Match::one, first->second};
}

ResourceMatch ResourceCatalog::resolve(std::string_view slug_or_uri) const {
  ResourceMatch match = find_by_uri(slug_or_uri);
  if (match.match == Match::none) match = find_by_uri(other_spelling(slug_or_uri));
  const ResourcePtr slug = find_by_slug(slug_or_uri);
  if (!slug || slug == match.resource) return match;
  if (match.match == Match::none) return {Match::one, slug};
  return {Match::ambiguous, nullptr};
}

std::vector<ResourcePtr> ResourceCatalog::list(const ResourceFilter& filter, const Page& page) const {
  std::vector<ResourcePtr> out;
  std::size_t skipped = 0;
  for (const ResourcePtr& resource : by_slug_order_) {
    if (out.size() >= page.limit) break;
    if (filter.backend_kind && resource->backend_kind != *filter.backend_kind) continue;
    if (filter.broker_provider_id && resource->broker_provider_id != *filter.broker_provider_id) continue;
    if (skipped++ < page.offset) continue;
    out.push_back(resource);
  }
  return out;
}

}  // namespace authplane::authserver
