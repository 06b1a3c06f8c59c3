#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/storage.h"

namespace authplane::authserver {

// Conditions are AND-ed.
struct TokenSearch {
  std::optional<std::string> client_id;
  std::optional<std::string> user_id;  // leaves machine tokens out: they have none
  Page page;                           // of families and of machine tokens, each
};

struct MachineToken {
  Issuance issuance;
  std::string resource_uri;  // "" when no resource was named, or it is gone
};

struct TokenList {
  std::vector<TokenFamily> families;         // newest first
  std::vector<MachineToken> machine_tokens;  // newest first, expired ones too until they are purged
  std::size_t total = 0;                     // of both, without paging
};

// The tokens that are out, as an operator sees and revokes them. Thread-safe.
// Errors beside those named: unavailable and internal from the store.
class TokenInventory {
 public:
  // The references outlive the object.
  TokenInventory(Storage& storage, AuditService& audit, const Clock& clock, Metrics& metrics)
      : storage_(storage),
        audit_(audit),
        clock_(clock),
        families_revoked_(metrics.counter("authserver_tokens_revoked_total", {{"reason", "explicit"}})),
        machine_tokens_revoked_(
            metrics.counter("authserver_tokens_revoked_total", {{"reason", "explicit_machine"}})) {}

  Outcome<TokenList> list(const TokenSearch& search) const;
  // Families only. Errors: not_found (unknown user).
  Outcome<TokenList> list_of_user(std::string_view user_id, const Page& page) const;

  // The family of that id, or else the access token with that `jti` and what was exchanged from it.
  // Idempotent. Errors: invalid_grant (neither is known).
  Outcome<void> revoke(std::string_view id, const Actor& actor);
  // Every family of the user; they have to log in again. Idempotent. Errors: not_found (unknown user).
  Outcome<RevokedFamilies> force_logout(std::string_view user_id, const Actor& actor);

 private:
  Outcome<bool> revoke_family(const TimeOrderedId& id, const Actor& actor);
  Outcome<bool> revoke_token(const TimeOrderedId& jti, const Actor& actor);

  Storage& storage_;
  AuditService& audit_;
  const Clock& clock_;
  Counter &families_revoked_, &machine_tokens_revoked_;
};

}  // namespace authplane::authserver
