#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <authplane/base/log.h>

#include "authserver/domain/access_token_reader.h"
#include "authserver/domain/audit_service.h"
#include "authserver/domain/client.h"
#include "authserver/domain/storage.h"

namespace authplane::authserver {

enum class IntrospectionResult {
  active,
  inactive,
  error,  // a store did not answer; told to nobody but the operator
};

struct Introspection {
  IntrospectionResult result = IntrospectionResult::inactive;
  Json claims;  // of an active token
};

// Says whether an access token still stands (RFC 7662). Every reason against it looks the same to the caller;
// the audit log has it. Thread-safe.
class IntrospectionService {
 public:
  // The references outlive the service.
  IntrospectionService(const AccessTokenReader& tokens, Storage& storage, AuditService& audit,
                       const Clock& clock, Logger& logger)
      : tokens_(tokens), storage_(storage), audit_(audit), clock_(clock), logger_(logger) {}

  // `caller` is authenticated and confidential. It may ask about a token that was issued to it, and about one
  // for a resource that lists it among its runtime clients.
  Introspection introspect(const Client& caller, std::string_view token);
  // The row of a caller that failed to authenticate and is known. `reason` is that of ClientAuthenticator.
  void audit_refused_caller(std::string_view client_id, std::string_view reason);

 private:
  // Why a token is reported inactive, "" = it is not. Errors: those of the stores.
  Outcome<std::string_view> why_inactive(const Client& caller, const Json& claims);
  // Why the caller learns nothing about the token, "" = it may ask.
  Outcome<std::string_view> why_silent(const Client& caller, const Issuance& row, const Json& claims);
  void audit_denial(std::string_view client_id, std::string_view reason, std::string_view jti);

  const AccessTokenReader& tokens_;
  Storage& storage_;
  AuditService& audit_;
  const Clock& clock_;
  Logger& logger_;
};

}  // namespace authplane::authserver
