#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "authserver/domain/errors.h"
#include "authserver/domain/fronting_link.h"
#include "authserver/domain/resource_catalog.h"

namespace authplane::authserver {

enum class RemoveResource {
  unless_linked,  // conflict while a fronting link mentions the resource
  with_links,     // the links go too
};

// Protected resources. Thread-safe; each writing verb is one transaction and durable when it returns. Every
// verb may also fail with unavailable or internal.
class ResourceStore {
 public:
  virtual ~ResourceStore() = default;

  // All look-ups go through the snapshot: no I/O unless something changed. Never null. A change made by
  // another process shows within 50 ms, a change made through this object at once.
  virtual Outcome<std::shared_ptr<const ResourceCatalog>> catalog() = 0;

  // Errors: conflict (slug or id is taken), invalid_request (no such broker provider).
  virtual Outcome<void> insert(const Resource& resource) = 0;
  // Replaces every member but id and created_at if the stored version still is `changed.version`; answers the
  // stored resource with the next version. Errors: not_found, conflict (version, or slug is taken),
  // invalid_request (no such broker provider, or a fronting link would break: see check_fronted_change).
  virtual Outcome<Resource> update(const Resource& changed) = 0;
  // Refused while an unexpired token names the resource (revoked ones too: a resource server that verifies
  // locally still accepts them) and while a consent grant for it is active. Expired issuances stay as history
  // and do not hold the resource; revoked grants go with it. Answers the links that went with it. Errors:
  // not_found, conflict.
  virtual Outcome<std::vector<FrontingLink>> remove(std::string_view id, RemoveResource mode,
                                                    WallTime now) = 0;
};

}  // namespace authplane::authserver
