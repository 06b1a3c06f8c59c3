#include "authserver/config/config.h"

#include <arpa/inet.h>

#include <authplane/base/encoding.h>

#include <charconv>

#include "authserver/config/connect.h"
#include "authserver/config/oidc.h"

namespace authplane::authserver {
namespace {

constexpr std::int64_t kDefaultTrackedIdentities = 250'000;

bool is_ip_address(const std::string& text) {
  unsigned char buffer[sizeof(in6_addr)];
  return inet_pton(AF_INET, text.c_str(), buffer) == 1 || inet_pton(AF_INET6, text.c_str(), buffer) == 1;
}

LogLevel log_level(const std::string& name) {
  std::string lower = ascii_lower(name);
  if (lower == "debug") return LogLevel::debug;
  if (lower == "warn") return LogLevel::warn;
  if (lower == "error") return LogLevel::error;
  return LogLevel::info;
}

template <class To>
To rounded_up(Duration value) {
  return std::chrono::ceil<To>(value);
}

// 0 stands for the default.
std::chrono::seconds or_default(const Settings& s, std::string_view path) {
  const Duration value = s.duration(path);
  const bool is_set = value > Duration::zero();
  return rounded_up<std::chrono::seconds>(is_set ? value
                                                 : parse_go_duration(find_key(path)->default_value).value());
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  auto refuse = [&](const char* why) {
    return Err(ErrorCode::invalid_argument, "'" + std::string(text) + "' " + why +
                                                "; write ip:port, for example 127.0.0.1:9000, or :9000");
  };
  std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse("has no port");
  std::string_view host = text.substr(0, colon);
  std::string_view digits = text.substr(colon + 1);
  Endpoint endpoint;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
    return refuse("has no port between 0 and 65535");
  }
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos) return refuse("has no IPv6 address in the brackets");
  } else if (host.find(':') != std::string_view::npos) {
    return refuse("has an IPv6 address without brackets");
  }
  endpoint.address = host == "localhost" ? "127.0.0.1" : std::string(host);
  if (!endpoint.address.empty() && !is_ip_address(endpoint.address))
    return refuse("does not start with an IP address");
  return endpoint;
}

bool is_localhost_issuer(std::string_view issuer) {
  if (issuer.starts_with("https://")) {
    issuer.remove_prefix(8);
  } else if (issuer.starts_with("http://")) {
    issuer.remove_prefix(7);
  } else {
    return false;
  }
  for (std::string_view host : {"localhost", "127.0.0.1", "[::1]"}) {
    if (!issuer.starts_with(host)) continue;
    std::string_view rest = issuer.substr(host.size());
    if (rest.empty() || rest.front() == ':' || rest.front() == '/') return true;
  }
  return false;
}

Config build_config(const Settings& s, std::vector<ResourceSeed> resources) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  Config c;
  c.server.issuer = s.text("server.issuer");
  c.server.listen = parse_endpoint(s.text("server.address")).value();
  c.server.read_timeout = rounded_up<milliseconds>(s.duration("server.read_timeout"));
  c.server.write_timeout = rounded_up<milliseconds>(s.duration("server.write_timeout"));
  c.server.idle_timeout = rounded_up<milliseconds>(s.duration("server.idle_timeout"));
  c.server.shutdown_wait = rounded_up<milliseconds>(s.duration("server.shutdown_wait"));
  c.server.allowed_origins = s.list("server.allowed_origins");
  c.storage.sqlite_path = s.text("storage.sqlite.path");
  c.storage.write_ahead_log = s.flag("storage.sqlite.wal");
  c.signing.algorithm = parse_jws_algorithm(s.text("signing.algorithm")).value_or(JwsAlgorithm::ES256);
  c.signing.key_path = s.text("signing.key_path");
  c.rate_limit.enabled = s.flag("rate_limit.enabled");
  c.rate_limit.requests_per_second = s.number("rate_limit.requests_per_second");
  c.rate_limit.burst = s.integer("rate_limit.burst");
  c.session.cookie_name = s.text("session.cookie_name");
  c.session.max_age = rounded_up<seconds>(s.duration("session.max_age"));
  c.session.secure = s.flag("session.secure");
  c.session.same_site = ascii_lower(s.text("session.same_site"));
  c.session.secret = s.secret("session.secret").clone();
  c.session.fail_closed = s.flag("session.fail_closed");
  c.sign_in.max_failures = s.integer("rate_limit.auth_fail_max");
  c.sign_in.failure_window = rounded_up<seconds>(s.duration("rate_limit.auth_fail_window"));
  c.sign_in.lockout = rounded_up<seconds>(s.duration("rate_limit.auth_lockout"));
  c.sign_in.max_tracked = s.integer("rate_limit.max_tracked_identities");
  if (c.sign_in.max_tracked <= 0) c.sign_in.max_tracked = kDefaultTrackedIdentities;
  c.registration.mode = s.text("dcr.mode");
  c.registration.approved_redirects = s.list("dcr.approved_redirects");
  c.registration.requests_per_second = s.number("dcr.rate_limit");
  c.registration.burst = s.integer("dcr.rate_limit_burst");
  c.cimd.enabled = s.flag("cimd.enabled");
  c.cimd.require_https = s.flag("cimd.require_https");
  c.cimd.allow_private_addresses = s.flag("cimd.allow_private_addresses");
  c.cimd.cache_ttl = rounded_up<seconds>(s.duration("cimd.cache_ttl"));
  c.cimd.fetch_timeout = rounded_up<milliseconds>(s.duration("cimd.fetch_timeout"));
  c.oauth.require_scope = s.flag("oauth.require_scope");
  c.oauth.default_client_scope = s.text("oauth.default_client_scope");
  c.oidc.enabled = s.flag("oidc.enabled");
  c.oidc.issuer = s.text("oidc.issuer");
  c.oidc.client_id = s.text("oidc.client_id");
  c.oidc.redirect_uri = s.text("oidc.redirect_uri");
  c.oidc.display_name = s.text("oidc.display_name");
  c.oidc.scopes = oidc_scopes(s);
  c.oidc.include_groups_scope = s.flag("oidc.include_groups_scope");
  c.oidc.connector_id = s.text("oidc.connector_id");
  c.oidc.show_local_login = s.flag("oidc.show_local_login");
  c.oidc.state_max_age = rounded_up<seconds>(s.duration("oauth.state_max_age"));
  c.admin.enabled = s.flag("admin.enabled");
  if (c.admin.enabled) c.admin.listen = parse_endpoint(s.text("admin.address")).value();
  c.admin.api_key = s.secret("admin.api_key").clone();
  c.admin.requests_per_second = s.number("admin.requests_per_second");
  c.admin.burst = s.integer("admin.burst");
  c.admin.audit_default_lookback = rounded_up<seconds>(s.duration("admin.audit_default_lookback"));
  c.admin.audit_max_lookback = rounded_up<seconds>(s.duration("admin.audit_max_lookback"));
  c.data_encryption.driver = s.text("data_encryption.driver");
  c.broker.allow_private_upstreams = s.flag("broker.allow_private_upstreams");
  c.connect.state_secret = s.secret("connect.state_secret").clone();
  c.connect.redirect_base_url = s.text("connect.redirect_base_url");
  c.connect.allowed_return_urls = connect_allowed_return_urls(s);
  c.client_credentials.enabled = s.flag("client_credentials.enabled");
  c.client_credentials.token_expiry = rounded_up<seconds>(s.duration("client_credentials.token_expiry"));
  c.token_exchange.enabled = s.flag("token_exchange.enabled");
  c.token_exchange.allow_self_exchange = s.flag("token_exchange.allow_self_exchange");
  c.token_exchange.max_chain_depth = static_cast<std::size_t>(s.integer("token_exchange.max_chain_depth"));
  c.token_exchange.token_expiry = rounded_up<seconds>(s.duration("token_exchange.token_expiry"));
  c.xaa.enabled = s.flag("xaa.enabled");
  c.xaa.token_expiry = or_default(s, "xaa.token_expiry");
  c.xaa.max_assertion_age = or_default(s, "xaa.max_assertion_age");
  c.xaa.jwks_cache_ttl = or_default(s, "xaa.jwks_cache_ttl");
  c.xaa.require_resource = s.flag("xaa.require_resource");
  c.xaa.subject_mode = s.text("xaa.subject_mode");
  c.user_tokens.access_expiry = rounded_up<seconds>(s.duration("dcr.default_token_expiry"));
  c.user_tokens.refresh_expiry = rounded_up<seconds>(s.duration("dcr.default_refresh_expiry"));
  c.dpop.enabled = s.flag("dpop.enabled");
  c.dpop.proof_lifetime = rounded_up<seconds>(s.duration("dpop.proof_lifetime"));
  c.dpop.nonce_ttl = rounded_up<seconds>(s.duration("dpop.nonce_ttl"));
  c.dpop.require_nonce = s.flag("dpop.require_nonce");
  c.dpop.bind_refresh_tokens = s.flag("dpop.bind_refresh_tokens");
  c.logging.level = log_level(s.text("observability.logging.level"));
  c.logging.format =
      equals_ignore_case(s.text("observability.logging.format"), "text") ? LogFormat::text : LogFormat::json;
  c.logging.to_stdout = s.flag("observability.logging.outputs.stdout");
  c.metrics.enabled = s.text("observability.metrics.provider") != "none";
  c.metrics.path = s.text("observability.metrics.path");
  c.client_secret_pepper = s.secret("client_secret_pepper").clone();
  c.resources = std::move(resources);
  return c;
}

}  // namespace authplane::authserver
