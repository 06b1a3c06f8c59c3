#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/log.h>

#include "authserver/domain/audit_store.h"
#include "authserver/domain/metrics.h"

namespace authplane::authserver {

// Who does something, for the audit log: `id` is "admin", "cli", "system", a client id or a user id.
struct Actor {
  std::string id;
  std::string ip;  // peer address, "" when there is none
};

// "key=value key=value" of an audit row. A value that is empty or holds anything but printable ASCII without
// space,
// '"' and '\' is quoted and escaped, so that no value can look like another key.
std::string audit_detail(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs);

// The names of what changed, with commas between them: a value of the audit row of a change.
std::string changed_fields(std::initializer_list<std::pair<bool, std::string_view>> fields);

// How far back audit queries may look.
struct AuditLookback {
  std::chrono::seconds by_default = std::chrono::hours(24);
  std::chrono::seconds at_most = std::chrono::hours(720);
};

struct AuditSearch {
  std::optional<std::string> action, actor_id, client_id;
  std::optional<WallTime> since, until;
  Page page;
};

// The audit log as the rest of the server uses it. Writing is best effort: a row that cannot be written goes
// to the program's log instead and is counted, the audited operation goes on. Thread-safe.
class AuditService {
 public:
  // The references outlive the service.
  AuditService(AuditStore& store, IdGenerator& ids, const Clock& clock, Logger& logger, Metrics& metrics)
      : store_(store), ids_(ids), clock_(clock), logger_(logger), metrics_(metrics) {}

  // A row with id and time filled in, not written.
  AuditEvent make(std::string_view action, const Actor& actor, std::string_view client_id,
                  std::string detail) const;
  // For changes by an operator: durable when it returns.
  void record(std::string_view action, const Actor& actor, std::string_view client_id, std::string detail);
  // For events that strangers can cause at will: queued, not waited for.
  void post(std::string_view action, const Actor& actor, std::string_view client_id, std::string detail);

  // Newest first. Errors: invalid_request (since too old, until not after since), and the store's.
  Outcome<std::vector<AuditEvent>> search(const AuditSearch& search, const AuditLookback& lookback) const;

 private:
  void dropped(const AuditEvent& event, std::string_view cause);

  AuditStore& store_;
  IdGenerator& ids_;
  const Clock& clock_;
  Logger& logger_;
  Metrics& metrics_;
};

}  // namespace authplane::authserver
