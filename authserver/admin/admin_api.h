#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <authplane/base/clock.h>
#include <authplane/base/http.h>
#include <authplane/base/log.h>
#include <authplane/base/random.h>
#include <authplane/base/secret.h>

#include "authserver/domain/audit_service.h"
#include "authserver/domain/client_service.h"
#include "authserver/domain/ids.h"
#include "authserver/domain/metrics.h"
#include "authserver/domain/registration_policy.h"
#include "authserver/domain/signing_key_store.h"
#include "authserver/domain/storage.h"
#include "authserver/http/rate_limiter.h"
#include "authserver/identity/password.h"
#include "authserver/sealing/sealer.h"
#include "authserver/xaa/idp_keys.h"

namespace authplane::authserver {

struct AdminApiConfig {
  std::string issuer;
  std::string version;
  GrantSwitches grants;
  RegistrationRules registration{};
  AuditLookback audit_lookback;
  PasswordPolicy passwords{};
  std::optional<RateLimit> rate_limit;  // of the admin listener
  std::string metrics_path = "/metrics";
  // Shown by /admin/system/config only.
  std::string signing_key_store = "keyfile";
  bool public_rate_limit_enabled = true;
  bool oidc_enabled = false;
  std::int64_t max_chain_depth = 0;  // of exchanged tokens
  struct Dpop {
    bool enabled = true;
    std::string nonce_ttl = "1m0s";
    bool require_nonce = false;
  } dpop;
};

// Everything the admin listener needs. What is held by reference outlives the handler.
struct AdminApiDeps {
  AdminApiConfig config;
  const SecretString& api_key;  // empty: every endpoint but metrics answers 401
  const SecretString& client_secret_pepper;
  Storage& storage;
  SigningKeyStore& signing_keys;
  IdGenerator& ids;
  Clock& clock;
  Random& random;
  Logger& logger;
  Metrics& metrics;
  std::function<std::string()>
      metrics_text;          // body of the metrics endpoint; empty function: no such endpoint
  Sealer* sealer = nullptr;  // null: data encryption is off
  std::shared_ptr<IdpKeys> idp_keys = nullptr;  // null: cross-application access is off, and not managed
};

// The admin listener: management endpoints under /admin, and metrics.
class AdminApi {
 public:
  static HttpHandler create(AdminApiDeps deps);  // thread-safe handler
};

}  // namespace authplane::authserver
