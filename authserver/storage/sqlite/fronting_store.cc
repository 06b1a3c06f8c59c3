#include "authserver/storage/sqlite/delegation_rows.h"
#include "authserver/storage/sqlite/sqlite_state.h"

namespace authplane::authserver::sqlite {
namespace {

class SqliteFrontingStore final : public FrontingStore {
 public:
  explicit SqliteFrontingStore(State& state) : state_(state) {}

  Outcome<std::optional<FrontingLink>> find(std::string_view source_slug,
                                            std::string_view target_slug) override {
    const auto links = current();
    if (!links) return Err(links.error());
    return find_link(**links, source_slug, target_slug);
  }

  Outcome<std::vector<FrontingLink>> list(const FrontingFilter& filter, const Page& page) override {
    const auto links = current();
    if (!links) return Err(links.error());
    return list_links(**links, filter, page);
  }

  Outcome<void> insert(const FrontingLink& link, bool dry_run) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<void> {
      if (auto ok = judge(context, link); !ok) return ok;
      if (auto ok = judge_new_link(link, read_fronting_links(context)); !ok) return ok;
      if (dry_run) return {};
      const std::string scope_map = to_json_text(link.scope_map);
      context
          .query("INSERT INTO fronting_links (" AUTHPLANE_FRONTING_LINK_COLUMNS
                 ") VALUES (?1, ?2, ?3, ?4, ?5)")
          .with(link.source_slug, link.target_slug, scope_map, to_micros(link.created_at), link.created_by)
          .run();
      context.changed_fronting_link();
      return {};
    });
  }

  Outcome<FrontingLink> update(std::string_view source_slug, std::string_view target_slug,
                               const ScopeMap& scope_map) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<FrontingLink> {
      auto changed = find_link(read_fronting_links(context), source_slug, target_slug);
      if (!changed) return fronting_link_not_found();
      changed->scope_map = scope_map;
      if (auto ok = judge(context, *changed); !ok) return Err(ok.error());
      const std::string text = to_json_text(scope_map);
      context.query("UPDATE fronting_links SET scope_map = ?3 WHERE source_slug = ?1 AND target_slug = ?2")
          .with(source_slug, target_slug, text)
          .run();
      context.changed_fronting_link();
      return std::move(*changed);
    });
  }

  Outcome<void> remove(std::string_view source_slug, std::string_view target_slug) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<void> {
      context.query("DELETE FROM fronting_links WHERE source_slug = ?1 AND target_slug = ?2")
          .with(source_slug, target_slug)
          .run();
      if (context.rows_changed() == 0) return fronting_link_not_found();
      context.changed_fronting_link();
      return {};
    });
  }

 private:
  using LinksSnapshot = SnapshotCache<FrontingLinks>::Snapshot;

  Outcome<std::shared_ptr<const FrontingLinks>> current() {
    if (auto polled = state_.poll_changes(); !polled) return Err(polled.error());
    return state_.fronting_links.get([&] { return read(); });
  }

  Outcome<LinksSnapshot> read() {
    return state_.readers.read_snapshot([&](Connection& connection) -> Outcome<LinksSnapshot> {
      LinksSnapshot out;
      {
        Query query = connection.query("SELECT changes FROM change_counters WHERE name = 'fronting_links'");
        if (query.step()) out.changes = query.integer(0);
      }
      out.value = std::make_shared<const FrontingLinks>(read_fronting_links(connection));
      return out;
    });
  }

  static Outcome<void> judge(WriteContext& context, const FrontingLink& link) {
    return judge_link(link, [&](const std::string& slug) { return read_resource_by_slug(context, slug); });
  }

  State& state_;
};

}  // namespace

std::unique_ptr<FrontingStore> make_fronting_store(State& state) {
  return std::make_unique<SqliteFrontingStore>(state);
}

}  // namespace authplane::authserver::sqlite
