#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/http.h>
#include <authplane/base/log.h>
#include <authplane/base/random.h>
#include <authplane/base/secret.h>

#include "authserver/domain/ids.h"
#include "authserver/domain/metrics.h"
#include "authserver/domain/registration_policy.h"
#include "authserver/domain/signing_key_store.h"
#include "authserver/domain/storage.h"
#include "authserver/domain/token_exchange.h"
#include "authserver/domain/upstream_tokens.h"
#include "authserver/http/browser_endpoints.h"
#include "authserver/http/deferred.h"
#include "authserver/http/jwt_bearer_grant.h"
#include "authserver/http/proof_checker.h"
#include "authserver/http/rate_limiter.h"
#include "authserver/http/user_tokens.h"

namespace authplane::authserver {

struct RegistrationOptions {
  RegistrationRules rules;
  RateLimit rate_limit{.requests_per_second = 10, .burst = 20};  // per source address
};

struct ClientDocumentOptions {
  bool allow_http = false;
  std::chrono::seconds cache_ttl{3600};  // > 0
};

struct PublicApiConfig {
  std::string issuer;  // emitted byte for byte everywhere; its scheme decides on Strict-Transport-Security
  bool client_credentials_enabled = true;
  std::chrono::seconds client_credentials_token_expiry{3600};                   // > 0
  std::optional<TokenExchangeOptions> token_exchange = TokenExchangeOptions{};  // nullopt: off
  JwtBearerOptions jwt_bearer{};
  UserTokenOptions user_tokens{};
  DpopOptions dpop;
  BrowserOptions browser;
  RegistrationOptions registration{};
  ClientDocumentOptions client_documents{};
  std::vector<std::string> allowed_origins;           // CORS; "*" = any
  std::optional<RateLimit> rate_limit = RateLimit{};  // per source address, all routes
};

// Everything the public listener needs. What is held by reference outlives the handler.
struct PublicApiDeps {
  PublicApiConfig config;
  const SecretString& client_secret_pepper;  // never empty
  const SecretString& session_secret;        // never empty
  Storage& storage;
  SigningKeyStore& signing_keys;
  IdGenerator& ids;
  Clock& clock;
  Random& random;
  Logger& logger;
  Metrics& metrics;
  // Fetches client ID metadata documents; refuses addresses that must not be reached. null: a client_id is
  // never a URL.
  std::shared_ptr<HttpTransport> client_documents = nullptr;
  // Where people may sign in besides here, loaded. null: nowhere.
  std::shared_ptr<OpenIdProvider> provider = nullptr;
  // Has tokens of upstream providers. null: not configured.
  std::shared_ptr<UpstreamTokens> upstream_tokens = nullptr;
  // For users who connect accounts at upstream providers. The broker is closed before anything else here
  // goes.
  ConnectTools connect = {};
  // Of the identity providers whose assertions are taken for tokens. null: the jwt-bearer grant is off.
  std::shared_ptr<IdpKeys> idp_keys = nullptr;
};

// The public listener: discovery documents, token endpoint, the pages people see, health.
class PublicApi {
 public:
  // Thread-safe; holds no worker while a token's record is made durable, a client's document is fetched, or
  // the identity provider is asked. The last copy of the handler waits for such calls when it goes.
  static DeferredHandler create_deferred(PublicApiDeps deps);
  // The same, waiting in the calling thread.
  static HttpHandler create(PublicApiDeps deps);
};

}  // namespace authplane::authserver
