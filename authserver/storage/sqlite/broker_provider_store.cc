#include "authserver/storage/outcomes.h"
#include "authserver/storage/sqlite/delegation_rows.h"
#include "authserver/storage/sqlite/sqlite_state.h"

namespace authplane::authserver::sqlite {
namespace {

class SqliteBrokerProviderStore final : public BrokerProviderStore {
 public:
  explicit SqliteBrokerProviderStore(State& state) : state_(state) {}

  Outcome<void> insert(const BrokerProvider& provider) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<void> {
      if (slug_is_taken(context, provider)) return slug_taken(provider.slug);
      if (read_provider(context, provider.id)) {
        return fail(DomainErrorCode::conflict, "the broker provider id is taken");
      }
      context
          .query("INSERT INTO broker_providers (" AUTHPLANE_BROKER_PROVIDER_COLUMNS
                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
          .with(provider.id, provider.slug, provider.display_name, to_string(provider.protocol),
                provider.config_data, Blob{provider.sealed_secrets}, provider.enc_backend, provider.version,
                to_micros(provider.created_at), to_micros(provider.updated_at))
          .run();
      return {};
    });
  }

  Outcome<std::optional<BrokerProvider>> find(std::string_view id) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::optional<BrokerProvider>> {
      return read_provider(connection, id);
    });
  }

  Outcome<std::optional<BrokerProvider>> find_by_slug(std::string_view slug) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::optional<BrokerProvider>> {
      return find_row(connection,
                      "SELECT " AUTHPLANE_BROKER_PROVIDER_COLUMNS " FROM broker_providers WHERE slug = ?1",
                      &broker_provider_from_row, slug);
    });
  }

  Outcome<std::vector<BrokerProvider>> list() override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::vector<BrokerProvider>> {
      return all_rows(connection,
                      "SELECT " AUTHPLANE_BROKER_PROVIDER_COLUMNS " FROM broker_providers ORDER BY slug",
                      &broker_provider_from_row);
    });
  }

  Outcome<BrokerProvider> update(const BrokerProvider& changed) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<BrokerProvider> {
      const auto stored = read_provider(context, changed.id);
      if (!stored) return provider_not_found();
      if (stored->version != changed.version) return provider_version_conflict();
      if (slug_is_taken(context, changed)) return slug_taken(changed.slug);
      BrokerProvider next = merged(*stored, changed);
      context
          .query(
              "UPDATE broker_providers SET slug = ?2, display_name = ?3, protocol = ?4, config_data = ?5,"
              " sealed_secrets = ?6, enc_backend = ?7, version = ?8, updated_at = ?9 WHERE id = ?1")
          .with(next.id, next.slug, next.display_name, to_string(next.protocol), next.config_data,
                Blob{next.sealed_secrets}, next.enc_backend, next.version, to_micros(next.updated_at))
          .run();
      return next;
    });
  }

  Outcome<void> remove(std::string_view id) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<void> {
      if (!read_provider(context, id)) return provider_not_found();
      if (const auto slug = slug_of_user(context, id)) return provider_is_used("resource " + *slug);
      context.query("DELETE FROM broker_grants WHERE provider_id = ?1 AND revoked_at IS NOT NULL")
          .with(id)
          .run();
      if (context.query("SELECT 1 FROM broker_grants WHERE provider_id = ?1 LIMIT 1").with(id).step()) {
        return provider_is_used("connected accounts");
      }
      context.query("DELETE FROM connect_pending_states WHERE provider_id = ?1").with(id).run();
      context.query("DELETE FROM broker_providers WHERE id = ?1").with(id).run();
      return {};
    });
  }

 private:
  static bool slug_is_taken(WriteContext& context, const BrokerProvider& by) {
    return context.query("SELECT 1 FROM broker_providers WHERE slug = ?1 AND id <> ?2")
        .with(by.slug, by.id)
        .step();
  }

  // Of a resource that names the provider.
  static std::optional<std::string> slug_of_user(WriteContext& context, std::string_view id) {
    Query query = context.query("SELECT slug FROM resources WHERE broker_provider_id = ?1 LIMIT 1");
    if (!query.with(id).step()) return std::nullopt;
    return query.text(0);
  }

  State& state_;
};

}  // namespace

std::unique_ptr<BrokerProviderStore> make_broker_provider_store(State& state) {
  return std::make_unique<SqliteBrokerProviderStore>(state);
}

}  // namespace authplane::authserver::sqlite
