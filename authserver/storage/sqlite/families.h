#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "authserver/domain/issuance_store.h"
#include "authserver/domain/token_family_store.h"
#include "authserver/storage/sqlite/connection.h"

namespace authplane::authserver::sqlite {

// Families as the committer writes them. One thread, inside its transaction. Everything throws SqliteFailure.
class Families {
 public:
  explicit Families(Connection& connection) : connection_(connection) {}

  // Whether the family part of `issuance` may be written; writes nothing. Errors: as IssuanceStore::append.
  Outcome<void> judge(const NewIssuance& issuance);
  // Refused for no reason that judge() does not know. REQUIRES: judged in this transaction, and the issuance
  // is written.
  void record(const NewIssuance& issuance);

  RevokedFamilies revoke(const TimeOrderedId& id, WallTime now);
  RevokedFamilies revoke_matching(const FamilyFilter& filter, WallTime now);
  // As TokenFamilyStore::revoke_of_user.
  RevokedFamilies revoke_of_user(std::string_view user_id, WallTime now);
  // Live ones of ours, with a family or without. Answers how many.
  std::size_t revoke_tokens_of_user(std::string_view user_id, WallTime now);
  RevokedFamilies revoke_family_of(const TokenHash& refresh_token, WallTime now);
  RevokedFamilies revoke_issued_for(const std::string& authorization_id, WallTime now);

 private:
  Outcome<void> judge(const NewIssuance& issuance, const FamilyStart& start);
  Outcome<void> judge(const NewIssuance& issuance, const Rotation& rotation);
  void record(const Issuance& row, const FamilyStart& start);
  void record(const Issuance& row, const Rotation& rotation);

  bool has_family(const TimeOrderedId& id);
  bool has_token(const TokenHash& hash);
  void insert_token(const TimeOrderedId& family, const NewRefreshToken& token, WallTime now);
  void track(const TimeOrderedId& family, const Issuance& row);
  std::vector<TimeOrderedId> active_families(const FamilyFilter& filter);

  Connection& connection_;
};

}  // namespace authplane::authserver::sqlite
