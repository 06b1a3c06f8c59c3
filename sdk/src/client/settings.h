#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <authplane/base/url.h>
#include <authplane/client/options.h>

namespace authplane {

// Looks up an environment variable; nullopt when it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;
std::optional<std::string> process_environment(const char* name);

// Client options after every check, with every default decided.
struct ClientSettings {
  std::string issuer;
  Url metadata_url;
  std::optional<ClientAuth> auth;
  dpop::ProviderPtr dpop;  // may be null
  bool dev_mode;
  net::FetchSettings fetch;
  std::chrono::seconds startup_timeout;
  std::chrono::seconds jwks_refresh;
  std::chrono::seconds metadata_refresh;
  bool fetch_keys;
  std::vector<JwsAlgorithm> allowed_algorithms;
  TokenCacheOptions token_cache;
  BreakerOptions breaker;
  bool cache_exchanges;
  Seams seams;  // complete
};

// Errors: invalid_argument naming the option, its value and what is expected.
Result<ClientSettings> check_options(ClientOptions options, const Environment& environment);

// The parts that other owners of a network guard share.
bool dev_mode_is_on(std::optional<bool> option, const Environment& environment);
Result<void> check_fetch_settings(const std::optional<net::FetchSettings>& fetch);
net::FetchSettings fetch_settings(const std::optional<net::FetchSettings>& fetch, bool dev_mode);
void complete(Seams& seams);  // with the real ones
// An absolute http(s) URL without query, fragment and userinfo (RFC 8414 section 2); http is left to the
// guard.
Result<Url> check_issuer(const std::string& issuer);

}  // namespace authplane
