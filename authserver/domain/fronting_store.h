#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/errors.h"
#include "authserver/domain/fronting_link.h"
#include "authserver/domain/paging.h"

namespace authplane::authserver {

// Conditions are AND-ed.
struct FrontingFilter {
  std::optional<std::string> source_slug;
  std::optional<std::string> target_slug;
};

// Links between resources. Thread-safe; each writing verb is one transaction and durable when it returns.
// Every verb may also fail with unavailable or internal.
class FrontingStore {
 public:
  virtual ~FrontingStore() = default;

  // nullopt when there is none. Served from memory; a change made by another process shows within 50 ms, a
  // change made through this object at once.
  virtual Outcome<std::optional<FrontingLink>> find(std::string_view source_slug,
                                                    std::string_view target_slug) = 0;
  // Ordered by source, then target.
  virtual Outcome<std::vector<FrontingLink>> list(const FrontingFilter& filter, const Page& page) = 0;
  // Checks what check_fronting_link says against the resources as they are at that moment. With `dry_run`
  // everything is checked and nothing is written. Errors: invalid_request (a rule, an unknown slug, or a
  // cycle), conflict (the pair is linked already).
  virtual Outcome<void> insert(const FrontingLink& link, bool dry_run) = 0;
  // Replaces the map. Errors: not_found, invalid_request.
  virtual Outcome<FrontingLink> update(std::string_view source_slug, std::string_view target_slug,
                                       const ScopeMap& scope_map) = 0;
  // Errors: not_found.
  virtual Outcome<void> remove(std::string_view source_slug, std::string_view target_slug) = 0;
};

}  // namespace authplane::authserver
