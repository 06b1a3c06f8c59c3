#include "authserver/storage/sqlite/families.h"

#include "authserver/storage/grant_rules.h"
#include "authserver/storage/outcomes.h"
#include "authserver/storage/sqlite/family_rows.h"

namespace authplane::authserver::sqlite {
namespace {

TimeOrderedId family_id(const Query& query, int column) {
  const auto id = TimeOrderedId::from_bytes(query.bytes(column));
  if (!id) throw_unreadable("family");
  return *id;
}

}  // namespace

Outcome<void> Families::judge(const NewIssuance& issuance) {
  if (const auto* start = std::get_if<FamilyStart>(&issuance.family)) return judge(issuance, *start);
  if (const auto* rotation = std::get_if<Rotation>(&issuance.family)) return judge(issuance, *rotation);
  return {};
}

void Families::record(const NewIssuance& issuance) {
  if (const auto* start = std::get_if<FamilyStart>(&issuance.family)) record(issuance.row, *start);
  if (const auto* rotation = std::get_if<Rotation>(&issuance.family)) record(issuance.row, *rotation);
}

Outcome<void> Families::judge(const NewIssuance& issuance, const FamilyStart& start) {
  const TokenFamily& family = start.family;
  if (!family.authorization_id.empty()) {
    const auto authorization = read_authorization(connection_, family.authorization_id);
    if (!authorization) return code_refused("its authorization is gone");
    if (auto judged = judge_start(*authorization); !judged) return judged;
    if (read_family_of(connection_, family.authorization_id)) return code_refused("it has a family already");
  }
  if (!is_active_user(connection_, issuance.row.subject_user_id)) {
    return code_refused("the user was removed or is disabled");
  }
  if (has_family(family.id) || (start.refresh && has_token(start.refresh->hash))) {
    return family_exists();
  }
  return {};
}

Outcome<void> Families::judge(const NewIssuance& issuance, const Rotation& rotation) {
  const auto found = read_presented(connection_, rotation.presented);
  if (!found) return refresh_token_refused("it was purged");
  if (auto judged = judge_rotation(*found, issuance, rotation); !judged) return judged;
  if (!is_active_user(connection_, found->family.user_id)) {
    return refresh_token_refused("the user was removed or is disabled");
  }
  if (has_token(rotation.successor.hash)) return family_exists();
  return {};
}

void Families::record(const Issuance& row, const FamilyStart& start) {
  const TokenFamily& family = start.family;
  const std::string scopes = family.scopes.to_string();
  connection_
      .query(
          "INSERT INTO token_families (id, client_id, user_id, scopes, resource_id, resource_uri,"
          " auth_session_id, dpop_jkt, created_at, revoked_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
          "?10)")
      .with(Blob{family.id.view()}, family.client_id, family.user_id, scopes, family.resource_id,
            family.resource_uri, null_if_empty(family.authorization_id), null_if_empty(family.dpop_jkt),
            to_micros(family.created_at), to_micros(family.revoked_at))
      .run();
  if (start.refresh) insert_token(family.id, *start.refresh, family.created_at);
  track(family.id, row);
}

void Families::record(const Issuance& row, const Rotation& rotation) {
  TimeOrderedId family;
  {
    Query query = connection_.query(
        "UPDATE refresh_tokens SET consumed_at = ?2 WHERE token_hash = ?1 RETURNING family");
    query.with(Blob{as_bytes(rotation.presented)}, to_micros(rotation.now)).step();
    family = family_id(query, 0);
    query.run();
  }
  insert_token(family, rotation.successor, rotation.now);
  track(family, row);
}

bool Families::has_family(const TimeOrderedId& id) {
  return connection_.query("SELECT 1 FROM token_families WHERE id = ?1").with(Blob{id.view()}).step();
}

bool Families::has_token(const TokenHash& hash) {
  return connection_.query("SELECT 1 FROM refresh_tokens WHERE token_hash = ?1")
      .with(Blob{as_bytes(hash)})
      .step();
}

void Families::insert_token(const TimeOrderedId& family, const NewRefreshToken& token, WallTime now) {
  connection_
      .query(
          "INSERT INTO refresh_tokens (token_hash, family, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)")
      .with(Blob{as_bytes(token.hash)}, Blob{family.view()}, to_micros(now), to_micros(token.expires_at))
      .run();
}

void Families::track(const TimeOrderedId& family, const Issuance& row) {
  connection_.query("INSERT INTO family_tokens (family, issuance, expires_at) VALUES (?1, ?2, ?3)")
      .with(Blob{family.view()}, Blob{row.id.view()}, to_seconds(row.expires_at))
      .run();
}

RevokedFamilies Families::revoke(const TimeOrderedId& id, WallTime now) {
  RevokedFamilies out;
  connection_.query("UPDATE token_families SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL")
      .with(Blob{id.view()}, to_micros(now))
      .run();
  if (connection_.rows_changed() == 0) return out;
  out.families = 1;
  connection_.query("UPDATE refresh_tokens SET consumed_at = ?2 WHERE family = ?1 AND consumed_at IS NULL")
      .with(Blob{id.view()}, to_micros(now))
      .run();
  connection_
      .query(
          "UPDATE issuances SET revoked_at = ?2 WHERE revoked_at IS NULL AND expires_at > ?2"
          " AND id IN (SELECT issuance FROM family_tokens WHERE family = ?1 AND expires_at > ?2)")
      .with(Blob{id.view()}, to_seconds(in_seconds(now)))
      .run();
  out.access_tokens = static_cast<std::size_t>(connection_.rows_changed());
  return out;
}

RevokedFamilies Families::revoke_matching(const FamilyFilter& filter, WallTime now) {
  RevokedFamilies out;
  for (const TimeOrderedId& id : active_families(filter)) {
    const RevokedFamilies one = revoke(id, now);
    out.families += one.families;
    out.access_tokens += one.access_tokens;
  }
  return out;
}

RevokedFamilies Families::revoke_of_user(std::string_view user_id, WallTime now) {
  RevokedFamilies out =
      revoke_matching({.user_id = std::string(user_id), .client_id = {}, .resource_id = {}}, now);
  out.access_tokens += revoke_tokens_of_user(user_id, now);
  connection_.query("DELETE FROM auth_sessions WHERE user_id = ?1 AND consumed_at IS NULL")
      .with(user_id)
      .run();
  connection_.query("UPDATE auth_sessions SET revoked_at = ?2 WHERE user_id = ?1 AND revoked_at IS NULL")
      .with(user_id, to_micros(now))
      .run();
  connection_.query("UPDATE users SET sessions_since = ?2 WHERE id = ?1").with(user_id, to_micros(now)).run();
  return out;
}

std::size_t Families::revoke_tokens_of_user(std::string_view user_id, WallTime now) {
  connection_
      .query(
          "UPDATE issuances SET revoked_at = ?2 WHERE id IN (SELECT i.id FROM identifiers s"
          " CROSS JOIN issuance_blocks b ON b.dimension = 3 AND b.key = s.key AND b.latest_expiry > ?2"
          " CROSS JOIN issuances i ON i.id >= authplane_block_start(b.block)"
          " AND i.id < authplane_block_start(b.block + 1)"
          " WHERE s.text = ?1 AND i.subject = s.key AND i.revocable AND i.revoked_at IS NULL"
          " AND i.expires_at > ?2)")
      .with(user_id, to_seconds(in_seconds(now)))
      .run();
  return static_cast<std::size_t>(connection_.rows_changed());
}

RevokedFamilies Families::revoke_family_of(const TokenHash& refresh_token, WallTime now) {
  const auto found = read_presented(connection_, refresh_token);
  return found ? revoke(found->family.id, now) : RevokedFamilies();
}

RevokedFamilies Families::revoke_issued_for(const std::string& authorization_id, WallTime now) {
  const auto family = read_family_of(connection_, authorization_id);
  return family ? revoke(family->id, now) : RevokedFamilies();
}

// A statement for each condition that an index serves.
std::vector<TimeOrderedId> Families::active_families(const FamilyFilter& filter) {
  const Sql by_user =
      "SELECT id FROM token_families WHERE user_id = ?1 AND (?2 IS NULL OR client_id = ?2)"
      " AND (?3 IS NULL OR resource_id = ?3) AND revoked_at IS NULL";
  const Sql by_client =
      "SELECT id FROM token_families WHERE (?1 IS NULL OR user_id = ?1) AND client_id = ?2"
      " AND (?3 IS NULL OR resource_id = ?3) AND revoked_at IS NULL";
  const Sql by_resource =
      "SELECT id FROM token_families WHERE (?1 IS NULL OR user_id = ?1) AND (?2 IS NULL OR client_id = ?2)"
      " AND resource_id = ?3 AND revoked_at IS NULL";
  std::vector<TimeOrderedId> out;
  Query query = connection_.query(filter.user_id ? by_user : filter.client_id ? by_client : by_resource);
  query.with(filter.user_id, filter.client_id, filter.resource_id);
  while (query.step()) out.push_back(family_id(query, 0));
  return out;
}

}  // namespace authplane::authserver::sqlite
