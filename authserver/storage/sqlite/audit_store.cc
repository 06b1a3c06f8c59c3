#include <utility>

#include "authserver/storage/sqlite/blocks.h"
#include "authserver/storage/sqlite/columns.h"
#include "authserver/storage/sqlite/sqlite_state.h"

namespace authplane::authserver::sqlite {
namespace {

// An event nobody waits for. Deletes itself when it is stored or dropped.
class PostedEvent final : public WriteJob {
 public:
  PostedEvent(AuditEvent event, Logger& logger) : event_(std::move(event)), logger_(logger) {}
  bool undoes_itself() const override { return true; }
  Outcome<void> run(WriteContext& context) override {
    context.insert(event_);
    return {};
  }
  void complete(Outcome<void> outcome) override {
    const std::unique_ptr<PostedEvent> self(this);
    if (outcome) return;
    logger_.error("audit event not stored", {{"action", event_.action},
                                             {"actor_id", event_.actor_id},
                                             {"client_id", event_.client_id},
                                             {"ip", event_.ip},
                                             {"detail", event_.detail},
                                             {"cause", outcome.error().detail}});
  }

 private:
  const AuditEvent event_;
  Logger& logger_;
};

AuditEvent event_from_row(const Query& query) {
  const auto id = TimeOrderedId::from_bytes(query.bytes(0));
  if (!id) throw_unreadable("audit_events.id");
  return {*id,           query.text(1), query.text(2), query.text(3),
          query.text(4), query.text(5), query.text(6), from_micros(query.integer(7))};
}

class SqliteAuditStore final : public AuditStore {
 public:
  SqliteAuditStore(State& state, Logger& logger) : state_(state), logger_(logger) {}

  Outcome<void> append(const AuditEvent& event) override {
    return state_.writer->write([&](WriteContext& context) -> Outcome<void> {
      context.insert(event);
      return {};
    });
  }

  bool post(AuditEvent event) override {
    // Owned by the queue from here on.
    return state_.writer->enqueue(*new PostedEvent(std::move(event), logger_));
  }

  // Walks the window in order of id, newest first; there is no index by action, actor or client, because
  // every token would pay for it.
  Outcome<std::vector<AuditEvent>> query(const AuditQuery& wanted) override {
    return state_.readers.read([&](Connection& connection) -> Outcome<std::vector<AuditEvent>> {
      const TimeOrderedId from = first_id_since(wanted.since);
      std::optional<std::int64_t> until;
      if (wanted.until) until = to_micros(*wanted.until);
      Query query = connection.query(
          "SELECT id, action, actor_id, client_id, ip, detail, trace_id, created_at FROM audit_events"
          " WHERE id >= ?1 AND created_at >= ?2 AND (?3 IS NULL OR created_at < ?3)"
          " AND (?4 IS NULL OR action = ?4) AND (?5 IS NULL OR actor_id = ?5) AND (?6 IS NULL OR client_id = "
          "?6)"
          " ORDER BY id DESC LIMIT ?7 OFFSET ?8");
      query.with(Blob{from.view()}, to_micros(wanted.since), until, wanted.action, wanted.actor_id,
                 wanted.client_id, wanted.page.limit, wanted.page.offset);
      std::vector<AuditEvent> out;
      while (query.step()) out.push_back(event_from_row(query));
      return out;
    });
  }

 private:
  State& state_;
  Logger& logger_;
};

}  // namespace

std::unique_ptr<AuditStore> make_audit_store(State& state, Logger& logger) {
  return std::make_unique<SqliteAuditStore>(state, logger);
}

}  // namespace authplane::authserver::sqlite
