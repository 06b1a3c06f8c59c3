#include "authserver/domain/audit_service.h"

#include <algorithm>

namespace authplane::authserver {
namespace {

bool is_bare(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(),
                                       [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

// Control characters become spaces; bytes of UTF-8 stay.
void append_quoted(std::string& out, std::string_view value) {
  out += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  out += '"';
}

}  // namespace

std::string audit_detail(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
  std::string detail;
  for (const auto& [key, value] : pairs) {
    if (!detail.empty()) detail += ' ';
    detail.append(key) += '=';
    if (is_bare(value)) {
      detail += value;
    } else {
      append_quoted(detail, value);
    }
  }
  return detail;
}

std::string changed_fields(std::initializer_list<std::pair<bool, std::string_view>> fields) {
  std::string list;
  for (const auto& [changed, name] : fields) {
    if (!changed) continue;
    if (!list.empty()) list += ',';
    list += name;
  }
  return list;
}

AuditEvent AuditService::make(std::string_view action, const Actor& actor, std::string_view client_id,
                              std::string detail) const {
  return {.id = ids_.next(),
          .action = std::string(action),
          .actor_id = actor.id,
          .client_id = std::string(client_id),
          .ip = actor.ip,
          .detail = std::move(detail),
          .trace_id = {},
          .created_at = clock_.now()};
}

void AuditService::record(std::string_view action, const Actor& actor, std::string_view client_id,
                          std::string detail) {
  const AuditEvent event = make(action, actor, client_id, std::move(detail));
  if (const auto written = store_.append(event); !written) dropped(event, written.error().detail);
}

void AuditService::post(std::string_view action, const Actor& actor, std::string_view client_id,
                        std::string detail) {
  const AuditEvent event = make(action, actor, client_id, std::move(detail));
  if (!store_.post(event)) dropped(event, "the backlog of audit rows is full");
}

void AuditService::dropped(const AuditEvent& event, std::string_view cause) {
  metrics_.counter("authserver_audit_events_dropped_total", {{"action", event.action}}).add();
  logger_.error("audit row not written", {{"action", event.action},
                                          {"actor_id", event.actor_id},
                                          {"client_id", event.client_id},
                                          {"ip", event.ip},
                                          {"detail", event.detail},
                                          {"cause", cause}});
}

Outcome<std::vector<AuditEvent>> AuditService::search(const AuditSearch& search,
                                                      const AuditLookback& lookback) const {
  const WallTime now = clock_.now();
  const WallTime since = search.since.value_or(now - lookback.by_default);
  if (since < now - lookback.at_most) {
    return fail(DomainErrorCode::invalid_request,
                "since is further back than this server keeps audit queries (" +
                    std::to_string(lookback.at_most.count()) + " seconds)");
  }
  if (search.until && *search.until <= since) {
    return fail(DomainErrorCode::invalid_request, "until must be after since");
  }
  return store_.query({.action = search.action,
                       .actor_id = search.actor_id,
                       .client_id = search.client_id,
                       .since = since,
                       .until = search.until,
                       .page = search.page});
}

}  // namespace authplane::authserver
