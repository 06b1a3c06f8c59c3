#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/log.h>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/settings_store.h"

namespace authplane::authserver {

// Who may register clients without the operator's help.
enum class RegistrationMode {
  open,                // anyone
  approved_redirects,  // anyone, with redirect URIs of a list only
  admin_only,          // nobody
};

std::string_view to_string(RegistrationMode value) noexcept;
// Exact names as printed by to_string; nullopt for everything else.
std::optional<RegistrationMode> parse_registration_mode(std::string_view text) noexcept;

struct RegistrationRules {
  RegistrationMode mode = RegistrationMode::open;  // until an operator sets another one at run time
  std::vector<std::string> approved_redirects;     // compared byte for byte
  std::string default_scope;                       // ceiling of clients of users, "" = none is set
};

// What holds for clients that come without the operator: dynamic registration and client ID metadata
// documents. The mode an operator has set is stored, and wins over the configured one at once, also when
// another process set it. Thread-safe.
class RegistrationPolicy {
 public:
  // The references outlive the object.
  RegistrationPolicy(RegistrationRules rules, SettingsStore& settings, Logger& logger)
      : rules_(std::move(rules)), settings_(settings), logger_(logger) {}

  // Errors: the store's. Then nobody may register.
  Outcome<RegistrationMode> mode() const;
  // Answers the mode before. Errors: the store's.
  Outcome<RegistrationMode> set_mode(RegistrationMode mode, const Actor& actor, AuditService& audit,
                                     WallTime now);

  // Whether a client with these redirect URIs may come. Errors: access_denied, invalid_redirect_uri, and the
  // store's.
  Outcome<void> admit(const std::vector<std::string>& redirect_uris) const;
  // The ceiling such a client gets: none when it asks for a grant without a user.
  std::string ceiling(const std::vector<std::string>& grant_types) const;

 private:
  RegistrationRules rules_;
  SettingsStore& settings_;
  Logger& logger_;
};

}  // namespace authplane::authserver
