#include "authserver/xaa/subject.h"

#include "authserver/domain/liveness.h"

namespace authplane::authserver {

using Kind = ResolvedSubject::Kind;

std::optional<SubjectMode> parse_subject_mode(std::string_view text) noexcept {
  if (text == "auto_map") return SubjectMode::auto_map;
  if (text == "strict") return SubjectMode::strict;
  return std::nullopt;
}

std::string_view to_string(Kind kind) noexcept {
  switch (kind) {
    case Kind::mapped:
      return "mapped";
    case Kind::auto_mapped:
      return "auto_mapped";
    case Kind::unmapped:
      return "unmapped";
    case Kind::user_inactive:
      break;
  }
  return "user_inactive";
}

Outcome<ResolvedSubject> resolve_subject(XaaStore& xaa, UserStore& users, SubjectMode mode,
                                         const TrustedIdp& idp, std::string_view subject) {
  auto mapping = xaa.find_mapping(idp.id, subject);
  if (!mapping) return Err(std::move(mapping).error());
  if (!*mapping) {
    if (mode == SubjectMode::strict) return ResolvedSubject{};
    return ResolvedSubject{.kind = Kind::auto_mapped, .subject = idp.issuer + ":" + std::string(subject)};
  }
  const std::string& user_id = (*mapping)->local_user_id;
  const auto active = is_active_user(users, user_id);
  if (!active) return Err(active.error());
  if (!*active) return ResolvedSubject{.kind = Kind::user_inactive};
  return ResolvedSubject{.kind = Kind::mapped, .subject = user_id, .user_id = user_id};
}

}  // namespace authplane::authserver
