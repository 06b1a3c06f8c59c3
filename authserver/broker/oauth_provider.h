#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <authplane/base/log.h>
#include <authplane/base/mutex.h>
#include <authplane/base/result.h>
#include <authplane/base/secret.h>
#include <authplane/base/url.h>
#include <authplane/oauth/scope.h>

#include "authserver/domain/broker_provider.h"
#include "authserver/sealing/sealer.h"

namespace authplane::authserver {

// How a provider writes its token responses. slack: JSON, a user's tokens in an object of their own.
enum class TokenResponseFormat { standard, form, slack };

// What `config_data` of a provider with protocol oauth says, checked.
struct OAuthProviderConfig {
  std::string client_id;
  std::string secret_variable;      // environment variable that holds the client secret, "" = it came inline
  bool uses_old_reference = false;  // that came from client_secret_env
  Url authorize_url, token_url;
  std::optional<Url> revoke_url;  // RFC 7009
  // For the authorization request, without those this server sets itself.
  std::vector<std::pair<std::string, std::string>> extra_auth_params;
  TokenResponseFormat response_format = TokenResponseFormat::standard;
};

// `allow_http`: for development, URLs may be http. Err: what is wrong and what to do, for the operator.
Result<OAuthProviderConfig, std::string> parse_oauth_config(std::string_view config_data, bool allow_http);

// A provider with everything it takes to talk to it.
struct OAuthProvider {
  std::string id, slug;
  OAuthProviderConfig config;
  SecretString client_secret;
};

// RFC 6749 section 4.1.1 with RFC 7636: where the user's browser goes.
std::string authorization_url(const OAuthProvider& provider, std::string_view redirect_uri,
                              const ScopeSet& scopes, std::string_view state,
                              std::string_view code_challenge);

// The value of an environment variable of this process, nullopt when it is not set.
using SecretLookup = std::function<std::optional<SecretString>(std::string_view name)>;

// Reads the configuration of providers when it is needed. Thread-safe.
class OAuthProviders {
 public:
  struct Deps {
    Sealer* sealer;  // null: nothing can be opened
    SecretLookup secrets;
    bool allow_http;
    Logger& logger;
  };
  // What the deps point to outlives the object.
  explicit OAuthProviders(Deps deps) : deps_(std::move(deps)) {}

  // Err: why it cannot be used, for the operator.
  Result<OAuthProvider, std::string> open(const BrokerProvider& provider);

 private:
  Result<SecretString, std::string> client_secret(const BrokerProvider& provider,
                                                  const OAuthProviderConfig& config);
  void warn_once(const BrokerProvider& provider) AUTHPLANE_EXCLUDES(mutex_);

  const Deps deps_;
  Mutex mutex_;
  std::set<std::string> warned_ AUTHPLANE_GUARDED_BY(mutex_);  // ids of providers
};

}  // namespace authplane::authserver
