#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "authserver/domain/audit.h"
#include "authserver/domain/errors.h"
#include "authserver/domain/issuance_store.h"
#include "authserver/storage/sqlite/blocks.h"
#include "authserver/storage/sqlite/client_cache.h"
#include "authserver/storage/sqlite/connection.h"
#include "authserver/storage/sqlite/families.h"
#include "authserver/storage/sqlite/spent_proofs.h"

namespace authplane::authserver::sqlite {

// Writes issuances and audit events inside the committer's transaction. Remembers which clients may be issued
// to, which resources exist, which proofs are spent and which index entries are there, so that a usual token
// costs two inserts, a bound one three, and no read. One thread.
class IssuanceWriter {
 public:
  explicit IssuanceWriter(Connection& connection)
      : connection_(connection), proofs_(connection), families_(connection) {}

  // All rows or none, but for a token that was used before: that revokes its family. Errors: as
  // IssuanceStore::append. Throws SqliteFailure.
  Outcome<void> insert(const NewIssuance& issuance);
  // Throws SqliteFailure, a constraint failure when the id exists.
  void insert(const AuditEvent& event);

  Families& families() { return families_; }

  // To be called when the rows behind it change.
  void forget_client(std::string_view id);
  void forget_resource(std::string_view id);
  // When another process has written.
  void others_wrote();
  // After a rollback.
  void forget_all();

 private:
  struct KnownClient {
    std::int64_t key = 0;
    bool is_active = false;
  };
  struct KnownBlock {
    std::int64_t block = -1;
    std::int64_t latest_expiry = 0;
  };

  const KnownClient* find_client(const std::string& id);
  void forget_rows();
  // 0 when the resource does not exist.
  std::int64_t find_resource(const std::string& id);
  // The key of a text, made when it is new.
  std::int64_t intern(const std::string& text);
  // Issuance and audit event, or neither. Errors: conflict.
  Outcome<void> insert_pair(const NewIssuance& issuance, std::int64_t client, std::int64_t resource,
                            std::int64_t subject);
  // Whether what an exchanged token rests on still holds.
  Outcome<void> judge_basis(const NewIssuance& issuance);
  void revoke_reused(const Rotation& rotation);
  void insert_row(const Issuance& row, std::int64_t client, std::int64_t resource, std::int64_t subject);
  void index(Dimension dimension, std::int64_t key, const Issuance& row);

  static constexpr std::size_t kMaxKnown = 100'000;  // entries per map; a full map starts again empty
  Connection& connection_;
  SpentProofs proofs_;
  Families families_;
  TextMap<KnownClient> clients_;
  TextMap<std::int64_t> resources_;
  TextMap<std::int64_t> identifiers_;
  std::unordered_map<std::int64_t, KnownBlock> blocks_;  // by key * 4 + dimension
};

}  // namespace authplane::authserver::sqlite
