#include "authserver/storage/sqlite/issuance_writer.h"

#include <optional>

#include "authserver/storage/outcomes.h"
#include "authserver/storage/sqlite/columns.h"
#include "authserver/storage/sqlite/delegation_rows.h"
#include "authserver/storage/sqlite/family_rows.h"
#include "authserver/storage/sqlite/issuance_rows.h"

namespace authplane::authserver::sqlite {
namespace {

template <class Map, class Key, class Value>
auto& remember(Map& map, std::size_t limit, Key&& key, Value&& value) {
  if (map.size() >= limit) map.clear();
  return map.insert_or_assign(std::forward<Key>(key), std::forward<Value>(value)).first->second;
}

void erase(auto& map, std::string_view key) {
  if (const auto found = map.find(key); found != map.end()) map.erase(found);
}

std::optional<std::int64_t> null_if_zero(std::int64_t key) {
  return key == 0 ? std::nullopt : std::optional<std::int64_t>(key);
}

}  // namespace

Outcome<void> IssuanceWriter::insert(const NewIssuance& issuance) {
  const Issuance& row = issuance.row;
  const KnownClient* client = find_client(row.client_id);
  if (client == nullptr || !client->is_active) return client_not_active(row.client_id);
  const std::int64_t client_key = client->key;
  std::int64_t resource_key = 0;
  if (!row.resource_id.empty()) {
    resource_key = find_resource(row.resource_id);
    if (resource_key == 0) return resource_gone();
  }
  if (issuance.proof && proofs_.contains(*issuance.proof)) return proof_spent();
  if (auto judged = judge_basis(issuance); !judged) return judged;
  if (auto judged = families_.judge(issuance); !judged) {
    if (judged.error().code == DomainErrorCode::token_reused)
      revoke_reused(std::get<Rotation>(issuance.family));
    return judged;
  }
  const std::int64_t subject_key = row.subject_user_id.empty() ? 0 : intern(row.subject_user_id);
  if (auto written = insert_pair(issuance, client_key, resource_key, subject_key); !written) return written;
  families_.record(issuance);
  if (issuance.proof) proofs_.insert(*issuance.proof);
  index(Dimension::client, client_key, row);
  if (resource_key != 0) index(Dimension::resource, resource_key, row);
  if (subject_key != 0) index(Dimension::subject, subject_key, row);
  return {};
}

Outcome<void> IssuanceWriter::insert_pair(const NewIssuance& issuance, std::int64_t client,
                                          std::int64_t resource, std::int64_t subject) {
  try {
    insert_row(issuance.row, client, resource, subject);
  } catch (const SqliteFailure& failure) {
    if (failure.is_constraint()) return issuance_exists();
    throw;
  }
  try {
    insert(issuance.audit);
  } catch (const SqliteFailure& failure) {
    if (!failure.is_constraint()) throw;
    // A savepoint around both would copy every touched page; taking the one row out again costs nothing
    // usually.
    connection_.query("DELETE FROM issuances WHERE id = ?1").with(Blob{issuance.row.id.view()}).run();
    return issuance_exists();
  }
  return {};
}

Outcome<void> IssuanceWriter::judge_basis(const NewIssuance& issuance) {
  if (!issuance.exchange) return {};
  std::optional<Issuance> parent;
  if (issuance.row.parent_jti) parent = read_issuance(connection_, *issuance.row.parent_jti);
  return judge_exchange(issuance, parent, is_active_user(connection_, issuance.row.subject_user_id),
                        read_consent_grant(connection_, issuance.exchange->consent_grant_id));
}

void IssuanceWriter::revoke_reused(const Rotation& rotation) {
  families_.revoke_family_of(rotation.presented, rotation.now);
  try {
    insert(rotation.if_reused);
  } catch (const SqliteFailure& failure) {
    // The family is revoked whatever becomes of the line about it.
    if (!failure.is_constraint()) throw;
  }
}

void IssuanceWriter::insert(const AuditEvent& event) {
  connection_
      .query(
          "INSERT INTO audit_events (id, action, actor_id, client_id, ip, detail, trace_id, created_at)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
      .with(Blob{event.id.view()}, event.action, event.actor_id, event.client_id, event.ip, event.detail,
            event.trace_id, to_micros(event.created_at))
      .run();
}

void IssuanceWriter::forget_client(std::string_view id) {
  erase(clients_, id);
}

void IssuanceWriter::forget_resource(std::string_view id) {
  erase(resources_, id);
}

void IssuanceWriter::others_wrote() {
  forget_rows();
  proofs_.others_wrote();
}

void IssuanceWriter::forget_all() {
  forget_rows();
  proofs_.forget();
}

void IssuanceWriter::forget_rows() {
  clients_.clear();
  resources_.clear();
  identifiers_.clear();
  blocks_.clear();
}

const IssuanceWriter::KnownClient* IssuanceWriter::find_client(const std::string& id) {
  if (const auto found = clients_.find(id); found != clients_.end()) return &found->second;
  KnownClient known;
  {
    Query query = connection_.query("SELECT status = 'active' FROM clients WHERE id = ?1");
    if (!query.with(id).step()) return nullptr;
    known.is_active = query.integer(0) != 0;
  }
  known.key = intern(id);
  return &remember(clients_, kMaxKnown, id, known);
}

std::int64_t IssuanceWriter::find_resource(const std::string& id) {
  if (const auto found = resources_.find(id); found != resources_.end()) return found->second;
  {
    Query query = connection_.query("SELECT 1 FROM resources WHERE id = ?1");
    if (!query.with(id).step()) return 0;
  }
  return remember(resources_, kMaxKnown, id, intern(id));
}

std::int64_t IssuanceWriter::intern(const std::string& text) {
  if (const auto found = identifiers_.find(text); found != identifiers_.end()) return found->second;
  std::int64_t key = 0;
  {
    Query query = connection_.query("SELECT key FROM identifiers WHERE text = ?1");
    if (query.with(text).step()) key = query.integer(0);
  }
  if (key == 0) {
    Query query = connection_.query("INSERT INTO identifiers (text) VALUES (?1) RETURNING key");
    query.with(text).step();
    key = query.integer(0);
    query.run();
  }
  return remember(identifiers_, kMaxKnown, text, key);
}

void IssuanceWriter::insert_row(const Issuance& row, std::int64_t client, std::int64_t resource,
                                std::int64_t subject) {
  const std::string scopes = row.scopes.to_string();
  std::optional<std::string> agent_chain;
  if (!row.agent_chain.empty()) agent_chain = to_json_text(row.agent_chain);
  std::optional<Blob> parent;
  if (row.parent_jti) parent = Blob{row.parent_jti->view()};
  std::optional<std::int64_t> revoked_at;
  if (row.revoked_at) revoked_at = to_seconds(*row.revoked_at);
  const std::int64_t agent = row.agent_id.empty() ? 0 : intern(row.agent_id);
  const std::int64_t consent_client = row.consent_client_id.empty() ? 0 : intern(row.consent_client_id);
  connection_
      .query(
          "INSERT INTO issuances (id, client, resource, subject, scopes, grant_kind, backend, revocable,"
          " issued_at, expires_at, revoked_at, dpop_jkt, agent, agent_chain, consent_client, parent)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)")
      .with(Blob{row.id.view()}, client, null_if_zero(resource), null_if_zero(subject), scopes,
            static_cast<std::int64_t>(row.grant), static_cast<std::int64_t>(row.backend_kind), row.revocable,
            to_seconds(row.issued_at), to_seconds(row.expires_at), revoked_at, null_if_empty(row.dpop_jkt),
            null_if_zero(agent), agent_chain, null_if_zero(consent_client), parent)
      .run();
}

void IssuanceWriter::index(Dimension dimension, std::int64_t key, const Issuance& row) {
  const std::int64_t block = block_of(row.id);
  const std::int64_t expiry = to_seconds(row.expires_at);
  const std::int64_t slot = key * 4 + static_cast<std::int64_t>(dimension);
  if (const auto found = blocks_.find(slot);
      found != blocks_.end() && found->second.block == block && found->second.latest_expiry >= expiry) {
    return;
  }
  // Tokens of one lifetime issued within one block expire at most two seconds apart: one write serves them
  // all.
  const std::int64_t latest_expiry = expiry + 2;
  connection_
      .query(
          "INSERT INTO issuance_blocks (dimension, key, block, latest_expiry) VALUES (?1, ?2, ?3, ?4)"
          " ON CONFLICT DO UPDATE SET latest_expiry = max(latest_expiry, excluded.latest_expiry)")
      .with(static_cast<std::int64_t>(dimension), key, block, latest_expiry)
      .run();
  remember(blocks_, kMaxKnown, slot, KnownBlock{block, latest_expiry});
}

}  // namespace authplane::authserver::sqlite
