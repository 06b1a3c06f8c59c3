#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/audit.h"
#include "authserver/domain/broker_grant.h"
#include "authserver/domain/errors.h"

namespace authplane::authserver {

struct RevokedBrokerGrant {
  BrokerGrant grant;        // as stored now
  bool was_active = false;  // false: it was revoked before, `revoked_at` keeps its first value
};

// Connected accounts, and users who are connecting one. Thread-safe; each verb is one transaction and durable
// when it returns. Every verb may also fail with unavailable or internal.
class BrokerGrantStore {
 public:
  virtual ~BrokerGrantStore() = default;

  // Errors: not_found.
  virtual Outcome<BrokerGrant> get(std::string_view id) = 0;
  // The active one; nullopt when there is none or it was revoked.
  virtual Outcome<std::optional<BrokerGrant>> find_active(std::string_view user_id,
                                                          std::string_view provider_id) = 0;
  // Revoked ones too. Newest first, ties by id.
  virtual Outcome<std::vector<BrokerGrant>> list_of_user(std::string_view user_id) = 0;
  // All rows with an id greater than `after`, ordered by id.
  virtual Outcome<std::vector<BrokerGrant>> list_after(std::string_view after, std::size_t limit) = 0;

  // The row of the user and the provider gets these scopes and this credential, is active from now on and one
  // version older; without such a row this is it. Answers the stored row. Errors: access_denied (the user is
  // missing or not active), not_found (no such provider).
  virtual Outcome<BrokerGrant> connect(const BrokerGrant& grant) = 0;
  // Replaces the credential if the row still has `version` and is active, and answers the stored row. Errors:
  // not_found, conflict (another version, or revoked).
  virtual Outcome<BrokerGrant> replace_credential(std::string_view id, std::int64_t version,
                                                  std::string_view credential, std::string_view enc_backend,
                                                  WallTime now) = 0;
  // Also forgets the credential. Idempotent. Errors: not_found.
  virtual Outcome<RevokedBrokerGrant> revoke(std::string_view id, WallTime now) = 0;

  // Errors: conflict (the id exists).
  virtual Outcome<void> begin(const PendingConnect& pending) = 0;
  // Takes the row away: of all that come with one id exactly one gets it. nullopt: unknown, taken or expired.
  virtual Outcome<std::optional<PendingConnect>> finish(std::string_view id, WallTime now) = 0;
  // Deletes expired rows, in small transactions. Answers how many.
  virtual Outcome<std::size_t> purge_pending(WallTime now) = 0;
};

}  // namespace authplane::authserver
