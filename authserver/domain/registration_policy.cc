#include "authserver/domain/registration_policy.h"

#include <algorithm>
#include <array>

#include "authserver/domain/issuance.h"

namespace authplane::authserver {
namespace {

constexpr std::string_view kModeSetting = "dcr_mode";

bool involves_a_user(std::string_view grant_type) {
  const auto kind = parse_grant_kind(grant_type);
  return kind == GrantKind::authorization_code || kind == GrantKind::refresh_token;
}

}  // namespace

std::string_view to_string(RegistrationMode value) noexcept {
  switch (value) {
    case RegistrationMode::open:
      return "open";
    case RegistrationMode::approved_redirects:
      return "approved_redirects";
    case RegistrationMode::admin_only:
      return "admin_only";
  }
  return "admin_only";
}

std::optional<RegistrationMode> parse_registration_mode(std::string_view text) noexcept {
  for (const RegistrationMode mode :
       {RegistrationMode::open, RegistrationMode::approved_redirects, RegistrationMode::admin_only}) {
    if (to_string(mode) == text) return mode;
  }
  return std::nullopt;
}

Outcome<RegistrationMode> RegistrationPolicy::mode() const {
  const auto stored = settings_.get(kModeSetting);
  if (!stored) return Err(stored.error());
  if (!*stored) return rules_.mode;
  if (const auto mode = parse_registration_mode(**stored)) return *mode;
  logger_.error("the stored registration mode is unknown; the configured one is in force",
                {{"setting", kModeSetting}, {"mode", to_string(rules_.mode)}});
  return rules_.mode;
}

Outcome<RegistrationMode> RegistrationPolicy::set_mode(RegistrationMode mode, const Actor& actor,
                                                       AuditService& audit, WallTime now) {
  const auto before = this->mode();
  if (!before) return before;
  if (const auto stored = settings_.set(kModeSetting, to_string(mode), now); !stored)
    return Err(stored.error());
  audit.record("dcr.mode_updated", actor, "",
               audit_detail({{"previous", to_string(*before)}, {"mode", to_string(mode)}}));
  return before;
}

Outcome<void> RegistrationPolicy::admit(const std::vector<std::string>& redirect_uris) const {
  const auto mode = this->mode();
  if (!mode) return Err(mode.error());
  if (*mode == RegistrationMode::open) return {};
  if (*mode == RegistrationMode::admin_only) {
    return fail(DomainErrorCode::access_denied, "only the operator of this server registers clients");
  }
  const auto& approved = rules_.approved_redirects;
  for (const std::string& uri : redirect_uris) {
    if (std::find(approved.begin(), approved.end(), uri) == approved.end()) {
      return fail(DomainErrorCode::invalid_redirect_uri,
                  "this server accepts redirect URIs of the operator's list only, byte for byte");
    }
  }
  return {};
}

std::string RegistrationPolicy::ceiling(const std::vector<std::string>& grant_types) const {
  return std::all_of(grant_types.begin(), grant_types.end(), involves_a_user) ? rules_.default_scope : "";
}

}  // namespace authplane::authserver
