#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/errors.h"
#include "authserver/domain/paging.h"
#include "authserver/domain/token_family.h"

namespace authplane::authserver {

// Conditions are AND-ed.
struct FamilyFilter {
  std::optional<std::string> user_id;
  std::optional<std::string> client_id;
  std::optional<std::string> resource_id;
};

struct FamilyPage {
  std::vector<TokenFamily> families;  // newest first, whatever their state
  std::size_t total = 0;              // without paging
};

struct PresentedRefreshToken {
  RefreshToken token;
  TokenFamily family;
};

// What a revocation reached; what was dead before is not counted.
struct RevokedFamilies {
  std::size_t families = 0;
  std::size_t access_tokens = 0;  // of the families; by revoke_of_user() every other one as well
};

// Families of tokens. They are begun and continued by IssuanceStore, together with the access token in
// question. Thread-safe; each verb is one transaction and durable when it returns. Once a revocation
// returned, no token of the family is live and none can be added. Every verb may also fail with unavailable
// or internal.
class TokenFamilyStore {
 public:
  virtual ~TokenFamilyStore() = default;

  // Errors: not_found.
  virtual Outcome<TokenFamily> get(const TimeOrderedId& id) = 0;
  // nullopt: never issued, or expired and purged. Consumed and revoked ones are found.
  virtual Outcome<std::optional<PresentedRefreshToken>> find_by_refresh_token(const TokenHash& hash) = 0;
  virtual Outcome<FamilyPage> list(const FamilyFilter& filter, const Page& page) = 0;

  // Idempotent. Tokens exchanged from those of the family live on. Errors: not_found.
  virtual Outcome<RevokedFamilies> revoke(const TimeOrderedId& id, WallTime now) = 0;
  // Everything that was had for the user so far: every family, every token of ours that is live, whatever
  // the grant, every authorization and every browser login. An authorization that is pending or has an
  // unredeemed code is forgotten, and nothing can be recorded any more for a code whose redemption is under
  // way. Idempotent; nothing for a user nobody knows.
  virtual Outcome<RevokedFamilies> revoke_of_user(std::string_view user_id, WallTime now) = 0;

  // Deletes expired refresh tokens, no longer tracks expired access tokens, and deletes families that have
  // neither left. Answers the number of deleted refresh tokens. Works in small transactions.
  virtual Outcome<std::size_t> purge_expired(WallTime now) = 0;
};

}  // namespace authplane::authserver
