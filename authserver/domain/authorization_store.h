#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "authserver/domain/audit.h"
#include "authserver/domain/authorization.h"
#include "authserver/domain/errors.h"
#include "authserver/domain/token_family_store.h"

namespace authplane::authserver {

enum class ConsentBasis {
  given_now,     // the user was asked: the consent grant becomes exactly the approved scopes
  given_before,  // an active consent grant covers the approved scopes, and stays as it is
};

// A user's yes and the code that answers it.
struct Approval {
  std::string authorization_id;
  std::string user_id;  // who is logged in
  ScopeSet scopes;      // approved: at least one, none that was not asked for
  TokenHash code_hash{};
  ConsentBasis basis = ConsentBasis::given_now;
  std::string consent_grant_id;     // for the grant, should there be none yet
  std::optional<AuditEvent> audit;  // written with the rest
  WallTime now{};
};

// What became of a presented code.
struct RedeemedCode {
  Authorization authorization;  // as stored now
  bool is_replay = false;       // the code had been redeemed before
  // With a replay: what the first redemption led to, if that was recorded already.
  std::optional<TokenFamily> family;
};

enum class PurgeAuthorizations {
  unredeemed,  // those whose code was never redeemed: nothing can come of them any more
  all,         // also redeemed ones, whose replay then looks like an unknown code
};

// Requests at the authorization endpoint. Thread-safe; each verb is one transaction and durable when it
// returns. Every verb may also fail with unavailable or internal.
class AuthorizationStore {
 public:
  virtual ~AuthorizationStore() = default;

  // A pending one. Errors: conflict (the id exists), invalid_client (missing or not active), access_denied
  // (the user is missing or not active).
  virtual Outcome<void> create(const Authorization& authorization) = 0;
  // In whatever state; also past its expiry until it is purged. Errors: not_found.
  virtual Outcome<Authorization> get(std::string_view id) = 0;
  // Attaches the code and narrows the scopes; with a resource, records or checks the consent grant. Of
  // several decisions about one request the first counts. Errors: not_found (unknown or expired),
  // access_denied (another user's, or the user is not active any more), conflict (decided already; with
  // given_before: the consent was revoked or narrowed meanwhile, so ask), invalid_scope, invalid_client (not
  // active), invalid_target (resource removed).
  virtual Outcome<Authorization> approve(const Approval& approval) = 0;
  // The user's no: the request is forgotten, and answered for the redirect. Errors: not_found, access_denied,
  // conflict (approved already).
  virtual Outcome<Authorization> deny(std::string_view id, std::string_view user_id, WallTime now) = 0;

  // Marks the code as redeemed: of all that ever present it, exactly one is told that it is the first. Judges
  // nothing else, and the code stays redeemed whatever is found wrong with the request that presented it.
  // nullopt: no such code.
  virtual Outcome<std::optional<RedeemedCode>> consume_code(const TokenHash& code_hash, WallTime now) = 0;
  // After a replay by somebody who proved to be the client: kills what the code led to, and lets nothing be
  // recorded for it any more, should its first redemption still be under way. Idempotent. Errors: not_found.
  virtual Outcome<RevokedFamilies> revoke_issued(std::string_view id, WallTime now) = 0;

  // Deletes expired rows, in small transactions. Answers how many.
  virtual Outcome<std::size_t> purge_expired(WallTime now, PurgeAuthorizations which) = 0;
};

}  // namespace authplane::authserver
