#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "authserver/domain/audit.h"
#include "authserver/domain/errors.h"
#include "authserver/domain/paging.h"

namespace authplane::authserver {

// Exact matches, AND-ed.
struct AuditQuery {
  std::optional<std::string> action;
  std::optional<std::string> actor_id;
  std::optional<std::string> client_id;
  WallTime since{};               // inclusive
  std::optional<WallTime> until;  // exclusive
  Page page;
};

// The audit log. Thread-safe. A failure here never fails what is being audited: the caller logs the event
// instead.
class AuditStore {
 public:
  virtual ~AuditStore() = default;

  // Durable when it returns.
  virtual Outcome<void> append(const AuditEvent& event) = 0;
  // Queued for the next commit and not waited for: a crash within a few milliseconds loses it. For events a
  // stranger can cause at will (denials). False when the backlog is full and the event was dropped.
  virtual bool post(AuditEvent event) = 0;
  // Newest first.
  virtual Outcome<std::vector<AuditEvent>> query(const AuditQuery& query) = 0;
};

}  // namespace authplane::authserver
