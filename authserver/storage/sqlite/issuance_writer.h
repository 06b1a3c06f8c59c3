#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "authserver/domain/audit.h"
#include "authserver/domain/errors.h"
#include "authserver/domain/issuance.h"
#include "authserver/storage/sqlite/blocks.h"
#include "authserver/storage/sqlite/client_cache.h"
#include "authserver/storage/sqlite/connection.h"

namespace authplane::authserver::sqlite {

// Writes issuances and audit events inside the committer's transaction. Remembers which clients may be issued
// to, which resources exist and which index entries are there, so that a usual token costs two inserts and no
// read. One thread.
class IssuanceWriter {
 public:
  explicit IssuanceWriter(Connection& connection) : connection_(connection) {}

  // Both rows or none. Errors: invalid_client, invalid_target, conflict. Throws SqliteFailure.
  Outcome<void> insert(const Issuance& row, const AuditEvent& audit);
  // Throws SqliteFailure, a constraint failure when the id exists.
  void insert(const AuditEvent& event);

  // To be called when the rows behind it change.
  void forget_client(std::string_view id);
  void forget_resource(std::string_view id);
  // After a rollback, and when another process has written.
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
  // 0 when the resource does not exist.
  std::int64_t find_resource(const std::string& id);
  // The key of a text, made when it is new.
  std::int64_t intern(const std::string& text);
  void insert_row(const Issuance& row, std::int64_t client, std::int64_t resource, std::int64_t subject);
  void index(Dimension dimension, std::int64_t key, const Issuance& row);

  static constexpr std::size_t kMaxKnown = 100'000;  // entries per map; a full map starts again empty
  Connection& connection_;
  TextMap<KnownClient> clients_;
  TextMap<std::int64_t> resources_;
  TextMap<std::int64_t> identifiers_;
  std::unordered_map<std::int64_t, KnownBlock> blocks_;  // by key * 4 + dimension
};

}  // namespace authplane::authserver::sqlite
