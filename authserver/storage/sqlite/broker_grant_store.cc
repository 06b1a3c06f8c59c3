#include "authserver/storage/sqlite/delegation_rows.h"
#include "authserver/storage/sqlite/family_rows.h"
#include "authserver/storage/sqlite/purge.h"
#include "authserver/storage/sqlite/sqlite_state.h"

namespace authplane::authserver::sqlite {
namespace {

template <class Source>
std::optional<BrokerGrant> read_grant(Source& source, std::string_view id) {
  return find_row(source, "SELECT " AUTHPLANE_BROKER_GRANT_COLUMNS " FROM broker_grants WHERE id = ?1",
                  &broker_grant_from_row, id);
}

template <class Source>
std::optional<BrokerGrant> read_grant_of(Source& source, std::string_view user_id,
                                         std::string_view provider_id) {
  return find_row(source,
                  "SELECT " AUTHPLANE_BROKER_GRANT_COLUMNS
                  " FROM broker_grants WHERE user_id = ?1 AND provider_id = ?2",
                  &broker_grant_from_row, user_id, provider_id);
}

class SqliteBrokerGrantStore final : public BrokerGrantStore {
 public:
  explicit SqliteBrokerGrantStore(State& state) : state_(state) {}

  Outcome<BrokerGrant> get(std::string_view id) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<BrokerGrant> {
      auto grant = read_grant(connection, id);
      if (!grant) return broker_grant_not_found();
      return std::move(*grant);
    });
  }

  Outcome<std::optional<BrokerGrant>> find_active(std::string_view user_id,
                                                  std::string_view provider_id) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::optional<BrokerGrant>> {
      auto grant = read_grant_of(connection, user_id, provider_id);
      if (grant && !grant->is_active()) grant.reset();
      return grant;
    });
  }

  Outcome<std::vector<BrokerGrant>> list_of_user(std::string_view user_id) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::vector<BrokerGrant>> {
      return all_rows(connection,
                      "SELECT " AUTHPLANE_BROKER_GRANT_COLUMNS
                      " FROM broker_grants WHERE user_id = ?1 ORDER BY created_at DESC, id",
                      &broker_grant_from_row, user_id);
    });
  }

  Outcome<std::vector<BrokerGrant>> list_after(std::string_view after, std::size_t limit) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::vector<BrokerGrant>> {
      return all_rows(connection,
                      "SELECT " AUTHPLANE_BROKER_GRANT_COLUMNS
                      " FROM broker_grants WHERE id > ?1 ORDER BY id LIMIT ?2",
                      &broker_grant_from_row, after, limit);
    });
  }

  Outcome<BrokerGrant> connect(const BrokerGrant& grant) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<BrokerGrant> {
      if (!is_active_user(context, grant.user_id)) return user_may_not_connect(grant.user_id);
      if (!read_provider(context, grant.provider_id)) return provider_not_found();
      if (auto stored = read_grant_of(context, grant.user_id, grant.provider_id)) {
        return put(context, reconnected(std::move(*stored), grant));
      }
      if (read_grant(context, grant.id)) return broker_grant_exists();
      const std::string scopes = grant.scopes_granted.to_string();
      context
          .query("INSERT INTO broker_grants (" AUTHPLANE_BROKER_GRANT_COLUMNS
                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
          .with(grant.id, grant.user_id, grant.provider_id, scopes, Blob{grant.credential}, grant.enc_backend,
                grant.version, to_micros(grant.created_at), to_micros(grant.updated_at),
                to_micros(grant.revoked_at))
          .run();
      return grant;
    });
  }

  Outcome<BrokerGrant> replace_credential(std::string_view id, std::int64_t version,
                                          std::string_view credential, std::string_view enc_backend,
                                          WallTime now) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<BrokerGrant> {
      auto stored = read_grant(context, id);
      if (!stored) return broker_grant_not_found();
      if (stored->version != version || !stored->is_active()) return broker_grant_changed();
      return put(context, with_credential(std::move(*stored), credential, enc_backend, now));
    });
  }

  Outcome<RevokedBrokerGrant> revoke(std::string_view id, WallTime now) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<RevokedBrokerGrant> {
      auto stored = read_grant(context, id);
      if (!stored) return broker_grant_not_found();
      if (!stored->is_active()) return RevokedBrokerGrant{std::move(*stored), false};
      return RevokedBrokerGrant{put(context, without_credential(std::move(*stored), now)), true};
    });
  }

  Outcome<void> begin(const PendingConnect& pending) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<void> {
      if (is_pending(context, pending.id)) return pending_connect_exists();
      const std::string scopes = pending.scopes.to_string();
      context
          .query("INSERT INTO connect_pending_states (" AUTHPLANE_PENDING_CONNECT_COLUMNS
                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
          .with(pending.id, pending.user_id, pending.provider_id, pending.resource_id,
                Blob{pending.code_verifier}, pending.return_url, scopes, to_micros(pending.expires_at))
          .run();
      return {};
    });
  }

  // Ids that never were are turned away by a reader: anybody can make up as many as they like.
  Outcome<std::optional<PendingConnect>> finish(std::string_view id, WallTime now) override {
    auto known = state_.readers.read(
        [&](Connection& connection) -> Outcome<bool> { return is_pending(connection, id); });
    if (!known) return Err(known.error());
    if (!*known) return std::optional<PendingConnect>();
    return state_.writer->write([&](WriteContext& context) -> Outcome<std::optional<PendingConnect>> {
      Query query = context.query(
          "DELETE FROM connect_pending_states WHERE id = ?1 RETURNING " AUTHPLANE_PENDING_CONNECT_COLUMNS);
      if (!query.with(id).step()) return std::optional<PendingConnect>();
      std::optional<PendingConnect> taken = pending_connect_from_row(query);
      query.run();
      if (taken->expires_at <= now) taken.reset();
      return taken;
    });
  }

  Outcome<std::size_t> purge_pending(WallTime now) override {
    return purge_in_steps(*state_.writer, [&](WriteContext& context) {
      context
          .query(
              "DELETE FROM connect_pending_states WHERE id IN (SELECT id FROM connect_pending_states"
              " WHERE expires_at <= ?1 LIMIT ?2)")
          .with(to_micros(now), kPurgeStep)
          .run();
    });
  }

 private:
  static BrokerGrant put(WriteContext& context, BrokerGrant grant) {
    const std::string scopes = grant.scopes_granted.to_string();
    context
        .query(
            "UPDATE broker_grants SET scopes_granted = ?2, credential = ?3, enc_backend = ?4, version = ?5,"
            " updated_at = ?6, revoked_at = ?7 WHERE id = ?1")
        .with(grant.id, scopes, Blob{grant.credential}, grant.enc_backend, grant.version,
              to_micros(grant.updated_at), to_micros(grant.revoked_at))
        .run();
    return grant;
  }

  template <class Source>
  static bool is_pending(Source& source, std::string_view id) {
    return source.query("SELECT 1 FROM connect_pending_states WHERE id = ?1").with(id).step();
  }

  State& state_;
};

}  // namespace

std::unique_ptr<BrokerGrantStore> make_broker_grant_store(State& state) {
  return std::make_unique<SqliteBrokerGrantStore>(state);
}

}  // namespace authplane::authserver::sqlite
