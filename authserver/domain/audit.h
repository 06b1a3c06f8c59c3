#pragma once

#include <string>

#include <authplane/base/clock.h>

#include "authserver/domain/ids.h"

namespace authplane::authserver {

// One line of the audit log. Append only. All members are "" when unset.
struct AuditEvent {
  TimeOrderedId id;
  std::string action;     // "client.created_admin", ...
  std::string actor_id;   // user id, client id, "admin" or "system"
  std::string client_id;  // the client (for some actions the resource) the event is about
  std::string ip;
  std::string detail;  // key=value pairs separated by one space; no secret, token or e-mail address
  std::string trace_id;
  WallTime created_at{};
  friend bool operator==(const AuditEvent&, const AuditEvent&) = default;
};

}  // namespace authplane::authserver
