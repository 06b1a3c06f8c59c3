#include "authserver/storage/sqlite/delegation_rows.h"
#include "authserver/storage/sqlite/purge.h"
#include "authserver/storage/sqlite/sqlite_state.h"

namespace authplane::authserver::sqlite {
namespace {

template <class Source>
std::optional<TrustedIdp> read_idp(Source& source, std::string_view id) {
  return find_row(source, "SELECT " AUTHPLANE_IDP_COLUMNS " FROM trusted_idps WHERE id = ?1", &idp_from_row,
                  id);
}

template <class Source>
std::optional<TrustedIdp> read_idp_by_issuer(Source& source, std::string_view issuer) {
  return find_row(source, "SELECT " AUTHPLANE_IDP_COLUMNS " FROM trusted_idps WHERE issuer = ?1",
                  &idp_from_row, issuer);
}

template <class Source>
std::optional<XaaPolicy> read_policy(Source& source, std::string_view id) {
  return find_row(source, "SELECT " AUTHPLANE_XAA_POLICY_COLUMNS " FROM xaa_policies WHERE id = ?1",
                  &xaa_policy_from_row, id);
}

template <class Source>
std::optional<SubjectMapping> read_mapping(Source& source, std::string_view idp_id,
                                           std::string_view idp_subject) {
  return find_row(source,
                  "SELECT " AUTHPLANE_SUBJECT_MAPPING_COLUMNS
                  " FROM subject_mappings WHERE idp_id = ?1 AND idp_subject = ?2",
                  &subject_mapping_from_row, idp_id, idp_subject);
}

class SqliteXaaStore final : public XaaStore {
 public:
  explicit SqliteXaaStore(State& state) : state_(state) {}

  Outcome<void> insert_idp(const TrustedIdp& idp) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<void> {
      if (read_idp(context, idp.id)) return idp_taken("id");
      if (read_idp_by_issuer(context, idp.issuer)) return idp_taken("issuer");
      context
          .query("INSERT INTO trusted_idps (" AUTHPLANE_IDP_COLUMNS
                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
          .with(idp.id, idp.name, idp.issuer, idp.jwks_uri, idp.audience, idp.enabled,
                to_micros(idp.created_at), to_micros(idp.updated_at))
          .run();
      return {};
    });
  }

  Outcome<std::optional<TrustedIdp>> find_idp(std::string_view id) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::optional<TrustedIdp>> {
      return read_idp(connection, id);
    });
  }

  Outcome<std::optional<TrustedIdp>> find_idp_by_issuer(std::string_view issuer) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::optional<TrustedIdp>> {
      return read_idp_by_issuer(connection, issuer);
    });
  }

  Outcome<std::vector<TrustedIdp>> list_idps() override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::vector<TrustedIdp>> {
      return all_rows(connection,
                      "SELECT " AUTHPLANE_IDP_COLUMNS " FROM trusted_idps ORDER BY created_at, id",
                      &idp_from_row);
    });
  }

  Outcome<TrustedIdp> update_idp(const TrustedIdp& changed) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<TrustedIdp> {
      auto stored = read_idp(context, changed.id);
      if (!stored) return idp_not_found();
      TrustedIdp next = merged(std::move(*stored), changed);
      context.query("UPDATE trusted_idps SET name = ?2, enabled = ?3, updated_at = ?4 WHERE id = ?1")
          .with(next.id, next.name, next.enabled, to_micros(next.updated_at))
          .run();
      return next;
    });
  }

  // Policies and mappings go by their foreign keys.
  Outcome<void> remove_idp(std::string_view id) override {
    return remove_row("DELETE FROM trusted_idps WHERE id = ?1", id, idp_not_found());
  }

  Outcome<void> insert_policy(const XaaPolicy& policy) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<void> {
      if (!read_idp(context, policy.idp_id)) return no_such_idp();
      if (read_policy(context, policy.id)) return policy_exists();
      const PolicyTexts texts(policy);
      context
          .query("INSERT INTO xaa_policies (" AUTHPLANE_XAA_POLICY_COLUMNS
                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
          .with(policy.id, policy.name, policy.idp_id, texts.client_ids, texts.scopes, texts.resources,
                policy.enabled, to_micros(policy.created_at), to_micros(policy.updated_at))
          .run();
      return {};
    });
  }

  Outcome<std::optional<XaaPolicy>> find_policy(std::string_view id) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::optional<XaaPolicy>> {
      return read_policy(connection, id);
    });
  }

  Outcome<std::vector<XaaPolicy>> list_policies(const std::optional<std::string>& idp_id) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::vector<XaaPolicy>> {
      return all_rows(connection,
                      "SELECT " AUTHPLANE_XAA_POLICY_COLUMNS
                      " FROM xaa_policies WHERE (?1 IS NULL OR idp_id = ?1)"
                      " ORDER BY created_at, id",
                      &xaa_policy_from_row, idp_id);
    });
  }

  Outcome<XaaPolicy> update_policy(const XaaPolicy& changed) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<XaaPolicy> {
      const auto stored = read_policy(context, changed.id);
      if (!stored) return policy_not_found();
      XaaPolicy next = merged(*stored, changed);
      const PolicyTexts texts(next);
      context
          .query(
              "UPDATE xaa_policies SET name = ?2, client_ids = ?3, scopes = ?4, resources = ?5, enabled = ?6,"
              " updated_at = ?7 WHERE id = ?1")
          .with(next.id, next.name, texts.client_ids, texts.scopes, texts.resources, next.enabled,
                to_micros(next.updated_at))
          .run();
      return next;
    });
  }

  Outcome<void> remove_policy(std::string_view id) override {
    return remove_row("DELETE FROM xaa_policies WHERE id = ?1", id, policy_not_found());
  }

  Outcome<void> insert_mapping(const SubjectMapping& mapping) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<void> {
      if (!read_idp(context, mapping.idp_id)) return no_such_idp();
      if (!context.query("SELECT 1 FROM users WHERE id = ?1").with(mapping.local_user_id).step()) {
        return no_such_local_user();
      }
      if (read_mapping(context, mapping.idp_id, mapping.idp_subject)) return mapping_exists();
      if (context.query("SELECT 1 FROM subject_mappings WHERE id = ?1").with(mapping.id).step()) {
        return mapping_exists();
      }
      context
          .query("INSERT INTO subject_mappings (" AUTHPLANE_SUBJECT_MAPPING_COLUMNS
                 ") VALUES (?1, ?2, ?3, ?4, ?5)")
          .with(mapping.id, mapping.idp_id, mapping.idp_subject, mapping.local_user_id,
                to_micros(mapping.created_at))
          .run();
      return {};
    });
  }

  Outcome<std::optional<SubjectMapping>> find_mapping(std::string_view idp_id,
                                                      std::string_view idp_subject) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::optional<SubjectMapping>> {
      return read_mapping(connection, idp_id, idp_subject);
    });
  }

  Outcome<std::vector<SubjectMapping>> list_mappings(const std::optional<std::string>& idp_id) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::vector<SubjectMapping>> {
      return all_rows(connection,
                      "SELECT " AUTHPLANE_SUBJECT_MAPPING_COLUMNS
                      " FROM subject_mappings WHERE (?1 IS NULL OR idp_id = ?1)"
                      " ORDER BY created_at, id",
                      &subject_mapping_from_row, idp_id);
    });
  }

  Outcome<void> remove_mapping(std::string_view id) override {
    return remove_row("DELETE FROM subject_mappings WHERE id = ?1", id, mapping_not_found());
  }

  Outcome<bool> spend_assertion(const Sha256Digest& key, WallTime expires_at) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<bool> {
      context.query("INSERT INTO spent_assertions (key, expires_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
          .with(Blob{as_bytes(key)}, to_micros(expires_at))
          .run();
      return context.rows_changed() != 0;
    });
  }

  Outcome<std::size_t> purge_spent_assertions(WallTime now) override {
    return purge_in_steps(*state_.writer, [&](WriteContext& context) {
      context
          .query(
              "DELETE FROM spent_assertions WHERE key IN (SELECT key FROM spent_assertions"
              " WHERE expires_at < ?1 LIMIT ?2)")
          .with(to_micros(now), kPurgeStep)
          .run();
    });
  }

 private:
  struct PolicyTexts {
    explicit PolicyTexts(const XaaPolicy& policy)
        : client_ids(to_json_text(policy.client_ids)), resources(to_json_text(policy.resources)) {
      if (policy.scopes) scopes = policy.scopes->to_string();
    }
    std::string client_ids, resources;
    std::optional<std::string> scopes;
  };

  Outcome<void> remove_row(Sql statement, std::string_view id, const Unexpected<DomainError>& not_found) {
    return state_.writer->write([&](WriteContext& context) -> Outcome<void> {
      context.query(statement).with(id).run();
      if (context.rows_changed() == 0) return not_found;
      return {};
    });
  }

  State& state_;
};

}  // namespace

std::unique_ptr<XaaStore> make_xaa_store(State& state) {
  return std::make_unique<SqliteXaaStore>(state);
}

}  // namespace authplane::authserver::sqlite
