#include "authserver/storage/grant_rules.h"
#include "authserver/storage/outcomes.h"
#include "authserver/storage/sqlite/columns.h"
#include "authserver/storage/sqlite/delegation_rows.h"
#include "authserver/storage/sqlite/sqlite_state.h"

namespace authplane::authserver::sqlite {
namespace {

std::optional<Resource> read_resource(WriteContext& context, std::string_view id) {
  Query query = context.query("SELECT " AUTHPLANE_RESOURCE_COLUMNS " FROM resources WHERE id = ?1");
  if (!query.with(id).step()) return std::nullopt;
  return resource_from_row(query);
}

bool has_provider(WriteContext& context, const Resource& resource) {
  return resource.broker_provider_id.empty() || read_provider(context, resource.broker_provider_id);
}

bool slug_is_taken(WriteContext& context, const Resource& by) {
  return context.query("SELECT 1 FROM resources WHERE slug = ?1 AND id <> ?2").with(by.slug, by.id).step();
}

class SqliteResourceStore final : public ResourceStore {
 public:
  explicit SqliteResourceStore(State& state) : state_(state) {}

  Outcome<std::shared_ptr<const ResourceCatalog>> catalog() override {
    if (auto polled = state_.poll_changes(); !polled) return Err(polled.error());
    return state_.catalog.get([&] { return read_catalog(); });
  }

  Outcome<void> insert(const Resource& resource) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<void> {
      if (!has_provider(context, resource)) return no_such_provider();
      if (slug_is_taken(context, resource)) return slug_taken(resource.slug);
      const std::string scopes = to_json_text(resource.scopes);
      const std::string policy = to_json_text(resource.policy);
      if (read_resource(context, resource.id))
        return fail(DomainErrorCode::conflict, "the resource id is taken");
      context
          .query("INSERT INTO resources (" AUTHPLANE_RESOURCE_COLUMNS
                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")
          .with(resource.id, resource.slug, resource.uri, to_string(resource.backend_kind),
                resource.broker_provider_id, resource.display_name, scopes, policy, resource.version,
                to_micros(resource.created_at), to_micros(resource.updated_at))
          .run();
      context.changed_resource(resource.id);
      return {};
    });
  }

  Outcome<Resource> update(const Resource& changed) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<Resource> {
      const auto stored = read_resource(context, changed.id);
      if (!stored) return resource_not_found();
      if (stored->version != changed.version) return resource_version_conflict();
      if (slug_is_taken(context, changed)) return slug_taken(changed.slug);
      if (!has_provider(context, changed)) return no_such_provider();
      if (auto ok = judge_fronted_change(read_fronting_links(context), *stored, changed); !ok) {
        return Err(ok.error());
      }
      Resource next = merged(*stored, changed);
      const std::string scopes = to_json_text(next.scopes);
      const std::string policy = to_json_text(next.policy);
      context
          .query(
              "UPDATE resources SET slug = ?2, uri = ?3, backend_kind = ?4, broker_provider_id = ?5,"
              " display_name = ?6, scopes = ?7, policy = ?8, version = ?9, updated_at = ?10 WHERE id = ?1")
          .with(next.id, next.slug, next.uri, to_string(next.backend_kind), next.broker_provider_id,
                next.display_name, scopes, policy, next.version, to_micros(next.updated_at))
          .run();
      context.changed_resource(next.id);
      return next;
    });
  }

  Outcome<std::vector<FrontingLink>> remove(std::string_view id, RemoveResource mode, WallTime now) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<std::vector<FrontingLink>> {
      const auto stored = read_resource(context, id);
      if (!stored) return resource_not_found();
      std::vector<FrontingLink> links = links_of(read_fronting_links(context), stored->slug);
      if (!links.empty() && mode == RemoveResource::unless_linked) return resource_is_linked();
      if (is_named_by_unexpired_token(context, id, in_seconds(now))) return resource_has_live_tokens();
      context.query("DELETE FROM consent_grants WHERE resource_id = ?1 AND revoked_at IS NOT NULL")
          .with(id)
          .run();
      if (has_consent(context, id)) return resource_has_consent();
      context.query("DELETE FROM fronting_links WHERE source_slug = ?1 OR target_slug = ?1")
          .with(stored->slug)
          .run();
      if (!links.empty()) context.changed_fronting_link();
      context.query("DELETE FROM resources WHERE id = ?1").with(id).run();
      context.changed_resource(id);
      return links;
    });
  }

 private:
  using CatalogSnapshot = SnapshotCache<ResourceCatalog>::Snapshot;

  Outcome<CatalogSnapshot> read_catalog() {
    return state_.readers.read_snapshot([&](Connection& connection) -> Outcome<CatalogSnapshot> {
      CatalogSnapshot out;
      {
        Query query = connection.query("SELECT changes FROM change_counters WHERE name = 'resources'");
        if (query.step()) out.changes = query.integer(0);
      }
      std::vector<Resource> all;
      Query query = connection.query("SELECT " AUTHPLANE_RESOURCE_COLUMNS " FROM resources");
      while (query.step()) all.push_back(resource_from_row(query));
      out.value = std::make_shared<const ResourceCatalog>(std::move(all));
      return out;
    });
  }

  static bool has_consent(WriteContext& context, std::string_view id) {
    return context.query("SELECT 1 FROM consent_grants WHERE resource_id = ?1 LIMIT 1").with(id).step();
  }

  static bool is_named_by_unexpired_token(WriteContext& context, std::string_view id,
                                          std::chrono::sys_seconds now) {
    Query query = context.query(
        "SELECT 1 FROM identifiers r"
        " CROSS JOIN issuance_blocks b ON b.dimension = 2 AND b.key = r.key AND b.latest_expiry > ?2"
        " CROSS JOIN issuances i ON i.id >= authplane_block_start(b.block) AND i.id < "
        "authplane_block_start(b.block + 1)"
        " WHERE r.text = ?1 AND i.resource = r.key AND i.expires_at > ?2 LIMIT 1");
    return query.with(id, to_seconds(now)).step();
  }

  State& state_;
};

}  // namespace

std::unique_ptr<ResourceStore> make_resource_store(State& state) {
  return std::make_unique<SqliteResourceStore>(state);
}

}  // namespace authplane::authserver::sqlite
