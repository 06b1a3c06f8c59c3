#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "authserver/domain/broker_provider.h"
#include "authserver/domain/errors.h"

namespace authplane::authserver {

// Upstream providers. Thread-safe; each verb is one transaction and durable when it returns. Every verb may
// also fail with unavailable or internal.
class BrokerProviderStore {
 public:
  virtual ~BrokerProviderStore() = default;

  // Errors: conflict (slug or id is taken).
  virtual Outcome<void> insert(const BrokerProvider& provider) = 0;
  // nullopt when there is none.
  virtual Outcome<std::optional<BrokerProvider>> find(std::string_view id) = 0;
  virtual Outcome<std::optional<BrokerProvider>> find_by_slug(std::string_view slug) = 0;
  // Ordered by slug.
  virtual Outcome<std::vector<BrokerProvider>> list() = 0;
  // Replaces every member but id and created_at if the stored version still is `changed.version`; answers the
  // stored provider with the next version. Errors: not_found, conflict (version, or slug is taken).
  virtual Outcome<BrokerProvider> update(const BrokerProvider& changed) = 0;
  // Refused while a resource or an unrevoked broker grant names it; revoked grants go with it. Errors:
  // not_found, conflict.
  virtual Outcome<void> remove(std::string_view id) = 0;
};

}  // namespace authplane::authserver
