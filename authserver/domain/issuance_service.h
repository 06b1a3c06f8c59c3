#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/issuance_store.h"

namespace authplane::authserver {

// At least one of the first four. With `jti`, `since` is not looked at.
struct IssuanceSearch {
  std::optional<std::string> subject_user_id, client_id, resource_id, jti;
  std::optional<WallTime> since;  // default: 24 hours ago; at most 30 days ago
  std::size_t limit = 500;        // 1 to 5000
};

struct IssuanceList {
  std::vector<Issuance> issuances;                // newest first
  std::optional<std::chrono::sys_seconds> since;  // where the search began; absent for a search by jti
};

// Looks up and revokes records of issued tokens. Thread-safe.
// Errors beside those named: unavailable and internal from the store.
class IssuanceService {
 public:
  // The references outlive the service.
  IssuanceService(IssuanceStore& store, AuditService& audit, const Clock& clock)
      : store_(store), audit_(audit), clock_(clock) {}

  // Errors: invalid_request. A jti nobody issued gives an empty list.
  Outcome<IssuanceList> list(const IssuanceSearch& search) const;
  // `id` is the id of the record. Errors: not_found.
  Outcome<Issuance> get(std::string_view id) const;
  // Idempotent. Errors: not_found.
  Outcome<void> revoke(std::string_view id, const Actor& actor);

 private:
  IssuanceStore& store_;
  AuditService& audit_;
  const Clock& clock_;
};

}  // namespace authplane::authserver
