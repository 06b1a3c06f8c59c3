#include "authserver/config/key_table.h"

#include <array>

namespace authplane::authserver {
namespace {

using enum KeyType;
using enum EnvErrors;
using F = Feature;

// clang-format off
constexpr std::array kKeys = std::to_array<KeyRow>({
    // server
    {"server.issuer", "AUTHPLANE_SERVER_ISSUER", text, "http://localhost:9000", F::core, "Issuer identifier: in metadata and in every token, byte for byte what clients configure. https in production, no trailing slash."},
    {"server.address", "AUTHPLANE_SERVER_ADDRESS", text, ":9000", F::core, "Public listener, `ip:port`; no ip means all interfaces, port 0 picks a free one. Must differ from `admin.address`."},
    {"server.read_timeout", "AUTHPLANE_SERVER_READ_TIMEOUT", duration, "30s", F::core, "Longest time a request may take to arrive. The head has at most 10s of it."},
    {"server.write_timeout", "AUTHPLANE_SERVER_WRITE_TIMEOUT", duration, "30s", F::core, "Longest time a response may take to be sent."},
    {"server.idle_timeout", "AUTHPLANE_SERVER_IDLE_TIMEOUT", duration, "120s", F::core, "How long a kept-alive connection may stay idle."},
    {"server.shutdown_wait", "AUTHPLANE_SERVER_SHUTDOWN_WAIT", duration, "10s", F::core, "Time that requests in flight get to finish after SIGTERM or SIGINT, both listeners together."},
    {"server.allowed_origins", "AUTHPLANE_SERVER_ALLOWED_ORIGINS", list, "", F::core, "Origins allowed by CORS; `*` for development only. Empty: browser clients cannot call the server."},
    // storage
    {"storage.driver", "AUTHPLANE_STORAGE_DRIVER", text, "sqlite", F::core, "`sqlite`. `postgres` is not in this build."},
    {"storage.sqlite.path", "AUTHPLANE_STORAGE_SQLITE_PATH", text, "data/authserver.db", F::core, "Database file, relative to the working directory. Its folder is created."},
    {"storage.sqlite.wal", "AUTHPLANE_STORAGE_SQLITE_WAL", boolean, "true", F::core, "Write-ahead log. Turning it off makes readers wait for writers."},
    {"storage.postgres.dsn", "AUTHPLANE_STORAGE_POSTGRES_DSN", secret, "", F::postgres, "Connection string."},
    {"storage.postgres.max_conns", "AUTHPLANE_STORAGE_POSTGRES_MAX_CONNS", integer, "25", F::postgres, "Largest pool; 0 = driver default."},
    {"storage.postgres.min_conns", "AUTHPLANE_STORAGE_POSTGRES_MIN_CONNS", integer, "5", F::postgres, "Smallest pool."},
    {"storage.postgres.max_conn_lifetime", "AUTHPLANE_STORAGE_POSTGRES_MAX_CONN_LIFETIME", duration, "1h", F::postgres, "Age at which a connection is replaced."},
    {"storage.postgres.max_conn_idle_time", "AUTHPLANE_STORAGE_POSTGRES_MAX_CONN_IDLE_TIME", duration, "30m", F::postgres, "Idle time after which a connection is closed."},
    // signing
    {"signing.algorithm", "AUTHPLANE_SIGNING_ALGORITHM", text, "ES256", F::core, "Algorithm of new signing keys: `ES256` or `RS256`. An existing key keeps its own until it is rotated."},
    {"signing.key_store", "AUTHPLANE_SIGNING_KEY_STORE", text, "keyfile", F::core, "`keyfile`. `vault_transit` and `postgres_key` are not in this build."},
    {"signing.key_path", "AUTHPLANE_SIGNING_KEY_PATH", text, "data/keys", F::core, "Folder of the signing keys, created with mode 0700. Back it up with the database."},
    {"signing.vault_transit.address", "AUTHPLANE_VAULT_ADDR", text, "", F::vault, "Vault address."},
    {"signing.vault_transit.token", "AUTHPLANE_VAULT_TOKEN", secret, "", F::vault, "Vault token."},
    {"signing.vault_transit.mount", "AUTHPLANE_VAULT_TRANSIT_MOUNT", text, "transit", F::vault, "Transit mount."},
    {"signing.vault_transit.key_name", "AUTHPLANE_VAULT_TRANSIT_KEY_NAME", text, "authserver-signing", F::vault, "Transit key."},
    {"signing.vault_transit.timeout", "AUTHPLANE_VAULT_TIMEOUT", duration, "10s", F::vault, "Time limit of a Vault call."},
    {"signing.vault_transit.approle.role_id", "AUTHPLANE_VAULT_APPROLE_ROLE_ID", text, "", F::vault, "AppRole role id."},
    {"signing.vault_transit.approle.secret_id", "AUTHPLANE_VAULT_APPROLE_SECRET_ID", secret, "", F::vault, "AppRole secret id."},
    {"signing.vault_transit.approle.mount", "AUTHPLANE_VAULT_APPROLE_MOUNT", text, "", F::vault, "AppRole mount; empty means `approle`."},
    {"signing.postgres_key.encryption_key_env", "AUTHPLANE_SIGNING_PG_ENCRYPTION_KEY_ENV", text, "", F::postgres, "Informational; `data_encryption` does the encryption."},
    // dcr, cimd
    {"dcr.mode", "AUTHPLANE_DCR_MODE", text, "open", F::core, "Who registers clients without the operator: `open` anyone, `approved_redirects` anyone with redirect URIs of the list, `admin_only` nobody. A mode set over the admin API or `admin dcr set` wins."},
    {"dcr.approved_redirects", "AUTHPLANE_DCR_APPROVED_REDIRECTS", list, "", F::core, "Redirect URIs accepted in mode `approved_redirects`, byte for byte."},
    {"dcr.rate_limit", "AUTHPLANE_DCR_RATE_LIMIT", number, "10", F::core, "Registrations per second and client address."},
    {"dcr.rate_limit_burst", "AUTHPLANE_DCR_RATE_LIMIT_BURST", integer, "20", F::core, "Registrations an address may make at once."},
    {"dcr.default_token_expiry", "AUTHPLANE_DCR_DEFAULT_TOKEN_EXPIRY", duration, "15m", F::core, "Lifetime of access tokens a user took part in, of every client; whole seconds."},
    {"dcr.default_refresh_expiry", "AUTHPLANE_DCR_DEFAULT_REFRESH_EXPIRY", duration, "168h", F::core, "Lifetime of a refresh token. Each use replaces it by one that lives as long again."},
    {"cimd.enabled", "AUTHPLANE_CIMD_ENABLED", boolean, "true", F::core, "Client ID metadata documents: a `client_id` may be the https URL of a document about the client. `false`: no document is read; clients known by one stay as they are."},
    {"cimd.require_https", "AUTHPLANE_CIMD_REQUIRE_HTTPS", boolean, "true", F::core, "`false`, only with a localhost issuer: the URL may be http."},
    {"cimd.allow_private_addresses", "AUTHPLANE_CIMD_ALLOW_PRIVATE_ADDRESSES", boolean, "false", F::core, "`true`, only with a localhost issuer: documents may come from loopback and private networks."},
    {"cimd.cache_ttl", "AUTHPLANE_CIMD_CACHE_TTL", duration, "1h", F::core, "Longest time a document is used without asking again, at least 1s; its own Cache-Control or Expires may say less, but not less than 30s."},
    {"cimd.fetch_timeout", "AUTHPLANE_CIMD_FETCH_TIMEOUT", duration, "10s", F::core, "Time limit of a fetch, from name resolution to the last byte, up to 30s."},
    // oauth
    {"oauth.require_scope", "AUTHPLANE_OAUTH_REQUIRE_SCOPE", boolean, "false", F::core, "`true`: an authorization request without `scope` is refused. `false`: it asks for all scopes of the resource that the client is registered for; the user sees them and may clear some."},
    {"oauth.default_client_scope", "AUTHPLANE_OAUTH_DEFAULT_CLIENT_SCOPE", text, "", F::core, "Scope ceiling of clients that come by registration or by document and ask for grants of users only, separated by spaces. Empty: no ceiling."},
    {"oauth.state_max_age", "AUTHPLANE_OAUTH_STATE_MAX_AGE", duration, "10m", F::core, "How long people may take to sign in at the OpenID provider.", refuse},
    // session
    {"session.cookie_name", "AUTHPLANE_SESSION_COOKIE_NAME", text, "authserver_session", F::core, "Name of the session cookie: letters, digits, `-`, `_`, `.`; not the name of another cookie of this server. With `session.secure` it gets the prefix `__Host-`."},
    {"session.max_age", "AUTHPLANE_SESSION_MAX_AGE", duration, "24h", F::core, "How long a browser stays signed in, whole seconds.", refuse},
    {"session.secure", "AUTHPLANE_SESSION_SECURE", boolean, "false", F::core, "Cookie only over https. Must be `true` when the issuer is not localhost."},
    {"session.same_site", "AUTHPLANE_SESSION_SAME_SITE", text, "lax", F::core, "`lax`, `strict` or `none`. With `strict` people sign in anew whenever an application sends them here; `none` needs `session.secure`."},
    {"session.secret", "AUTHPLANE_SESSION_SECRET", secret, "", F::core, "Signs session cookies and form tokens (`openssl rand -hex 32`). Required, with at least 16 characters, when the issuer is not localhost; else a shorter one is worth a warning. Empty: a random one, and everybody is signed out at a restart."},
    {"session.fail_closed", "AUTHPLANE_SESSION_FAIL_CLOSED", boolean, "true", F::core, "A session whose user cannot be looked up is refused."},
    // rate_limit
    {"rate_limit.enabled", "AUTHPLANE_RATE_LIMIT_ENABLED", boolean, "true", F::core, "Limits requests per client address on the public listener."},
    {"rate_limit.requests_per_second", "AUTHPLANE_RATE_LIMIT_RPS", number, "100", F::core, "Sustained rate per address."},
    {"rate_limit.burst", "AUTHPLANE_RATE_LIMIT_BURST", integer, "200", F::core, "Requests an address may make at once."},
    {"rate_limit.auth_fail_max", "AUTHPLANE_RATE_LIMIT_AUTH_FAIL_MAX", integer, "10", F::core, "Failed sign-ins with one e-mail address before it is locked for the network (IPv4 address, IPv6 prefix) they came from; 0 turns the lock off."},
    {"rate_limit.auth_fail_window", "AUTHPLANE_RATE_LIMIT_AUTH_FAIL_WINDOW", duration, "10m", F::core, "Time in which failures are counted."},
    {"rate_limit.auth_lockout", "AUTHPLANE_RATE_LIMIT_AUTH_LOCKOUT", duration, "15m", F::core, "How long the lock holds."},
    {"rate_limit.max_tracked_identities", "AUTHPLANE_RATE_LIMIT_MAX_TRACKED_IDENTITIES", integer, "250000", F::core, "Bound of the table of failures; at least 10000 when set."},
    // admin
    {"admin.enabled", "AUTHPLANE_ADMIN_ENABLED", boolean, "true", F::core, "Opens the admin listener."},
    {"admin.address", "AUTHPLANE_ADMIN_ADDRESS", text, ":9001", F::core, "Admin listener, `ip:port`. Keep it on a private address."},
    {"admin.api_key", "AUTHPLANE_ADMIN_API_KEY", secret, "", F::core, "Bearer key of the admin API (`openssl rand -hex 32`). Required, with at least 16 characters, when the issuer is not localhost; else a shorter one is worth a warning. Empty: every admin call answers 401."},
    {"admin.requests_per_second", "", number, "0", F::core, "Sustained rate per address on the admin listener; takes effect together with `admin.burst`."},
    {"admin.burst", "", integer, "0", F::core, "Admin requests an address may make at once; takes effect together with `admin.requests_per_second`."},
    {"admin.audit_default_lookback", "AUTHPLANE_ADMIN_AUDIT_DEFAULT_LOOKBACK", duration, "24h", F::core, "Audit query without `since` reaches back this far.", refuse},
    {"admin.audit_max_lookback", "AUTHPLANE_ADMIN_AUDIT_MAX_LOOKBACK", duration, "720h", F::core, "Furthest an audit query may reach back.", refuse},
    // oidc
    {"oidc.enabled", "AUTHPLANE_OIDC_ENABLED", boolean, "false", F::core, "Lets people sign in at an OpenID provider. The provider has to be reachable when the server starts."},
    {"oidc.issuer", "AUTHPLANE_OIDC_ISSUER", text, "", F::core, "Issuer of the provider, byte for byte as its discovery document says; https, or http on localhost. Its host may have a private address, other hosts its document names may not, unless the issuer is on localhost. Accounts stay those of the first issuer ([moving](administration.md))."},
    {"oidc.client_id", "AUTHPLANE_OIDC_CLIENT_ID", text, "", F::core, "The id this server is registered under at the provider."},
    {"oidc.client_secret", "AUTHPLANE_OIDC_CLIENT_SECRET", secret, "", F::core, "The secret that goes with it."},
    {"oidc.client_secret_ref", "", text, "", F::core, "Instead: name of the environment variable that holds it, starting with `CONNECTOR_` or `AUTHPLANE_VAULT_`."},
    {"oidc.client_secret_env", "", text, "", F::core, "Deprecated spelling of `oidc.client_secret_ref`."},
    {"oidc.redirect_uri", "AUTHPLANE_OIDC_REDIRECT_URI", text, "", F::core, "`<server.issuer>/oidc/callback`, as registered at the provider. https unless `server.issuer` is localhost."},
    {"oidc.display_name", "AUTHPLANE_OIDC_DISPLAY_NAME", text, "", F::core, "Name of the provider on the button of the login page; empty: no button."},
    {"oidc.scopes", "AUTHPLANE_OIDC_SCOPES", list, "openid,email,profile", F::core, "Scopes asked for at the provider, `openid` among them."},
    {"oidc.include_groups_scope", "AUTHPLANE_OIDC_INCLUDE_GROUPS_SCOPE", boolean, "true", F::core, "Asks for `groups` too when the provider offers it."},
    {"oidc.show_local_login", "AUTHPLANE_OIDC_SHOW_LOCAL_LOGIN", boolean, "true", F::core, "`false`: no sign-in with a password; `POST /login` answers 404."},
    {"oidc.connector_id", "AUTHPLANE_OIDC_CONNECTOR_ID", text, "", F::core, "Sent as `connector_id` to a provider that has several sources of users: letters, digits, hyphens."},
    // grants and features
    {"client_credentials.enabled", "AUTHPLANE_CLIENT_CREDENTIALS_ENABLED", boolean, "true", F::core, "The client_credentials grant."},
    {"client_credentials.token_expiry", "AUTHPLANE_CLIENT_CREDENTIALS_TOKEN_EXPIRY", duration, "1h", F::core, "Lifetime of its access tokens, whole seconds."},
    {"dpop.enabled", "AUTHPLANE_DPOP_ENABLED", boolean, "true", F::core, "Sender-constrained tokens (RFC 9449): a token request with a `DPoP` proof gets a token bound to its key. `false`: the proof is ignored and the token is a bearer token."},
    {"dpop.proof_lifetime", "AUTHPLANE_DPOP_PROOF_LIFETIME", duration, "60s", F::core, "How far from now the `iat` of a proof may be, either way, 10s to 300s."},
    {"dpop.nonce_ttl", "AUTHPLANE_DPOP_NONCE_TTL", duration, "60s", F::core, "How long a nonce is accepted at least, up to 1h. After a restart clients are asked for a new one."},
    {"dpop.require_nonce", "AUTHPLANE_DPOP_REQUIRE_NONCE", boolean, "false", F::core, "Demands a nonce of this server in every proof."},
    {"dpop.bind_refresh_tokens", "AUTHPLANE_DPOP_BIND_REFRESH_TOKENS", boolean, "true", F::core, "A public client whose code came with a proof has to prove the same key on every refresh (RFC 9449 section 5)."},
    {"token_exchange.enabled", "AUTHPLANE_TOKEN_EXCHANGE_ENABLED", boolean, "true", F::core, "The token exchange grant (RFC 8693), for confidential clients registered for it."},
    {"token_exchange.allow_self_exchange", "AUTHPLANE_TOKEN_EXCHANGE_ALLOW_SELF_EXCHANGE", boolean, "false", F::core, "`true`: a client may exchange a token of its own, within the token's scopes, without the user's consent to the target."},
    {"token_exchange.max_chain_depth", "AUTHPLANE_TOKEN_EXCHANGE_MAX_CHAIN_DEPTH", integer, "5", F::core, "How many actors a token may name, one within the other, 1 to 10."},
    {"token_exchange.token_expiry", "AUTHPLANE_TOKEN_EXCHANGE_TOKEN_EXPIRY", duration, "1h", F::core, "Lifetime of the tokens it issues, whole seconds."},
    {"agents.enable_jwks_listing", "AUTHPLANE_AGENTS_ENABLE_JWKS_LISTING", boolean, "false", F::agents, "Lists agents beside the public keys."},
    {"xaa.enabled", "AUTHPLANE_XAA_ENABLED", boolean, "true", F::core, "Cross-application access: the jwt-bearer grant for assertions of identity providers that an operator has registered, and the endpoints to register them."},
    {"xaa.token_expiry", "AUTHPLANE_XAA_TOKEN_EXPIRY", duration, "1h", F::core, "Lifetime of the tokens it issues, whole seconds; 0 means the default."},
    {"xaa.max_assertion_age", "AUTHPLANE_XAA_MAX_ASSERTION_AGE", duration, "5m", F::core, "Age up to which an assertion is accepted; 0 means the default."},
    {"xaa.require_resource", "AUTHPLANE_XAA_REQUIRE_RESOURCE", boolean, "false", F::core, "Refuses requests where neither the client nor the assertion names a resource."},
    {"xaa.subject_mode", "AUTHPLANE_XAA_SUBJECT_MODE", text, "auto_map", F::core, "What becomes of a subject that is mapped to no user: `auto_map` gives it the name `<issuer>:<subject>`, `strict` gives it nothing."},
    {"xaa.jwks_cache_ttl", "AUTHPLANE_XAA_JWKS_CACHE_TTL", duration, "1h", F::core, "How long the keys of an identity provider are used without asking again; 0 means the default. They are fetched under the rules of `cimd.require_https`, `cimd.allow_private_addresses` and `cimd.fetch_timeout`."},
    {"connect.state_secret", "AUTHPLANE_CONNECT_STATE_SECRET", secret, "", F::core, "Protects users on the way to an upstream provider and back, at least 32 characters (`openssl rand -hex 32`). Empty: no accounts can be connected. Takes `data_encryption.driver` too."},
    {"connect.redirect_base_url", "AUTHPLANE_CONNECT_REDIRECT_BASE_URL", text, "", F::core, "Where providers send users back to: they are given `<this>/connect/<provider>/callback`. Usually `server.issuer`; https, or http on localhost."},
    {"connect.allowed_return_urls", "AUTHPLANE_CONNECT_ALLOWED_RETURN_URLS", list, "", F::core, "Where users may be sent after they connected an account, beside the URLs of the resource and `/connections` here: whole URLs, or `http://localhost:*`, `http://127.0.0.1:*` and the same with https for any port there."},
    {"client_secret_pepper", "AUTHPLANE_CLIENT_SECRET_PEPPER", secret, "", F::core, "Key of the HMAC that client secrets are stored under. Empty: a random one is kept in `signing.key_path`. Changing it invalidates every client secret."},
    // broker
    {"broker.allow_private_upstreams", "AUTHPLANE_BROKER_ALLOW_PRIVATE_UPSTREAMS", boolean, "false", F::core, "`true`, only with a localhost issuer: providers of accounts may have http URLs, loopback and private addresses."},
    // data_encryption
    {"data_encryption.driver", "AUTHPLANE_DATA_ENCRYPTION_DRIVER", text, "", F::core, "Encrypts credentials of upstream providers in the database: `aes_master`. Empty: accounts cannot be connected. `vault_transit_encrypt` is not in this build."},
    {"data_encryption.aes_master.key_env", "AUTHPLANE_DATA_ENCRYPTION_KEY_ENV", text, "", F::core, "NAME of the environment variable that holds the master key, 64 hexadecimal digits (`openssl rand -hex 32`). Keep a copy: without it the credentials are lost."},
    {"data_encryption.aes_master.old_key_env", "", text, "", F::core, "NAME of the variable that holds the master key before this one, while what it encrypted is being replaced."},
    {"data_encryption.vault_transit_encrypt.address", "AUTHPLANE_DATA_ENCRYPTION_VAULT_ADDRESS", text, "", F::data_encryption, "Vault address."},
    {"data_encryption.vault_transit_encrypt.auth_method", "AUTHPLANE_DATA_ENCRYPTION_VAULT_AUTH_METHOD", text, "", F::data_encryption, "`token` or `approle`."},
    {"data_encryption.vault_transit_encrypt.token_env", "AUTHPLANE_DATA_ENCRYPTION_VAULT_TOKEN_ENV", text, "", F::data_encryption, "Name of the variable that holds the token."},
    {"data_encryption.vault_transit_encrypt.approle.role_id_env", "AUTHPLANE_DATA_ENCRYPTION_VAULT_ROLE_ID_ENV", text, "", F::data_encryption, "Name of the variable that holds the role id."},
    {"data_encryption.vault_transit_encrypt.approle.secret_id_env", "AUTHPLANE_DATA_ENCRYPTION_VAULT_SECRET_ID_ENV", text, "", F::data_encryption, "Name of the variable that holds the secret id."},
    {"data_encryption.vault_transit_encrypt.mount_path", "AUTHPLANE_DATA_ENCRYPTION_VAULT_MOUNT_PATH", text, "transit", F::data_encryption, "Transit mount."},
    {"data_encryption.vault_transit_encrypt.key_name", "AUTHPLANE_DATA_ENCRYPTION_VAULT_KEY_NAME", text, "", F::data_encryption, "Transit key."},
    // observability
    {"observability.logging.level", "AUTHPLANE_LOG_LEVEL", text, "info", F::core, "`debug`, `info`, `warn` or `error`."},
    {"observability.logging.format", "AUTHPLANE_LOG_FORMAT", text, "json", F::core, "`json` or `text`, one line per event."},
    {"observability.logging.add_source", "AUTHPLANE_LOG_ADD_SOURCE", boolean, "false", F::source_positions, "Adds the source position to each line."},
    {"observability.logging.outputs.stdout", "AUTHPLANE_LOG_STDOUT", boolean, "true", F::core, "Writes the log to standard output. `false`: no log is written."},
    {"observability.logging.outputs.otel", "AUTHPLANE_LOG_OTEL", boolean, "false", F::otel, "Exports log lines over OTLP."},
    {"observability.logging.outputs.otel_endpoint", "AUTHPLANE_LOG_OTEL_ENDPOINT", text, "", F::otel, "OTLP endpoint for logs."},
    {"observability.logging.outputs.insecure", "AUTHPLANE_LOG_OTEL_INSECURE", boolean, "false", F::otel, "OTLP without TLS."},
    {"observability.metrics.provider", "AUTHPLANE_METRICS_PROVIDER", text, "prometheus", F::core, "`prometheus` or `none`. `otel` and `both` are not in this build."},
    {"observability.metrics.path", "AUTHPLANE_METRICS_PATH", text, "/metrics", F::core, "Path of the metrics on the admin listener."},
    {"observability.metrics.otel_endpoint", "AUTHPLANE_METRICS_OTEL_ENDPOINT", text, "", F::otel, "OTLP endpoint for metrics."},
    {"observability.metrics.insecure", "AUTHPLANE_METRICS_INSECURE", boolean, "false", F::otel, "OTLP without TLS."},
    {"observability.tracing.enabled", "AUTHPLANE_TRACING_ENABLED", boolean, "false", F::otel, "Exports traces over OTLP."},
    {"observability.tracing.endpoint", "AUTHPLANE_TRACING_ENDPOINT", text, "", F::otel, "OTLP endpoint for traces."},
    {"observability.tracing.insecure", "AUTHPLANE_TRACING_INSECURE", boolean, "false", F::otel, "OTLP without TLS."},
    {"observability.tracing.sample_rate", "AUTHPLANE_TRACING_SAMPLE_RATE", number, "1", F::otel, "Share of requests that are traced, 0 to 1."},
});
// clang-format on

constexpr std::array kRemoved = std::to_array<RemovedKey>({
    {"resource_servers", "resources"},
    {"vault_connectors", "broker_providers"},
    {"vault_connect", "connect"},
    {"token_exchange.cross_client_allowlist", "policy.exchange.allowed_client_ids of each resource"},
});

}  // namespace

std::span<const KeyRow> key_table() noexcept {
  return kKeys;
}
std::span<const RemovedKey> removed_keys() noexcept {
  return kRemoved;
}

const KeyRow* find_key(std::string_view path) noexcept {
  for (const KeyRow& row : kKeys) {
    if (row.path == path) return &row;
  }
  return nullptr;
}

std::string_view to_string(Feature feature) noexcept {
  switch (feature) {
    case Feature::core:
      return "core";
    case Feature::agents:
      return "agent listing";
    case Feature::data_encryption:
      return "data_encryption";
    case Feature::postgres:
      return "postgres";
    case Feature::vault:
      return "vault";
    case Feature::otel:
      return "OpenTelemetry export";
    case Feature::source_positions:
      return "source positions in the log";
  }
  return "";
}

std::string_view to_string(KeyType type) noexcept {
  switch (type) {
    case KeyType::text:
      return "text";
    case KeyType::secret:
      return "secret";
    case KeyType::boolean:
      return "bool";
    case KeyType::integer:
      return "integer";
    case KeyType::number:
      return "number";
    case KeyType::duration:
      return "duration";
    case KeyType::list:
      return "list";
  }
  return "";
}

}  // namespace authplane::authserver
