#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/consent_grant.h"
#include "authserver/domain/errors.h"
#include "authserver/domain/paging.h"

namespace authplane::authserver {

// Conditions are AND-ed.
struct ConsentGrantFilter {
  std::optional<std::string> user_id;
  std::optional<std::string> client_id;
  std::optional<std::string> resource_id;
};

struct RevokedConsentGrant {
  ConsentGrant grant;         // as stored now
  bool was_active = false;    // false: it was revoked before, `revoked_at` keeps its first value
  std::size_t issuances = 0;  // live tokens that this call revoked, those of families included
  std::size_t families = 0;   // active families that this call revoked
};

// Consent of users. Grants are made by AuthorizationStore::approve and never expire. Thread-safe; each verb
// is one transaction and durable when it returns. Every verb may also fail with unavailable or internal.
class ConsentGrantStore {
 public:
  virtual ~ConsentGrantStore() = default;

  // Errors: not_found.
  virtual Outcome<ConsentGrant> get(std::string_view id) = 0;
  // The active grant; nullopt when there is none or it was revoked.
  virtual Outcome<std::optional<ConsentGrant>> find_active(std::string_view user_id,
                                                           std::string_view client_id,
                                                           std::string_view resource_id) = 0;
  // Revoked ones too. Newest first, ties by id.
  virtual Outcome<std::vector<ConsentGrant>> list(const ConsentGrantFilter& filter, const Page& page) = 0;
  // Revokes the grant and all it led to: the live tokens of that user, client and resource and every token of
  // the user that was exchanged from such a one at any depth, the families, and codes not yet redeemed.
  // Idempotent. Errors: not_found.
  virtual Outcome<RevokedConsentGrant> revoke(std::string_view id, WallTime now) = 0;
};

}  // namespace authplane::authserver
