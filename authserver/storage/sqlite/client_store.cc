#include "authserver/storage/outcomes.h"
#include "authserver/storage/sqlite/columns.h"
#include "authserver/storage/sqlite/sqlite_state.h"

namespace authplane::authserver::sqlite {
namespace {

// Works on a Connection and on a WriteContext.
template <class Source>
std::optional<Client> read_client(Source& source, std::string_view id) {
  Query query = source.query("SELECT " AUTHPLANE_CLIENT_COLUMNS " FROM clients WHERE id = ?1");
  if (!query.with(id).step()) return std::nullopt;
  return client_from_row(query);
}

std::optional<std::string_view> name_of(const auto& value) {
  return value ? std::optional<std::string_view>(to_string(*value)) : std::nullopt;
}

class SqliteClientStore final : public ClientStore {
 public:
  explicit SqliteClientStore(State& state) : state_(state) {}

  Outcome<void> insert(const Client& client) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<void> {
      const std::string redirect_uris = to_json_text(client.redirect_uris);
      const std::string grant_types = to_json_text(client.grant_types);
      const std::string response_types = to_json_text(client.response_types);
      try {
        context
            .query("INSERT INTO clients (" AUTHPLANE_CLIENT_COLUMNS
                   ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)")
            .with(client.id, client.secret_hash, client.name, redirect_uris, grant_types, response_types,
                  to_string(client.token_endpoint_auth_method), client.scope, to_string(client.status),
                  to_string(client.registration_source), client.cimd_url, client.is_agent,
                  client.agent_description, client.application_type, client.version,
                  to_micros(client.issued_at), to_micros(client.updated_at))
            .run();
      } catch (const SqliteFailure& failure) {
        if (!failure.is_constraint()) throw;
        return fail(DomainErrorCode::conflict, "the client id is taken");
      }
      context.changed_client(client.id);
      return {};
    });
  }

  Outcome<ClientPtr> get(std::string_view id) override {
    if (auto polled = state_.poll_changes(); !polled) return Err(polled.error());
    Outcome<ClientPtr> read = client_not_found(id);
    for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
      ClientCache::Lookup cached = state_.clients.find(id);
      if (cached.client) return std::move(cached.client);
      read = read_shared(id);
      if (!read || state_.clients.keep(*read, cached.generation)) break;
    }
    return read;
  }

  Outcome<std::vector<Client>> list(const ClientFilter& filter, const Page& page) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::vector<Client>> {
      Query query =
          connection.query("SELECT " AUTHPLANE_CLIENT_COLUMNS
                           " FROM clients WHERE (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR"
                           " registration_source = ?2) ORDER BY issued_at DESC, id LIMIT ?3 OFFSET ?4");
      query.with(name_of(filter.status), name_of(filter.registration_source), page.limit, page.offset);
      std::vector<Client> out;
      while (query.step()) out.push_back(client_from_row(query));
      return out;
    });
  }

  Outcome<Client> update(const Client& changed) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<Client> {
      auto stored = read_client(context, changed.id);
      if (!stored) return client_not_found(changed.id);
      if (stored->version != changed.version) return client_version_conflict();
      return put(context, merged(std::move(*stored), changed));
    });
  }

  Outcome<void> rotate_secret(std::string_view id, std::string_view new_secret_hash, WallTime now) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<void> {
      auto stored = read_client(context, id);
      if (!stored) return client_not_found(id);
      if (stored->is_public()) return client_is_public();
      stored->secret_hash = new_secret_hash;
      stored->updated_at = now;
      ++stored->version;
      put(context, std::move(*stored));
      return {};
    });
  }

  Outcome<Client> transition(std::string_view id, ClientStatus to, WallTime now) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<Client> {
      auto stored = read_client(context, id);
      if (!stored) return client_not_found(id);
      if (!is_allowed_transition(stored->status, to)) return client_transition_conflict(stored->status, to);
      if (stored->status == to) return std::move(*stored);
      if (to == ClientStatus::revoked) {
        context.families().revoke_matching({.user_id = {}, .client_id = stored->id, .resource_id = {}}, now);
        revoke_live_tokens(context, id, in_seconds(now));
      }
      stored->status = to;
      stored->updated_at = now;
      ++stored->version;
      return put(context, std::move(*stored));
    });
  }

  Outcome<void> remove(std::string_view id, RemoveClient mode, WallTime now) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<void> {
      if (mode == RemoveClient::unless_live_tokens) {
        if (has_live_tokens(context, id, in_seconds(now)) || has_live_families(context, id, now)) {
          return client_has_live_tokens();
        }
      } else {
        revoke_live_tokens(context, id, in_seconds(now));
      }
      context.query("DELETE FROM clients WHERE id = ?1").with(id).run();
      if (context.rows_changed() == 0) return client_not_found(id);
      context.changed_client(id);
      return {};
    });
  }

  Outcome<std::size_t> purge_unused(const UnusedClients& which, WallTime now) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<std::size_t> {
      std::vector<std::string> removed;
      {
        // Who was ever issued a token has a row in `identifiers`.
        Query query = context.query(
            "DELETE FROM clients WHERE id IN (SELECT c.id FROM clients c"
            " WHERE c.registration_source = ?1 AND c.status = 'active' AND c.issued_at < ?2"
            " AND NOT EXISTS (SELECT 1 FROM identifiers i WHERE i.text = c.id)"
            " AND NOT EXISTS (SELECT 1 FROM consent_grants g WHERE g.client_id = c.id)"
            " AND NOT EXISTS (SELECT 1 FROM auth_sessions s WHERE s.client_id = c.id AND s.expires_at > ?3)"
            " ORDER BY c.issued_at DESC, c.id LIMIT ?4 OFFSET ?5) RETURNING id");
        query.with(to_string(which.source), to_micros(which.registered_before), to_micros(now), which.limit,
                   which.keep_newest);
        while (query.step()) removed.emplace_back(query.text(0));
      }
      for (const std::string& id : removed) context.changed_client(id);
      return removed.size();
    });
  }

 private:
  Outcome<ClientPtr> read_shared(std::string_view id) {
    return state_.readers.read([&](Connection& connection) -> Outcome<ClientPtr> {
      auto client = read_client(connection, id);
      if (!client) return client_not_found(id);
      return std::make_shared<const Client>(std::move(*client));
    });
  }

  static Client put(WriteContext& context, Client client) {
    const std::string redirect_uris = to_json_text(client.redirect_uris);
    const std::string grant_types = to_json_text(client.grant_types);
    const std::string response_types = to_json_text(client.response_types);
    context
        .query(
            "UPDATE clients SET secret_hash = ?2, name = ?3, redirect_uris = ?4, grant_types = ?5,"
            " response_types = ?6, scope = ?7, status = ?8, version = ?9, updated_at = ?10 WHERE id = ?1")
        .with(client.id, client.secret_hash, client.name, redirect_uris, grant_types, response_types,
              client.scope, to_string(client.status), client.version, to_micros(client.updated_at))
        .run();
    context.changed_client(client.id);
    return client;
  }

  // A block's ids share the upper bits of their milliseconds; the client's blocks that can hold a live token
  // are few.
  static bool has_live_tokens(WriteContext& context, std::string_view id, std::chrono::sys_seconds now) {
    Query query = context.query(
        "SELECT 1 FROM identifiers c"
        " CROSS JOIN issuance_blocks b ON b.dimension = 1 AND b.key = c.key AND b.latest_expiry > ?2"
        " CROSS JOIN issuances i ON i.id >= authplane_block_start(b.block) AND i.id < "
        "authplane_block_start(b.block + 1)"
        " WHERE c.text = ?1 AND i.client = c.key AND i.revocable AND i.revoked_at IS NULL AND i.expires_at > "
        "?2"
        " LIMIT 1");
    return query.with(id, to_seconds(now)).step();
  }

  static bool has_live_families(WriteContext& context, std::string_view id, WallTime now) {
    Query query = context.query(
        "SELECT 1 FROM token_families f JOIN refresh_tokens r ON r.family = f.id WHERE f.client_id = ?1"
        " AND f.revoked_at IS NULL AND r.consumed_at IS NULL AND r.expires_at > ?2 LIMIT 1");
    return query.with(id, to_micros(now)).step();
  }

  static void revoke_live_tokens(WriteContext& context, std::string_view id, std::chrono::sys_seconds now) {
    context
        .query(
            "UPDATE issuances SET revoked_at = ?2 WHERE id IN (SELECT i.id FROM identifiers c"
            " CROSS JOIN issuance_blocks b ON b.dimension = 1 AND b.key = c.key AND b.latest_expiry > ?2"
            " CROSS JOIN issuances i ON i.id >= authplane_block_start(b.block)"
            " AND i.id < authplane_block_start(b.block + 1)"
            " WHERE c.text = ?1 AND i.client = c.key AND i.revocable AND i.revoked_at IS NULL"
            " AND i.expires_at > ?2)")
        .with(id, to_seconds(now))
        .run();
    revoke_exchanged_tokens(context, id, now);
  }

  // What others hold that was exchanged from tokens of the client. Looked for from below: it may outlive all
  // that it descends from.
  static void revoke_exchanged_tokens(WriteContext& context, std::string_view id,
                                      std::chrono::sys_seconds now) {
    context
        .query(
            "WITH RECURSIVE lineage (id, ancestor) AS (SELECT id, parent FROM issuances"
            "  INDEXED BY issuances_exchanged WHERE parent IS NOT NULL AND expires_at > ?2 AND revocable"
            "  AND revoked_at IS NULL"
            "  UNION SELECT l.id, i.parent FROM lineage l JOIN issuances i ON i.id = l.ancestor"
            "  WHERE i.parent IS NOT NULL)"
            " UPDATE issuances SET revoked_at = ?2 WHERE id IN (SELECT l.id FROM lineage l"
            "  CROSS JOIN issuances i ON i.id = l.ancestor"
            "  WHERE i.client = (SELECT key FROM identifiers WHERE text = ?1))")
        .with(id, to_seconds(now))
        .run();
  }

  State& state_;
};

}  // namespace

std::unique_ptr<ClientStore> make_client_store(State& state) {
  return std::make_unique<SqliteClientStore>(state);
}

}  // namespace authplane::authserver::sqlite
