#pragma once

#include <string_view>

#include "authserver/domain/audit_store.h"
#include "authserver/domain/authorization_store.h"
#include "authserver/domain/broker_grant_store.h"
#include "authserver/domain/broker_provider_store.h"
#include "authserver/domain/client_store.h"
#include "authserver/domain/consent_grant_store.h"
#include "authserver/domain/fronting_store.h"
#include "authserver/domain/issuance_store.h"
#include "authserver/domain/resource_store.h"
#include "authserver/domain/settings_store.h"
#include "authserver/domain/stats_store.h"
#include "authserver/domain/token_family_store.h"
#include "authserver/domain/user_store.h"
#include "authserver/domain/xaa_store.h"

namespace authplane::authserver {

// One opened storage. The stores belong to it. Destroying it lets queued writes finish; no other thread may
// be in a call then. Made by the backends: storage/memory/memory_storage.h, storage/sqlite/sqlite_storage.h.
class Storage {
 public:
  virtual ~Storage() = default;

  virtual ClientStore& clients() = 0;
  virtual ResourceStore& resources() = 0;
  virtual IssuanceStore& issuances() = 0;
  virtual UserStore& users() = 0;
  virtual AuthorizationStore& authorizations() = 0;
  virtual ConsentGrantStore& consent_grants() = 0;
  virtual TokenFamilyStore& families() = 0;
  virtual FrontingStore& fronting_links() = 0;
  virtual BrokerProviderStore& broker_providers() = 0;
  virtual BrokerGrantStore& broker_grants() = 0;
  virtual XaaStore& xaa() = 0;
  virtual AuditStore& audit() = 0;
  virtual SettingsStore& settings() = 0;
  virtual StatsStore& stats() = 0;

  // Whether the storage can be read, and the latest write did not fail for its sake (a full disk, somebody
  // else's lock). Does not wait for writers. Errors: unavailable, internal.
  virtual Outcome<void> ping() = 0;
  virtual std::string_view driver() const = 0;  // "sqlite", "memory"
};

}  // namespace authplane::authserver
