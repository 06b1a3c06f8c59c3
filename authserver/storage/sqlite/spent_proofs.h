#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <unordered_map>

#include "authserver/domain/spent_proof.h"
#include "authserver/storage/sqlite/connection.h"

namespace authplane::authserver::sqlite {

// The proofs of possession that tokens used up. Rows are appended in the order of spending and found in
// memory: an index over keys that are random by nature would dirty a page a token. What other processes
// appended is read inside the transaction before a proof is judged. About 80 bytes of memory a proof until it
// expires. One thread, inside the committer's transaction. Everything throws SqliteFailure.
class SpentProofs {
 public:
  explicit SpentProofs(Connection& connection) : connection_(connection) {}

  bool contains(const SpentProof& proof);
  // REQUIRES: contains(proof) was asked in this transaction.
  void insert(const SpentProof& proof);

  // Another process has written: perhaps proofs.
  void others_wrote() { caught_up_ = false; }
  // After a rollback.
  void forget();

 private:
  // A key is a piece of a SHA-256.
  struct KeyHash {
    std::size_t operator()(const SpentProof::Key& key) const {
      std::size_t hash = 0;
      std::memcpy(&hash, key.data(), sizeof hash);
      return hash;
    }
  };
  struct Expiry {
    SpentProof::Key key;
    std::chrono::sys_seconds at;
  };

  void catch_up(std::chrono::sys_seconds now);
  void remember(const SpentProof::Key& key, std::chrono::sys_seconds expires_at);
  void drop_expired(std::chrono::sys_seconds now);

  Connection& connection_;
  bool caught_up_ = false;
  std::int64_t newest_ = 0;  // spent_proofs.n of the last row seen
  std::unordered_map<SpentProof::Key, std::chrono::sys_seconds, KeyHash> expiries_;
  std::deque<Expiry> by_age_;
};

}  // namespace authplane::authserver::sqlite
