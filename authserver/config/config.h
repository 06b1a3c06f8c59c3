#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/log.h>
#include <authplane/base/result.h>
#include <authplane/base/secret.h>
#include <authplane/jose/algorithm.h>

#include "authserver/config/settings.h"

namespace authplane::authserver {

// Where a listener binds.
struct Endpoint {
  std::string address;     // an IP address, "" = all interfaces
  std::uint16_t port = 0;  // 0 = any free one
};

// "ip:port", ":port", "[ipv6]:port" or "localhost:port". Error: invalid_argument, one line without the key.
Result<Endpoint> parse_endpoint(std::string_view text);

// True when the issuer's host is exactly localhost, 127.0.0.1 or [::1]; rules that protect a deployment are
// relaxed for it. "http://localhost.evil.example" is not localhost.
bool is_localhost_issuer(std::string_view issuer);

// A resource registered at the first start with an empty slug; from the file or the environment.
struct ResourceSeed {
  struct Scope {
    std::string name, description, upstream;
  };
  std::string slug, uri, backend_kind, broker_provider_id, broker_provider_slug, display_name;
  std::vector<Scope> scopes;
  std::vector<std::string> exchange_allowed_client_ids;
  std::vector<std::string> runtime_client_ids;
  std::vector<std::string> connect_allowed_return_urls;
};

// An upstream provider registered in the same way, before the resources.
struct BrokerProviderSeed {
  std::string slug, display_name, protocol;
  std::string config_data;  // JSON object, "" = {}
};

enum class LogFormat { json, text };

// The checked configuration; nothing in it needs checking again. Shared read-only once loaded.
struct Config {
  struct Server {
    std::string issuer;
    Endpoint listen;
    std::chrono::milliseconds read_timeout{}, write_timeout{}, idle_timeout{}, shutdown_wait{};  // all > 0
    std::vector<std::string> allowed_origins;
  } server;
  struct Storage {
    std::string sqlite_path;
    bool write_ahead_log = true;
  } storage;
  struct Signing {
    JwsAlgorithm algorithm = JwsAlgorithm::ES256;
    std::string key_path;
  } signing;
  struct RateLimit {
    bool enabled = true;
    double requests_per_second = 0;  // > 0 when enabled
    std::int64_t burst = 0;          // > 0 when enabled
  } rate_limit;
  struct Session {
    std::string cookie_name;
    std::chrono::seconds max_age{};  // > 0
    bool secure = false;
    std::string same_site;  // "lax", "strict" or "none"
    SecretString secret;    // may be empty with a localhost issuer
    bool fail_closed = true;
  } session;
  struct SignIn {
    std::int64_t max_failures = 0;  // 0: no lock, and the rest says nothing
    std::chrono::seconds failure_window{}, lockout{};
    std::int64_t max_tracked = 0;  // > 0
  } sign_in;
  struct Registration {
    std::string mode;  // "open", "approved_redirects" or "admin_only"
    std::vector<std::string> approved_redirects;
    double requests_per_second = 0;  // > 0
    std::int64_t burst = 0;          // > 0
  } registration;
  struct Cimd {
    bool enabled = true;
    bool require_https = true;
    bool allow_private_addresses = false;
    std::chrono::seconds cache_ttl{};           // > 0
    std::chrono::milliseconds fetch_timeout{};  // > 0
  } cimd;
  struct OAuth {
    bool require_scope = false;
    std::string default_client_scope;  // scope tokens separated by spaces, "" = no ceiling
  } oauth;
  struct Oidc {
    bool enabled = false;  // else only show_local_login says something
    std::string issuer, client_id;
    SecretString client_secret;  // empty unless loaded to serve
    std::string redirect_uri;
    std::string display_name;  // "" = no button
    std::vector<std::string> scopes;
    bool include_groups_scope = true;
    std::string connector_id;  // may be empty
    bool show_local_login = true;
    std::chrono::seconds state_max_age{};  // > 0
  } oidc;
  struct Admin {
    bool enabled = true;
    Endpoint listen;
    SecretString api_key;  // may be empty with a localhost issuer
    double requests_per_second = 0;
    std::int64_t burst = 0;
    std::chrono::seconds audit_default_lookback{}, audit_max_lookback{};
  } admin;
  struct DataEncryption {
    std::string driver;         // "aes_master", "" = off
    SecretString key, old_key;  // 32 bytes; empty unless loaded to serve, `old_key` also when there is none
  } data_encryption;
  struct Broker {
    bool allow_private_upstreams = false;
  } broker;
  struct Connect {
    SecretString state_secret;      // at least 32 characters; empty: off
    std::string redirect_base_url;  // "" = the issuer
    std::vector<std::string> allowed_return_urls;
  } connect;
  struct ClientCredentials {
    bool enabled = true;
    std::chrono::seconds token_expiry{};
  } client_credentials;
  struct TokenExchange {
    bool enabled = true;  // the rest says something only then
    bool allow_self_exchange = false;
    std::size_t max_chain_depth = 0;      // 1 to 10
    std::chrono::seconds token_expiry{};  // > 0
  } token_exchange;
  struct Xaa {
    bool enabled = true;
    std::chrono::seconds token_expiry{}, max_assertion_age{}, jwks_cache_ttl{};  // > 0
    bool require_resource = false;
    std::string subject_mode;  // "auto_map" or "strict"
  } xaa;
  struct UserTokens {
    std::chrono::seconds access_expiry{}, refresh_expiry{};  // > 0
  } user_tokens;
  struct Dpop {
    bool enabled = true;
    std::chrono::seconds proof_lifetime{}, nonce_ttl{};  // > 0 when enabled
    bool require_nonce = false;
    bool bind_refresh_tokens = true;
  } dpop;
  struct Logging {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::json;
    bool to_stdout = true;
  } logging;
  struct Metrics {
    bool enabled = true;
    std::string path;
  } metrics;
  SecretString client_secret_pepper;
  std::vector<BrokerProviderSeed> broker_providers;
  std::vector<ResourceSeed> resources;
};

// Copies the values this build uses. Requires settings that validate() found no problem with.
Config build_config(const Settings& settings, std::vector<ResourceSeed> resources);

}  // namespace authplane::authserver
