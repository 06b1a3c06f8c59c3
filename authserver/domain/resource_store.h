#pragma once

#include <memory>
#include <string_view>

#include "authserver/domain/errors.h"
#include "authserver/domain/resource_catalog.h"

namespace authplane::authserver {

// Protected resources. Thread-safe; each writing verb is one transaction and durable when it returns. Every
// verb may also fail with unavailable or internal.
class ResourceStore {
 public:
  virtual ~ResourceStore() = default;

  // All look-ups go through the snapshot: no I/O unless something changed. Never null. A change made by
  // another process shows within 50 ms, a change made through this object at once.
  virtual Outcome<std::shared_ptr<const ResourceCatalog>> catalog() = 0;

  // Errors: conflict (slug or id is taken).
  virtual Outcome<void> insert(const Resource& resource) = 0;
  // Replaces every member but id and created_at if the stored version still is `changed.version`; answers the
  // stored resource with the next version. Errors: not_found, conflict (version, or slug is taken).
  virtual Outcome<Resource> update(const Resource& changed) = 0;
  // Refused while an unexpired token names the resource (revoked ones too: a resource server that verifies
  // locally still accepts them) and while a consent grant for it is active. Expired issuances stay as history
  // and do not hold the resource; revoked grants go with it. Errors: not_found, conflict.
  virtual Outcome<void> remove(std::string_view id, WallTime now) = 0;
};

}  // namespace authplane::authserver
