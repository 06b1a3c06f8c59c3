#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/xaa_store.h"

namespace authplane::authserver {

// Says who the subjects of identity providers are here, and writes an audit row for each change. Thread-safe.
// Every verb may also fail with unavailable and internal.
class SubjectMappingService {
 public:
  // The references outlive the service.
  SubjectMappingService(XaaStore& store, AuditService& audit, IdGenerator& ids, const Clock& clock)
      : store_(store), audit_(audit), ids_(ids), clock_(clock) {}

  // `idp_subject` has 1 to 255 bytes. Errors: invalid_request (a broken rule, no such provider or user, the
  // subject is mapped already).
  Outcome<SubjectMapping> create(std::string_view idp_id, std::string_view idp_subject,
                                 std::string_view local_user_id, const Actor& actor);
  // Of one provider or of all.
  Outcome<std::vector<SubjectMapping>> list(const std::optional<std::string>& idp_id) const {
    return store_.list_mappings(idp_id);
  }
  // Errors: not_found.
  Outcome<void> remove(std::string_view id, const Actor& actor);

 private:
  XaaStore& store_;
  AuditService& audit_;
  IdGenerator& ids_;
  const Clock& clock_;
};

}  // namespace authplane::authserver
