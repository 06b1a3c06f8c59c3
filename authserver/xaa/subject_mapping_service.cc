#include "authserver/xaa/subject_mapping_service.h"

#include "authserver/xaa/identity_assertion.h"

namespace authplane::authserver {

Outcome<SubjectMapping> SubjectMappingService::create(std::string_view idp_id, std::string_view idp_subject,
                                                      std::string_view local_user_id, const Actor& actor) {
  if (idp_subject.empty() || idp_subject.size() > kMaxAssertedSubject)
    return fail(DomainErrorCode::invalid_request, "idp_subject has 1 to 255 bytes");
  const SubjectMapping mapping{.id = ids_.opaque(),
                               .idp_id = std::string(idp_id),
                               .idp_subject = std::string(idp_subject),
                               .local_user_id = std::string(local_user_id),
                               .created_at = clock_.now_seconds()};
  if (const auto stored = store_.insert_mapping(mapping); !stored) {
    const bool is_taken = stored.error().code == DomainErrorCode::conflict;
    if (!is_taken) return Err(stored.error());
    return fail(DomainErrorCode::invalid_request, "the subject of that identity provider is mapped already");
  }
  audit_.record("subject_mapping.created", actor, "",
                audit_detail({{"id", mapping.id}, {"idp", idp_id}, {"user", local_user_id}}));
  return mapping;
}

Outcome<void> SubjectMappingService::remove(std::string_view id, const Actor& actor) {
  if (auto removed = store_.remove_mapping(id); !removed) return removed;
  audit_.record("subject_mapping.deleted", actor, "", audit_detail({{"id", id}}));
  return {};
}

}  // namespace authplane::authserver
