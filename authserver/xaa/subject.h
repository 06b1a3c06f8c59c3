#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "authserver/domain/user_store.h"
#include "authserver/domain/xaa_store.h"

namespace authplane::authserver {

// What becomes of a subject nobody has mapped to a user.
enum class SubjectMode {
  auto_map,  // it is known here as "<issuer>:<subject>"
  strict,    // it gets nothing
};
// "auto_map", "strict"; nullopt for everything else.
std::optional<SubjectMode> parse_subject_mode(std::string_view text) noexcept;

struct ResolvedSubject {
  enum class Kind { mapped, auto_mapped, unmapped, user_inactive };
  Kind kind = Kind::unmapped;
  std::string subject{};  // `sub` of the token, "" = there is to be none
  std::string user_id{};  // the local user, "" unless mapped
};
// "mapped", "auto_mapped", "unmapped", "user_inactive". Static storage.
std::string_view to_string(ResolvedSubject::Kind kind) noexcept;

// Who the subject of that provider is here. A mapping whose user is suspended or gone is user_inactive in
// either mode. Errors: unavailable, internal.
Outcome<ResolvedSubject> resolve_subject(XaaStore& xaa, UserStore& users, SubjectMode mode,
                                         const TrustedIdp& idp, std::string_view subject);

}  // namespace authplane::authserver
