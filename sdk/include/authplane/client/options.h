#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/form.h>
#include <authplane/base/http.h>
#include <authplane/base/log.h>
#include <authplane/base/random.h>
#include <authplane/base/url.h>
#include <authplane/client/network.h>
#include <authplane/dpop/provider.h>
#include <authplane/jose/algorithm.h>
#include <authplane/jose/key.h>

namespace authplane {

// How a client authenticates at the authorization server (RFC 6749 section 2.3.1).
enum class AuthMethod { client_secret_basic, client_secret_post };

// Neither id nor secret may be empty.
struct ClientCredentials {
  std::string id{};
  std::string secret{};
  AuthMethod method = AuthMethod::client_secret_basic;
};

// private_key_jwt: each request carries a new assertion, signed with `key`, made for the issuer and good for
// a minute (RFC 7523 section 2.2, OpenID Connect Core section 9). The authorization server knows the public
// half. A server whose metadata offer other methods or other algorithms only is sent nothing:
// invalid_argument.
struct ClientKey {
  std::string id{};  // not empty
  PrivateKey key;
  std::string key_id{};  // `kid` of the assertions, "" = none
};

// What an AuthProvider adds to one request.
struct AuthAdditions {
  Headers headers{};
  Form form{};
};

// Called for each request to the authorization server, from any thread, with no lock held: rotating secrets,
// assertions of somebody else, and so on. A failure (or an exception) ends the call before anything is sent.
using AuthProvider = std::function<Result<AuthAdditions>(const Url& endpoint)>;

using ClientAuth = std::variant<ClientCredentials, AuthProvider, ClientKey>;

struct TokenCacheOptions {
  std::chrono::seconds ttl_buffer{30};     // >= 0; a token leaves the cache this long before it expires
  std::chrono::seconds default_ttl{3600};  // > 0; lifetime when the response has no expires_in
  std::size_t max_entries = 10'000;        // > 0; the least recently used entry leaves first
};

struct BreakerOptions {
  int threshold = 5;                  // > 0; consecutive counted failures that open the circuit
  std::chrono::seconds cooldown{30};  // > 0; until one probe is let through
};

// Replaceable parts; an empty pointer or function means the real one. All must be thread-safe.
struct Seams {
  std::shared_ptr<const Clock> clock{};
  std::shared_ptr<HttpTransport> transport{};
  std::shared_ptr<net::Resolver> resolver{};
  std::shared_ptr<Random> random{};
  std::shared_ptr<Logger> logger{};  // default: standard error, from level info on
  // Waits between start-up attempts.
  std::function<void(std::chrono::milliseconds)> sleep{};
};

// Options of Client::create(). Environment variables are read once, there.
struct ClientOptions {
  // Absolute http(s) URL without query, fragment or userinfo (RFC 8414 section 2). Kept and compared byte for
  // byte: "https://as.example" and "https://as.example/" are different issuers.
  std::string issuer{};
  // None: only verification, introspection and revocation are possible, the latter two unauthenticated.
  std::optional<ClientAuth> auth{};
  // Asks for tokens bound to this provider's key (RFC 9449): token requests carry a proof, and a bearer token
  // in answer to one is refused. The provider has its own clock and source of random bytes. One provider may
  // serve several clients.
  dpop::ProviderPtr dpop{};
  // Lets the network guard pass http, loopback and private networks. Unset: AUTHPLANE_DEV_MODE, where 1,
  // true, yes and on (any case) mean yes.
  std::optional<bool> dev_mode{};
  // Full network settings. When given, dev_mode no longer influences them.
  std::optional<net::FetchSettings> fetch{};
  // create() keeps trying for this long while the authorization server is not reachable yet; 0 = one attempt.
  // Unset: AUTHPLANE_STARTUP_TIMEOUT in whole seconds, else 0. At most one day.
  std::optional<std::chrono::seconds> startup_timeout{};
  std::chrono::seconds jwks_refresh{300};       // > 0; longest time a key set is served without a refresh
  std::chrono::seconds metadata_refresh{3600};  // > 0
  // Off: a client that only asks for tokens. The metadata need no jwks_uri, no key set is fetched, and
  // resources on top of this client refuse every token with jwks_unavailable.
  bool fetch_keys = true;
  // Default of resources. Non-empty; only ES256 and RS256 may be listed.
  std::vector<JwsAlgorithm> allowed_algorithms{JwsAlgorithm::ES256, JwsAlgorithm::RS256};
  TokenCacheOptions token_cache{};
  BreakerOptions breaker{};
  // Cache exchanged tokens too, by all inputs, for 5 minutes at most: consent may be withdrawn.
  bool cache_exchanges = false;
  Seams seams{};
};

}  // namespace authplane
