#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/fronting_store.h"
#include "authserver/domain/resource_store.h"

namespace authplane::authserver {

// "a->b+c,d->e", sorted.
std::string to_text(const ScopeMap& scope_map);

struct NewFrontingLink {
  std::string source_slug, target_slug;
  ScopeMap scope_map;
  std::string created_by;  // "admin", "cli"
};

// The links one resource has.
struct FrontingLinks {
  std::vector<FrontingLink> fronts;      // it is the source
  std::vector<FrontingLink> fronted_by;  // it is the target
};

enum class LinkMode {
  write,
  dry_run,  // every rule is checked, nothing is written
};

// Manages the links over which tokens for one resource become tokens for another, and writes an audit row for
// each change. Thread-safe.
// Errors beside those named: not_found for a link that does not exist, and unavailable and internal from the
// store.
class FrontingService {
 public:
  // The references outlive the service.
  FrontingService(FrontingStore& links, ResourceStore& resources, AuditService& audit, const Clock& clock)
      : links_(links), resources_(resources), audit_(audit), clock_(clock) {}

  // Errors: invalid_request (a rule, an unknown slug, a cycle), conflict (the pair is linked already).
  Outcome<FrontingLink> create(const NewFrontingLink& wanted, LinkMode mode, const Actor& actor);
  Outcome<FrontingLink> get(std::string_view source_slug, std::string_view target_slug) const;
  Outcome<std::vector<FrontingLink>> list(const FrontingFilter& filter, const Page& page) const;
  // Errors: not_found (no resource has this slug).
  Outcome<FrontingLinks> links_of(std::string_view slug) const;
  // nullopt: nothing is written. Errors: invalid_request.
  Outcome<FrontingLink> update(std::string_view source_slug, std::string_view target_slug,
                               const std::optional<ScopeMap>& scope_map, const Actor& actor);
  Outcome<void> remove(std::string_view source_slug, std::string_view target_slug, const Actor& actor);

 private:
  void record(std::string_view action, const FrontingLink& link, const Actor& actor);

  FrontingStore& links_;
  ResourceStore& resources_;
  AuditService& audit_;
  const Clock& clock_;
};

}  // namespace authplane::authserver
