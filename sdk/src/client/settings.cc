#include "client/settings.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <thread>
#include <tuple>
#include <utility>

#include <authplane/base/encoding.h>
#include <authplane/http_httplib/transport.h>

#include "client/metadata.h"

namespace authplane {
namespace {

using std::chrono::seconds;

constexpr const char* kDevModeVariable = "AUTHPLANE_DEV_MODE";
constexpr const char* kStartupTimeoutVariable = "AUTHPLANE_STARTUP_TIMEOUT";
constexpr seconds kMaxStartupTimeout = std::chrono::hours(24);
constexpr seconds kMaxDuration = std::chrono::hours(24 * 3650);  // keeps sums with time points in range

Unexpected<Error> invalid(std::string message) {
  return Err(ErrorCode::invalid_argument, std::move(message));
}

Result<void> check_auth(const std::optional<ClientAuth>& auth) {
  if (!auth) return {};
  if (const auto* provider = std::get_if<AuthProvider>(&*auth)) {
    if (!*provider) return invalid("option auth: the provider is an empty function");
    return {};
  }
  if (const auto* client = std::get_if<ClientKey>(&*auth)) {
    if (client->id.empty()) return invalid("option auth: the client id is empty");
    return {};
  }
  const auto& credentials = std::get<ClientCredentials>(*auth);
  if (credentials.id.empty()) return invalid("option auth: the client id is empty");
  if (credentials.secret.empty()) return invalid("option auth: the client secret is empty");
  return {};
}

Result<void> check_duration(std::string_view name, seconds value, seconds least) {
  if (value >= least && value <= kMaxDuration) return {};
  return invalid("option " + std::string(name) + ": " + std::to_string(value.count()) +
                 " s is out of range; at least " + std::to_string(least.count()) + " s is expected");
}

Result<void> check_numbers(const ClientOptions& options) {
  for (auto [name, value, least] :
       {std::tuple("jwks_refresh", options.jwks_refresh, seconds(1)),
        std::tuple("metadata_refresh", options.metadata_refresh, seconds(1)),
        std::tuple("token_cache.ttl_buffer", options.token_cache.ttl_buffer, seconds(0)),
        std::tuple("token_cache.default_ttl", options.token_cache.default_ttl, seconds(1)),
        std::tuple("breaker.cooldown", options.breaker.cooldown, seconds(1))}) {
    if (auto ok = check_duration(name, value, least); !ok) return ok;
  }
  if (options.token_cache.max_entries == 0)
    return invalid("option token_cache.max_entries: must be at least 1");
  if (options.breaker.threshold < 1) return invalid("option breaker.threshold: must be at least 1");
  return check_fetch_settings(options.fetch);
}

Result<void> check_algorithms(const std::vector<JwsAlgorithm>& algorithms) {
  if (algorithms.empty()) return invalid("option allowed_algorithms: must not be empty");
  for (const JwsAlgorithm algorithm : algorithms) {
    if (algorithm != JwsAlgorithm::ES256 && algorithm != JwsAlgorithm::RS256) {
      return invalid("option allowed_algorithms: " + std::string(to_string(algorithm)) +
                     " is not supported for access tokens; use ES256 or RS256");
    }
  }
  return {};
}

Result<seconds> startup_timeout(std::optional<seconds> option, const Environment& environment) {
  if (!option) {
    const std::string text = environment(kStartupTimeoutVariable).value_or("");
    if (text.empty()) return seconds(0);
    seconds::rep value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
      return invalid(std::string(kStartupTimeoutVariable) + "='" + header_safe(text.substr(0, 40)) +
                     "' is not a number of seconds");
    }
    option = seconds(value);
  }
  if (*option < seconds(0) || *option > kMaxStartupTimeout) {
    return invalid("option startup_timeout (or " + std::string(kStartupTimeoutVariable) +
                   "): must be between 0 and 86400 seconds");
  }
  return *option;
}

}  // namespace

Result<Url> check_issuer(const std::string& issuer) {
  auto url = Url::parse(issuer);
  if (!url) return invalid("option issuer: " + url.error().message + "; expected an absolute https URL");
  if (url->scheme() != "https" && url->scheme() != "http") {
    return invalid("option issuer: scheme '" + url->scheme() +
                   "' is not https; expected an absolute https URL");
  }
  if (url->has_userinfo()) return invalid("option issuer: must not carry user information");
  if (url->has_query()) return invalid("option issuer: must not have a query");
  if (url->has_fragment()) return invalid("option issuer: must not have a fragment");
  return url;
}

bool dev_mode_is_on(std::optional<bool> option, const Environment& environment) {
  if (option) return *option;
  const std::string value = ascii_lower(environment(kDevModeVariable).value_or(""));
  return value == "1" || value == "true" || value == "yes" || value == "on";
}

Result<void> check_fetch_settings(const std::optional<net::FetchSettings>& fetch) {
  if (!fetch) return {};
  if (fetch->timeout < std::chrono::milliseconds(1) || fetch->timeout > std::chrono::hours(1))
    return invalid("option fetch.timeout: must be between 1 ms and 1 h");
  if (std::min({fetch->max_metadata_bytes, fetch->max_jwks_bytes, fetch->max_oauth_bytes}) == 0)
    return invalid("option fetch: size limits must be at least 1 byte");
  return {};
}

net::FetchSettings fetch_settings(const std::optional<net::FetchSettings>& fetch, bool dev_mode) {
  if (fetch) return *fetch;
  return dev_mode ? net::FetchSettings::development() : net::FetchSettings::production();
}

void complete(Seams& seams) {
  if (!seams.clock) seams.clock = std::make_shared<SystemClock>();
  if (!seams.transport) seams.transport = make_httplib_transport();
  if (!seams.resolver) seams.resolver = net::make_system_resolver();
  if (!seams.random) seams.random = std::make_shared<SystemRandom>();
  if (!seams.logger) seams.logger = std::make_shared<StderrLogger>();
  if (!seams.sleep) seams.sleep = [](std::chrono::milliseconds pause) { std::this_thread::sleep_for(pause); };
}

std::optional<std::string> process_environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody here calls setenv
  return value ? std::optional<std::string>(value) : std::nullopt;
}

Result<ClientSettings> check_options(ClientOptions options, const Environment& environment) {
  auto issuer = check_issuer(options.issuer);
  if (!issuer) return Err(std::move(issuer).error());
  if (auto ok = check_auth(options.auth); !ok) return Err(std::move(ok).error());
  if (auto ok = check_numbers(options); !ok) return Err(std::move(ok).error());
  if (auto ok = check_algorithms(options.allowed_algorithms); !ok) return Err(std::move(ok).error());
  auto wait = startup_timeout(options.startup_timeout, environment);
  if (!wait) return Err(std::move(wait).error());
  auto url = metadata_url(*issuer);
  if (!url) return Err(std::move(url).error());

  const bool dev_mode = dev_mode_is_on(options.dev_mode, environment);
  complete(options.seams);
  return ClientSettings{
      .issuer = std::move(options.issuer),
      .metadata_url = std::move(*url),
      .auth = std::move(options.auth),
      .dpop = std::move(options.dpop),
      .dev_mode = dev_mode,
      .fetch = fetch_settings(options.fetch, dev_mode),
      .startup_timeout = *wait,
      .jwks_refresh = options.jwks_refresh,
      .metadata_refresh = options.metadata_refresh,
      .fetch_keys = options.fetch_keys,
      .allowed_algorithms = std::move(options.allowed_algorithms),
      .token_cache = options.token_cache,
      .breaker = options.breaker,
      .cache_exchanges = options.cache_exchanges,
      .seams = std::move(options.seams),
  };
}

}  // namespace authplane
