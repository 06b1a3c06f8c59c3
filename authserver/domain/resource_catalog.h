#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "authserver/domain/paging.h"
#include "authserver/domain/resource.h"

namespace authplane::authserver {

// Result of a look-up by a key that need not be unique.
enum class Match { none, one, ambiguous };
struct ResourceMatch {
  Match match = Match::none;
  ResourcePtr resource;  // set exactly when match is one
};

struct ResourceFilter {
  std::optional<BackendKind> backend_kind;
  std::optional<std::string> broker_provider_id;
};

// All registered resources at one moment. Immutable after construction, so any number of threads may read it.
class ResourceCatalog {
 public:
  explicit ResourceCatalog(std::vector<Resource> resources = {});

  ResourcePtr find_by_id(std::string_view id) const;      // null when there is none
  ResourcePtr find_by_slug(std::string_view slug) const;  // null when there is none
  // Byte for byte; "" matches nothing.
  ResourceMatch find_by_uri(std::string_view uri) const;
  // By slug or by URI: two different rows that match make it ambiguous. A URI without a path also matches
  // with the path "/", and the other way round, unless another row has exactly that URI.
  ResourceMatch resolve(std::string_view slug_or_uri) const;

  // Ordered by slug.
  std::vector<ResourcePtr> list(const ResourceFilter& filter, const Page& page) const;
  // Names of all catalogs, without duplicates, in the order the resources were created.
  const ScopeSet& scopes_supported() const { return scopes_; }
  std::size_t size() const { return by_slug_order_.size(); }

 private:
  std::vector<ResourcePtr> by_slug_order_;
  std::unordered_map<std::string_view, ResourcePtr> by_id_, by_slug_;  // keys live in the resources
  std::unordered_multimap<std::string_view, ResourcePtr> by_uri_;
  ScopeSet scopes_;
};

}  // namespace authplane::authserver
