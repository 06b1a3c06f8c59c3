#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/xaa_store.h"

namespace authplane::authserver {

struct PolicyRegistration {
  std::string name;  // not blank, at most 255 bytes
  std::string idp_id;
  std::vector<std::string> client_ids;             // empty = any
  std::optional<std::vector<std::string>> scopes;  // nullopt = any, empty = none
  std::vector<std::string> resources;              // URIs; empty = any
};

// Absent = unchanged.
struct PolicyChanges {
  std::optional<std::string> name;
  std::optional<std::vector<std::string>> client_ids;
  std::optional<std::optional<std::vector<std::string>>> scopes;
  std::optional<std::vector<std::string>> resources;
  std::optional<bool> enabled;
};

// Registers and manages what is granted for the assertions of identity providers, and writes an audit row for
// each change. Thread-safe. Errors beside those named: not_found for an unknown id, invalid_request for a
// broken rule, and unavailable and internal from the store.
class XaaPolicyService {
 public:
  // The references outlive the service.
  XaaPolicyService(XaaStore& store, AuditService& audit, IdGenerator& ids, const Clock& clock)
      : store_(store), audit_(audit), ids_(ids), clock_(clock) {}

  // Errors: invalid_request also when there is no such provider.
  Outcome<XaaPolicy> create(const PolicyRegistration& registration, const Actor& actor);
  Outcome<XaaPolicy> get(std::string_view id) const;
  // Of one provider or of all.
  Outcome<std::vector<XaaPolicy>> list(const std::optional<std::string>& idp_id) const {
    return store_.list_policies(idp_id);
  }
  // No changes: nothing is written.
  Outcome<XaaPolicy> update(std::string_view id, const PolicyChanges& changes, const Actor& actor);
  Outcome<void> remove(std::string_view id, const Actor& actor);

 private:
  XaaStore& store_;
  AuditService& audit_;
  IdGenerator& ids_;
  const Clock& clock_;
};

}  // namespace authplane::authserver
