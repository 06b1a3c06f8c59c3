#pragma once

#include <string_view>

#include <authplane/base/log.h>

#include "authserver/domain/access_token_reader.h"
#include "authserver/domain/audit_service.h"
#include "authserver/domain/client.h"
#include "authserver/domain/storage.h"

namespace authplane::authserver {

// Revokes tokens for the client that holds them (RFC 7009). Thread-safe.
class RevocationService {
 public:
  // The references outlive the service.
  RevocationService(const AccessTokenReader& tokens, Storage& storage, AuditService& audit,
                    const Clock& clock, Logger& logger, Metrics& metrics)
      : tokens_(tokens),
        storage_(storage),
        audit_(audit),
        clock_(clock),
        logger_(logger),
        family_revoked_(metrics.counter("authserver_tokens_revoked_total", {{"reason", "explicit"}})),
        machine_token_revoked_(
            metrics.counter("authserver_tokens_revoked_total", {{"reason", "explicit_machine"}})) {}

  // A refresh token takes its whole family with it, an access token those that were exchanged from it. What
  // is unknown, expired, revoked before or somebody else's is left alone and looks like success. Durable when
  // it returns. `caller` is authenticated. Errors: unavailable, internal; nothing was revoked then.
  Outcome<void> revoke(const Client& caller, std::string_view ip, std::string_view token);

 private:
  Outcome<void> revoke_family(const Client& caller, std::string_view ip, std::string_view refresh_token);
  Outcome<void> revoke_access_token(const Client& caller, std::string_view ip, std::string_view token);
  void warn_foreign(const Client& caller, std::string_view owner);

  const AccessTokenReader& tokens_;
  Storage& storage_;
  AuditService& audit_;
  const Clock& clock_;
  Logger& logger_;
  Counter &family_revoked_, &machine_token_revoked_;
};

}  // namespace authplane::authserver
