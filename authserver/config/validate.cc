#include "authserver/config/validate.h"

#include <authplane/base/encoding.h>
#include <authplane/base/url.h>

#include <algorithm>
#include <array>

#include "authserver/config/config.h"
#include "authserver/config/connect.h"
#include "authserver/config/data_encryption.h"
#include "authserver/config/oidc.h"
#include "authserver/identity/cookie.h"

namespace authplane::authserver {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMinSecretLength = 16;
constexpr std::array<std::string_view, 7> kWeakSecrets = {
    "dev-secret-change-me", "dev-admin-key", "changeme", "secret", "password", "admin", "test"};

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

bool is_weak(const SecretString& secret) {
  return std::any_of(kWeakSecrets.begin(), kWeakSecrets.end(),
                     [&](std::string_view weak) { return equals_ignore_case(trim(secret.expose()), weak); });
}

bool one_of(std::string_view value, std::initializer_list<std::string_view> allowed) {
  return std::find(allowed.begin(), allowed.end(), value) != allowed.end();
}

// RFC 6749 section 3.3: %x21 / %x23-5B / %x5D-7E. A comma is legal there, but here it is a mistaken
// separator.
bool is_scope_list(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == ' ' || (c >= 0x21 && c <= 0x7E && c != '"' && c != '\\' && c != ',');
  });
}

bool is_cookie_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

// Whether browsers would take the session cookie for another one of this server.
bool is_name_of_another_cookie(const std::string& name) {
  const auto kept_as = [](std::string_view of) {
    return cookie_name({.name = std::string(of), .secure = true});
  };
  return one_of(kept_as(name), {kept_as(kLoginNonceCookie), kept_as(kSignInCookie)});
}

std::string make_secret(std::string_view key) {
  return "set " + std::string(find_key(key)->env) + " to the output of: openssl rand -hex 32";
}

class Validator {
 public:
  Validator(const Settings& settings, Purpose purpose)
      : s_(settings), purpose_(purpose), localhost_(is_localhost_issuer(settings.text("server.issuer"))) {}

  ConfigProblems run() {
    literals();
    server();
    storage();
    signing();
    registration();
    session();
    rate_limit();
    admin();
    grants();
    for (ConfigProblem& found : oidc_problems(s_)) problems_.push_back(std::move(found));
    for (ConfigProblem& found : data_encryption_problems(s_)) problems_.push_back(std::move(found));
    for (ConfigProblem& found : connect_problems(s_)) problems_.push_back(std::move(found));
    require(localhost_ || !s_.flag("broker.allow_private_upstreams"), "broker.allow_private_upstreams",
            "is true, which only a localhost issuer may use; set it to false");
    unavailable_features();
    observability();
    return std::move(problems_);
  }

 private:
  void problem(std::string_view key, std::string text) {
    problems_.push_back({std::string(key), std::move(text)});
  }
  bool require(bool holds, std::string_view key, std::string text) {
    if (!holds) problem(key, std::move(text));
    return holds;
  }
  void unavailable(std::string_view key, const std::string& what, const std::string& remedy) {
    problem(key, what + " is not available in this build; " + remedy);
  }
  void positive(std::string_view key) {
    require(s_.duration(key) > 0s, key,
            "is " + format_go_duration(s_.duration(key)) + "; it must be more than 0s");
  }
  void enumerated(std::string_view key, std::string_view value,
                  std::initializer_list<std::string_view> allowed) {
    if (one_of(value, allowed)) return;
    std::string choices;
    for (std::string_view choice : allowed) choices += (choices.empty() ? "" : ", ") + std::string(choice);
    problem(key, "'" + s_.text(key) + "' is not known; use one of " + choices);
  }

  // The file is not interpolated, so "${NAME}" would be taken for the value itself.
  void literals() {
    for (const KeyRow& row : key_table()) {
      if (row.path == "admin.api_key" && !admin_key_matters()) continue;
      const Settings::Value& value = s_.value(row);
      const std::string* text = std::get_if<std::string>(&value);
      const SecretString* secret = std::get_if<SecretString>(&value);
      std::string_view content = text     ? std::string_view(*text)
                                 : secret ? secret->expose()
                                          : std::string_view();
      if (content.find("${") == std::string_view::npos) continue;
      problem(row.path, "holds a literal ${...}, which is not replaced; " +
                            (row.env.empty() ? std::string("write the value")
                                             : "set the variable " + std::string(row.env)));
    }
  }

  void server() {
    const std::string& issuer = s_.text("server.issuer");
    if (require(!issuer.empty(), "server.issuer",
                "is empty; set the URL that clients reach this server at")) {
      Result<Url> url = Url::parse(issuer);
      require(url && one_of(url->scheme(), {"http", "https"}) && !url->has_query() && !url->has_fragment() &&
                  !url->has_userinfo(),
              "server.issuer",
              "'" + issuer + "' is not an http or https URL without query and fragment; correct it");
    }
    endpoint("server.address");
    for (std::string_view key : {"server.read_timeout", "server.write_timeout", "server.idle_timeout"})
      positive(key);
    require(s_.duration("server.shutdown_wait") >= 0s, "server.shutdown_wait", "is negative; use 10s");
  }

  void endpoint(std::string_view key) {
    if (!require(!s_.text(key).empty(), key, "is empty; write ip:port, or :port for all interfaces")) return;
    if (Result<Endpoint> parsed = parse_endpoint(s_.text(key)); !parsed) problem(key, parsed.error().message);
  }

  void storage() {
    const std::string& driver = s_.text("storage.driver");
    if (driver == "postgres") return unavailable("storage.driver", "postgres", "use sqlite");
    enumerated("storage.driver", driver, {"sqlite"});
    require(!s_.text("storage.sqlite.path").empty(), "storage.sqlite.path",
            "is empty; name the database file");
  }

  void signing() {
    enumerated("signing.algorithm", s_.text("signing.algorithm"), {"ES256", "RS256"});
    const std::string& store = s_.text("signing.key_store");
    if (one_of(store, {"vault_transit", "postgres_key"})) {
      return unavailable("signing.key_store", store, "use keyfile");
    }
    enumerated("signing.key_store", store.empty() ? "keyfile" : store, {"keyfile"});
    require(!s_.text("signing.key_path").empty(), "signing.key_path",
            "is empty; name the folder of the signing keys");
  }

  void registration() {
    enumerated("dcr.mode", s_.text("dcr.mode"), {"open", "approved_redirects", "admin_only"});
    require(s_.text("dcr.mode") != "approved_redirects" || !s_.list("dcr.approved_redirects").empty(),
            "dcr.approved_redirects",
            "is empty although dcr.mode is approved_redirects; list the redirect URIs");
    require(s_.number("dcr.rate_limit") > 0, "dcr.rate_limit",
            "must be more than 0; to have no registrations set dcr.mode to admin_only");
    require(s_.integer("dcr.rate_limit_burst") > 0, "dcr.rate_limit_burst",
            "must be more than 0; to have no registrations set dcr.mode to admin_only");
    require(localhost_ || s_.flag("cimd.require_https"), "cimd.require_https",
            "is false, which only a localhost issuer may use; set it to true");
    require(localhost_ || !s_.flag("cimd.enabled") || !s_.flag("cimd.allow_private_addresses"),
            "cimd.allow_private_addresses",
            "is true, which only a localhost issuer may use; set it to false");
    require(is_scope_list(s_.text("oauth.default_client_scope")), "oauth.default_client_scope",
            "has a comma or a character no scope may contain; separate scopes by spaces");
    if (s_.flag("cimd.enabled")) {
      require(s_.duration("cimd.cache_ttl") >= 1s, "cimd.cache_ttl", "is less than 1s; use 1h");
      const Duration timeout = s_.duration("cimd.fetch_timeout");
      require(timeout > 0s && timeout <= 30s, "cimd.fetch_timeout", "must be more than 0s and at most 30s");
    }
    positive("oauth.state_max_age");
  }

  void session() {
    positive("session.max_age");
    require(localhost_ || s_.flag("session.secure"), "session.secure",
            "is false, which only a localhost issuer may use; set it to true");
    require(is_cookie_name(s_.text("session.cookie_name")), "session.cookie_name",
            "'" + s_.text("session.cookie_name") + "' is empty or has more than letters, digits and '-_.'");
    require(!is_name_of_another_cookie(s_.text("session.cookie_name")), "session.cookie_name",
            "'" + s_.text("session.cookie_name") +
                "' is the name of another cookie of this server; use authserver_session");
    const std::string same_site = ascii_lower(s_.text("session.same_site"));
    enumerated("session.same_site", same_site, {"lax", "strict", "none"});
    require(same_site != "none" || s_.flag("session.secure"), "session.same_site",
            "is none, which browsers drop unless session.secure is true; use lax");
    secret("session.secret", true);
  }

  void secret(std::string_view key, bool required_when_deployed) {
    const SecretString& value = s_.secret(key);
    const std::string remedy = make_secret(key);
    if (is_weak(value)) {
      problem(key, "is one of the well-known example values; " + remedy);
    } else if (required_when_deployed && !localhost_ && value.size() < kMinSecretLength) {
      problem(key, (value.empty() ? std::string("is missing") : "is shorter than 16 characters") +
                       ", and the issuer is not localhost; " + remedy);
    }
  }

  void rate_limit() {
    if (s_.flag("rate_limit.enabled")) {
      require(s_.number("rate_limit.requests_per_second") > 0, "rate_limit.requests_per_second",
              "must be more than 0; to have no limit set rate_limit.enabled to false");
      require(s_.integer("rate_limit.burst") > 0, "rate_limit.burst",
              "must be more than 0; to have no limit set rate_limit.enabled to false");
    }
    require(s_.integer("rate_limit.auth_fail_max") >= 0, "rate_limit.auth_fail_max",
            "is negative; use 0 for no lock");
    if (s_.integer("rate_limit.auth_fail_max") <= 0) return;
    std::int64_t tracked = s_.integer("rate_limit.max_tracked_identities");
    require(tracked <= 0 || tracked >= 10'000, "rate_limit.max_tracked_identities",
            "is " + std::to_string(tracked) + "; it must be at least 10000");
    positive("rate_limit.auth_lockout");
    positive("rate_limit.auth_fail_window");
  }

  bool admin_key_matters() const { return purpose_ == Purpose::serve && s_.flag("admin.enabled"); }

  void admin() {
    if (s_.flag("admin.enabled")) {
      endpoint("admin.address");
      const std::string& address = s_.text("admin.address");
      bool same = !address.empty() && address == s_.text("server.address") && !address.ends_with(":0");
      require(!same, "admin.address", "is the same as server.address; give the admin listener its own");
    }
    if (admin_key_matters()) secret("admin.api_key", true);
    require(s_.number("admin.requests_per_second") >= 0, "admin.requests_per_second",
            "is negative; use 0 for no limit");
    require(s_.integer("admin.burst") >= 0, "admin.burst", "is negative; use 0 for no limit");
    positive("admin.audit_default_lookback");
    positive("admin.audit_max_lookback");
    require(s_.duration("admin.audit_default_lookback") <= s_.duration("admin.audit_max_lookback"),
            "admin.audit_default_lookback", "is more than admin.audit_max_lookback; lower it");
  }

  void grants() {
    if (s_.flag("client_credentials.enabled")) positive("client_credentials.token_expiry");
    positive("dcr.default_token_expiry");
    positive("dcr.default_refresh_expiry");
    if (s_.flag("token_exchange.enabled")) {
      positive("token_exchange.token_expiry");
      std::int64_t depth = s_.integer("token_exchange.max_chain_depth");
      require(depth >= 1 && depth <= 10, "token_exchange.max_chain_depth", "must be between 1 and 10");
    }
    if (s_.flag("dpop.enabled")) {
      Duration lifetime = s_.duration("dpop.proof_lifetime");
      require(lifetime >= 10s && lifetime <= 300s, "dpop.proof_lifetime", "must be between 10s and 5m");
      positive("dpop.nonce_ttl");
      require(s_.duration("dpop.nonce_ttl") <= 1h, "dpop.nonce_ttl", "is more than 1h; lower it");
    }
    enumerated("xaa.subject_mode", s_.text("xaa.subject_mode"), {"auto_map", "strict"});
    for (const char* key : {"xaa.token_expiry", "xaa.max_assertion_age", "xaa.jwks_cache_ttl"})
      require(s_.duration(key) >= Duration::zero(), key, "is negative; use 0 for the default");
  }

  // Asking for protection or behaviour that would silently be missing.
  void unavailable_features() {
    if (s_.flag("agents.enable_jwks_listing")) {
      unavailable("agents.enable_jwks_listing", "the listing of agents", "set it to false");
    }
  }

  void observability() {
    enumerated("observability.logging.level", ascii_lower(s_.text("observability.logging.level")),
               {"debug", "info", "warn", "error"});
    enumerated("observability.logging.format", ascii_lower(s_.text("observability.logging.format")),
               {"json", "text"});
    if (s_.flag("observability.logging.outputs.otel")) {
      unavailable("observability.logging.outputs.otel", "export over OTLP", "set it to false");
    }
    const std::string& provider = s_.text("observability.metrics.provider");
    if (one_of(provider, {"otel", "both"})) {
      unavailable("observability.metrics.provider", "export over OTLP", "use prometheus or none");
    } else {
      enumerated("observability.metrics.provider", provider, {"prometheus", "none"});
    }
    const std::string& path = s_.text("observability.metrics.path");
    require(path.starts_with('/') && path.size() > 1 && path.find_first_of("?# ") == std::string::npos &&
                !path.starts_with("/admin"),
            "observability.metrics.path", "'" + path + "' is not a path outside /admin; use /metrics");
    if (s_.flag("observability.tracing.enabled")) {
      unavailable("observability.tracing.enabled", "export over OTLP", "set it to false");
    }
    double rate = s_.number("observability.tracing.sample_rate");
    require(rate >= 0 && rate <= 1, "observability.tracing.sample_rate", "must be between 0 and 1");
  }

  const Settings& s_;
  const Purpose purpose_;
  const bool localhost_;
  ConfigProblems problems_;
};

// Only a localhost issuer may have such a secret.
std::vector<std::string> short_secrets(const Settings& s) {
  std::vector<std::string> lines;
  for (const std::string_view key : {"session.secret", "admin.api_key"}) {
    if (key == "admin.api_key" && !s.flag("admin.enabled")) continue;
    const SecretString& value = s.secret(key);
    if (value.empty() || value.size() >= kMinSecretLength) continue;
    lines.push_back(std::string(key) + " is shorter than 16 characters and can be guessed; " +
                    make_secret(key));
  }
  return lines;
}

// Keys of absent features that somebody set, apart from those that have a warning of their own and those that
// every deployment has to set.
std::string without_effect(const Settings& s) {
  std::string names;
  for (const KeyRow& row : key_table()) {
    if (row.feature == Feature::core || !s.is_set(row.path)) continue;
    if (one_of(row.path, {"session.secret", "session.secure"})) {
      continue;
    }
    names += (names.empty() ? "" : ", ") + std::string(row.path);
  }
  return names;
}

}  // namespace

ConfigProblems validate(const Settings& settings, Purpose purpose) {
  return Validator(settings, purpose).run();
}

std::vector<std::string> start_advice(const Settings& s) {
  std::vector<std::string> lines;
  if (!s.flag("dpop.enabled") && s.flag("dpop.require_nonce"))
    lines.push_back("dpop.require_nonce has no effect while dpop.enabled is false");
  if (!s.flag("xaa.enabled") && s.flag("xaa.require_resource"))
    lines.push_back("xaa.require_resource has no effect while xaa.enabled is false");
  if (s.flag("cimd.enabled") && s.flag("cimd.allow_private_addresses")) {
    lines.push_back(
        "cimd.allow_private_addresses is true; strangers can make this server call addresses of its own "
        "network");
  }
  if (s.flag("broker.allow_private_upstreams")) {
    lines.push_back(
        "broker.allow_private_upstreams is true; who configures a provider can make this server call http "
        "URLs and addresses of its own network");
  }
  for (std::string& line : oidc_advice(s)) lines.push_back(std::move(line));
  for (std::string& line : connect_advice(s)) lines.push_back(std::move(line));
  if (std::string names = without_effect(s); !names.empty()) {
    lines.push_back("settings without effect in this build: " + names);
  }
  const std::string& issuer = s.text("server.issuer");
  if (issuer.ends_with('/')) {
    lines.push_back(
        "server.issuer ends with '/'; it is announced as written and clients must configure it with the "
        "slash");
  }
  if (issuer.starts_with("http://") && !is_localhost_issuer(issuer)) {
    lines.push_back(
        "server.issuer is http; tokens and secrets cross the network in clear unless something else "
        "encrypts");
  }
  if (s.list("server.allowed_origins").empty()) {
    lines.push_back("server.allowed_origins is empty; clients that run in a browser cannot call this server");
  }
  if (s.secret("session.secret").empty()) {
    lines.push_back(
        "session.secret is empty; a random one is used, so everybody is signed out when the server restarts");
  }
  for (std::string& line : short_secrets(s)) lines.push_back(std::move(line));
  if (!s.flag("session.fail_closed")) {
    lines.push_back(
        "session.fail_closed is false; while the database does not answer, disabled users stay signed in");
  }
  if (s.flag("admin.enabled") && s.secret("admin.api_key").empty()) {
    lines.push_back(
        "admin.api_key is empty; every admin call answers 401 until AUTHPLANE_ADMIN_API_KEY is set");
  }
  return lines;
}

}  // namespace authplane::authserver
