#include "authserver/config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/config/config_file.h"
#include "authserver/config/layers.h"
#include "authserver/config/report.h"
#include "authserver/config/seed.h"

namespace authplane::authserver {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// A deployed issuer and everything it demands.
Environment deployed() {
  return {{"AUTHPLANE_SERVER_ISSUER", "https://auth.example.com"},
          {"AUTHPLANE_SESSION_SECURE", "true"},
          {"AUTHPLANE_SESSION_SECRET", "0123456789abcdef"},
          {"AUTHPLANE_ADMIN_API_KEY", "fedcba9876543210"}};
}

std::string problems_of(const std::string& path, const Environment& environment,
                        Purpose purpose = Purpose::serve) {
  Result<LoadedConfig, ConfigProblems> loaded = load_config(path, environment, purpose);
  return loaded ? "accepted" : describe(loaded.error());
}
std::string problems_of_yaml(std::string_view yaml) {
  return problems_of(ConfigFile(yaml).path(), {});
}

LoadedConfig load(std::string_view yaml, const Environment& environment = {}) {
  ConfigFile file(yaml);
  Result<LoadedConfig, ConfigProblems> loaded = load_config(file.path(), environment, Purpose::serve);
  if (!loaded) throw std::runtime_error(describe(loaded.error()));
  return std::move(*loaded);
}

TEST(LoadConfig, NothingConfiguredStartsOnLocalhost) {
  Result<LoadedConfig, ConfigProblems> loaded = load_config("", {}, Purpose::serve);
  ASSERT_TRUE(loaded) << describe(loaded.error());
  EXPECT_EQ(loaded->config.server.issuer, "http://localhost:9000");
  EXPECT_EQ(loaded->config.server.listen.port, 9000);
  EXPECT_EQ(loaded->config.admin.listen.port, 9001);
  EXPECT_EQ(loaded->config.storage.sqlite_path, "data/authserver.db");
  EXPECT_EQ(loaded->config.client_credentials.token_expiry, 1h);
  EXPECT_EQ(loaded->config.signing.algorithm, JwsAlgorithm::ES256);
  EXPECT_TRUE(loaded->config.admin.api_key.empty());
  EXPECT_THAT(loaded->advice, Contains(HasSubstr("admin.api_key is empty")));
}

TEST(LoadConfig, EnvironmentWinsOverFileWinsOverDefault) {
  LoadedConfig loaded = load("server: {read_timeout: 5s, write_timeout: 6s}\nsigning:\n",
                             {{"AUTHPLANE_SERVER_WRITE_TIMEOUT", "7s"}});
  EXPECT_EQ(loaded.config.server.read_timeout, 5s);
  EXPECT_EQ(loaded.config.server.write_timeout, 7s);
  EXPECT_EQ(loaded.config.server.idle_timeout, 120s);
  EXPECT_EQ(loaded.settings.source("server.read_timeout"), Source::file);
  EXPECT_EQ(loaded.settings.source("server.write_timeout"), Source::environment);
  EXPECT_EQ(loaded.settings.source("server.idle_timeout"), Source::built_in);
}

TEST(LoadConfig, EveryKeyOfTheTableIsSettableFromFileAndEnvironment) {
  const std::map<KeyType, std::pair<std::string, std::string>> samples = {
      {KeyType::text, {"sample", "sample"}}, {KeyType::secret, {"sample", "(set)"}},
      {KeyType::integer, {"7", "7"}},        {KeyType::number, {"0.5", "0.5"}},
      {KeyType::duration, {"77s", "1m17s"}}, {KeyType::list, {"[a, b]", "a,b"}},
  };
  for (const KeyRow& row : key_table()) {
    bool flipped = row.default_value != "true";
    auto [written, shown] =
        row.type == KeyType::boolean
            ? std::pair<std::string, std::string>(flipped ? "true" : "false", flipped ? "true" : "false")
            : samples.at(row.type);
    std::string yaml;
    std::string path(row.path);
    for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.')) {
      yaml += "{" + path.substr(0, dot) + ": ";
      path.erase(0, dot + 1);
    }
    yaml += "{" + path + ": " + written + "}" + std::string(std::count(yaml.begin(), yaml.end(), '{'), '}');
    Layers from_file;
    from_file.apply_yaml(parse_yaml(yaml).value());
    EXPECT_TRUE(from_file.problems.empty()) << yaml << "\n" << describe(from_file.problems);
    EXPECT_EQ(display(from_file.settings.value(row)), shown) << row.path;

    if (row.env.empty()) continue;
    Layers from_environment;
    Environment environment;
    environment.set(std::string(row.env), row.type == KeyType::list ? "a,b" : written);
    from_environment.apply_environment(environment);
    EXPECT_EQ(display(from_environment.settings.value(row)), shown) << row.env;
  }
}

TEST(LoadConfig, EnvironmentParsesTheWayItIsDocumented) {
  LoadedConfig loaded = load("server: {allowed_origins: [x]}\noauth: {default_client_scope: c}\n",
                             {{"AUTHPLANE_DPOP_ENABLED", "on"},
                              {"AUTHPLANE_DCR_RATE_LIMIT", "abc"},
                              {"AUTHPLANE_SERVER_READ_TIMEOUT", "120"},
                              {"AUTHPLANE_OAUTH_DEFAULT_CLIENT_SCOPE", ""},
                              {"AUTHPLANE_SESSION_MAX_AGE", ""},
                              {"AUTHPLANE_SERVER_ALLOWED_ORIGINS", ""},
                              {"AUTHPLANE_OIDC_SCOPES", "a, b"},
                              {"AUTHPLANE_ADMIN_ENABLED", "YES"}});
  EXPECT_FALSE(loaded.settings.flag("dpop.enabled"));
  EXPECT_EQ(loaded.settings.number("dcr.rate_limit"), 10);
  EXPECT_EQ(loaded.config.server.read_timeout, 30s);
  EXPECT_EQ(loaded.settings.text("oauth.default_client_scope"), "");
  EXPECT_EQ(loaded.settings.duration("session.max_age"), 24h);
  EXPECT_TRUE(loaded.config.server.allowed_origins.empty());
  EXPECT_THAT(loaded.settings.list("oidc.scopes"), ::testing::ElementsAre("a", " b"));
  EXPECT_TRUE(loaded.config.admin.enabled);
  EXPECT_THAT(loaded.slips,
              Contains(AllOf(HasSubstr("AUTHPLANE_DCR_RATE_LIMIT 'abc'"), HasSubstr("stays 10"))));
}

TEST(LoadConfig, StrictDurationsRefuse) {
  for (const char* name : {"AUTHPLANE_SESSION_MAX_AGE", "AUTHPLANE_OAUTH_STATE_MAX_AGE",
                           "AUTHPLANE_ADMIN_AUDIT_DEFAULT_LOOKBACK", "AUTHPLANE_ADMIN_AUDIT_MAX_LOOKBACK"}) {
    EXPECT_THAT(problems_of("", {{name, "120"}}), AllOf(HasSubstr(name), HasSubstr("is not a duration")))
        << name;
  }
}

TEST(LoadConfig, BareNumberIsNoDurationInTheFile) {
  EXPECT_THAT(problems_of_yaml("server:\n  read_timeout: 30\n"),
              AllOf(HasSubstr("server.read_timeout"), HasSubstr("is not a duration"), HasSubstr("line 2")));
}

TEST(LoadConfig, ValuesOfAnotherTypeAreRefused) {
  EXPECT_THAT(problems_of_yaml("admin: {enabled: 'true'}"),
              HasSubstr("admin.enabled: must be true or false"));
  EXPECT_THAT(problems_of_yaml("admin: {enabled: maybe}"), HasSubstr("admin.enabled: must be true or false"));
  EXPECT_THAT(problems_of_yaml("server: {allowed_origins: a}"),
              HasSubstr("server.allowed_origins: must be a list"));
  EXPECT_THAT(problems_of_yaml("server: {issuer: [a]}"), HasSubstr("server.issuer: must be a single value"));
  EXPECT_THAT(problems_of_yaml("server: text"), HasSubstr("server: must be a mapping"));
  EXPECT_THAT(problems_of_yaml("rate_limit: {burst: 1.5}"),
              HasSubstr("rate_limit.burst: is not a whole number"));
}

TEST(LoadConfig, DeployedIssuerWithoutSecretsReportsAllProblemsTogether) {
  std::string text = problems_of("", {{"AUTHPLANE_SERVER_ISSUER", "http://authserver:9000"}});
  EXPECT_THAT(text, HasSubstr("invalid configuration, 3 problems:\n  1. session.secure: "));
  EXPECT_THAT(text, HasSubstr("\n  2. session.secret: is missing"));
  EXPECT_THAT(text, HasSubstr("\n  3. admin.api_key: is missing"));
}

TEST(LoadConfig, CommandsDoNotNeedTheAdminKey) {
  Environment environment = deployed();
  environment.set("AUTHPLANE_ADMIN_API_KEY", "");
  EXPECT_EQ(problems_of("", environment, Purpose::command), "accepted");
  EXPECT_THAT(problems_of("", environment, Purpose::serve), HasSubstr("admin.api_key: is missing"));
}

TEST(LoadConfig, PublishedDevelopmentValuesAreAccepted) {
  Environment environment = {{"AUTHPLANE_ADMIN_API_KEY", "dev-admin-key-change-me"},
                             {"AUTHPLANE_SESSION_SECRET", "dev-session-secret-change-me"},
                             {"AUTHPLANE_CLIENT_CREDENTIALS_ENABLED", "true"},
                             {"AUTHPLANE_DPOP_ENABLED", "true"},
                             {"AUTHPLANE_TOKEN_EXCHANGE_ENABLED", "true"}};
  LoadedConfig loaded =
      load("dcr: {mode: open}\nadmin: {api_key: '${AUTHPLANE_ADMIN_API_KEY}'}\n", environment);
  EXPECT_EQ(loaded.config.admin.api_key.expose(), "dev-admin-key-change-me");
  EXPECT_TRUE(loaded.config.dpop.enabled);
  EXPECT_TRUE(loaded.config.token_exchange.enabled);
}

TEST(LoadConfig, TokenExchangeIsOnAndTunable) {
  const Config::TokenExchange by_default = load("").config.token_exchange;
  EXPECT_TRUE(by_default.enabled);
  EXPECT_FALSE(by_default.allow_self_exchange);
  EXPECT_EQ(by_default.max_chain_depth, 5u);
  EXPECT_EQ(by_default.token_expiry, 1h);
  const Config::TokenExchange changed = load(
                                            "token_exchange: {enabled: true, allow_self_exchange: true, "
                                            "max_chain_depth: 10, token_expiry: 90s}",
                                            {{"AUTHPLANE_TOKEN_EXCHANGE_MAX_CHAIN_DEPTH", "1"}})
                                            .config.token_exchange;
  EXPECT_TRUE(changed.allow_self_exchange);
  EXPECT_EQ(changed.max_chain_depth, 1u);
  EXPECT_EQ(changed.token_expiry, 90s);
  // What is off is not checked.
  EXPECT_FALSE(load("token_exchange: {enabled: false, max_chain_depth: 99}").config.token_exchange.enabled);
}

TEST(LoadConfig, CrossApplicationAccessIsOnAndTunableAndZeroIsTheDefault) {
  for (const char* text : {"", "xaa: {token_expiry: 0s, max_assertion_age: 0s, jwks_cache_ttl: 0s}"}) {
    const Config::Xaa xaa = load(text).config.xaa;
    EXPECT_TRUE(xaa.enabled);
    EXPECT_EQ(xaa.token_expiry, 1h);
    EXPECT_EQ(xaa.max_assertion_age, 5min);
    EXPECT_EQ(xaa.jwks_cache_ttl, 1h);
    EXPECT_FALSE(xaa.require_resource);
    EXPECT_EQ(xaa.subject_mode, "auto_map");
  }
  const Config::Xaa changed = load(
                                  "xaa: {enabled: false, token_expiry: 90s, max_assertion_age: 1m, "
                                  "require_resource: true, subject_mode: strict}",
                                  {{"AUTHPLANE_XAA_JWKS_CACHE_TTL", "500ms"}})
                                  .config.xaa;
  EXPECT_FALSE(changed.enabled);
  EXPECT_EQ(changed.token_expiry, 90s);
  EXPECT_EQ(changed.max_assertion_age, 1min);
  EXPECT_EQ(changed.jwks_cache_ttl, 1s);
  EXPECT_TRUE(changed.require_resource);
  EXPECT_EQ(changed.subject_mode, "strict");
  EXPECT_THAT(load("xaa: {enabled: false, require_resource: true}").advice,
              Contains("xaa.require_resource has no effect while xaa.enabled is false"));
}

TEST(LoadConfig, DefaultsDoNotWarnAboutFeaturesNobodyAskedFor) {
  for (const std::string& line : load("").advice) EXPECT_THAT(line, Not(HasSubstr("not available")));
}

TEST(LoadConfig, TuningAnAbsentFeatureIsNamed) {
  EXPECT_THAT(load("data_encryption: {vault_transit_encrypt: {key_name: k}}\n"
                   "observability: {tracing: {endpoint: x}}\n")
                  .advice,
              Contains("settings without effect in this build: "
                       "data_encryption.vault_transit_encrypt.key_name, observability.tracing.endpoint"));
}

TEST(LoadConfig, RegistrationIsOpenAndTunable) {
  const Config by_default = load("").config;
  EXPECT_EQ(by_default.registration.mode, "open");
  EXPECT_EQ(by_default.registration.requests_per_second, 10);
  EXPECT_EQ(by_default.registration.burst, 20);
  EXPECT_TRUE(by_default.cimd.enabled);
  EXPECT_TRUE(by_default.cimd.require_https);
  EXPECT_FALSE(by_default.cimd.allow_private_addresses);
  EXPECT_EQ(by_default.cimd.cache_ttl, 1h);
  EXPECT_EQ(by_default.cimd.fetch_timeout, 10s);
  const LoadedConfig loaded = load(
      "dcr: {mode: approved_redirects, approved_redirects: ['https://app.example/cb'], rate_limit: 0.5}\n"
      "cimd: {require_https: false, allow_private_addresses: true, cache_ttl: 1m, fetch_timeout: 1500ms}\n"
      "oauth: {default_client_scope: 'a b'}\n");
  EXPECT_EQ(loaded.config.registration.mode, "approved_redirects");
  EXPECT_THAT(loaded.config.registration.approved_redirects,
              ::testing::ElementsAre("https://app.example/cb"));
  EXPECT_EQ(loaded.config.registration.requests_per_second, 0.5);
  EXPECT_FALSE(loaded.config.cimd.require_https);
  EXPECT_TRUE(loaded.config.cimd.allow_private_addresses);
  EXPECT_EQ(loaded.config.cimd.cache_ttl, 60s);
  EXPECT_EQ(loaded.config.cimd.fetch_timeout, 1500ms);
  EXPECT_EQ(loaded.config.oauth.default_client_scope, "a b");
  EXPECT_THAT(loaded.advice, Contains(HasSubstr("cimd.allow_private_addresses is true")));
  EXPECT_THAT(load("cimd: {enabled: true}\ndcr: {mode: open}\n").advice, Not(Contains(HasSubstr("build"))));
}

TEST(LoadConfig, DpopIsOnAndTunable) {
  const Config::Dpop by_default = load("").config.dpop;
  EXPECT_TRUE(by_default.enabled);
  EXPECT_EQ(by_default.proof_lifetime, 60s);
  EXPECT_EQ(by_default.nonce_ttl, 60s);
  EXPECT_FALSE(by_default.require_nonce);
  LoadedConfig loaded = load("dpop: {proof_lifetime: 5m, nonce_ttl: 500ms, require_nonce: true}\n");
  EXPECT_EQ(loaded.config.dpop.proof_lifetime, 300s);
  EXPECT_EQ(loaded.config.dpop.nonce_ttl, 1s);
  EXPECT_TRUE(loaded.config.dpop.require_nonce);
  for (const std::string& line : loaded.advice) EXPECT_THAT(line, Not(HasSubstr("dpop")));
  EXPECT_THAT(load("dpop: {enabled: false, require_nonce: true, nonce_ttl: 0s}\n").advice,
              Contains(HasSubstr("dpop.require_nonce has no effect")));
}

TEST(LoadConfig, TokensOfUsersHaveTheirOwnLifetimesAndRefreshesStayBound) {
  const LoadedConfig by_default = load("");
  EXPECT_EQ(by_default.config.user_tokens.access_expiry, 15min);
  EXPECT_EQ(by_default.config.user_tokens.refresh_expiry, 168h);
  EXPECT_TRUE(by_default.config.dpop.bind_refresh_tokens);
  const LoadedConfig loaded = load(
      "dcr: {default_token_expiry: 1500ms, default_refresh_expiry: 24h}\n"
      "dpop: {bind_refresh_tokens: false}\n");
  EXPECT_EQ(loaded.config.user_tokens.access_expiry, 2s);
  EXPECT_EQ(loaded.config.user_tokens.refresh_expiry, 24h);
  EXPECT_FALSE(loaded.config.dpop.bind_refresh_tokens);
  for (const std::string& line : loaded.advice) EXPECT_THAT(line, Not(HasSubstr("default_")));
}

TEST(LoadConfig, PeopleStaySignedInForADayAndAreLockedOutAfterTenFailures) {
  const LoadedConfig by_default = load("");
  const Config& config = by_default.config;
  EXPECT_EQ(config.session.cookie_name, "authserver_session");
  EXPECT_EQ(config.session.max_age, 24h);
  EXPECT_EQ(config.session.same_site, "lax");
  EXPECT_FALSE(config.session.secure);
  EXPECT_TRUE(config.session.secret.empty());
  EXPECT_TRUE(config.session.fail_closed);
  EXPECT_EQ(config.sign_in.max_failures, 10);
  EXPECT_EQ(config.sign_in.failure_window, 10min);
  EXPECT_EQ(config.sign_in.lockout, 15min);
  EXPECT_EQ(config.sign_in.max_tracked, 250'000);
  EXPECT_FALSE(config.oauth.require_scope);
  EXPECT_THAT(by_default.advice, Contains(HasSubstr("session.secret is empty")));
  EXPECT_THAT(by_default.advice, Not(Contains(HasSubstr("fail_closed"))));
}

TEST(LoadConfig, SignInIsTunable) {
  const LoadedConfig loaded = load(
      "session: {cookie_name: sid, max_age: 1500ms, secure: true, same_site: None, fail_closed: false,\n"
      "          secret: dev-session-secret-change-me}\n"
      "rate_limit: {auth_fail_max: 3, auth_fail_window: 1m, auth_lockout: 2m, max_tracked_identities: "
      "10000}\n"
      "oauth: {require_scope: true}\n");
  const Config& config = loaded.config;
  EXPECT_EQ(config.session.cookie_name, "sid");
  EXPECT_EQ(config.session.max_age, 2s);
  EXPECT_EQ(config.session.same_site, "none");
  EXPECT_TRUE(config.session.secure);
  EXPECT_EQ(config.session.secret, SecretString("dev-session-secret-change-me"));
  EXPECT_FALSE(config.session.fail_closed);
  EXPECT_EQ(config.sign_in.max_failures, 3);
  EXPECT_EQ(config.sign_in.failure_window, 60s);
  EXPECT_EQ(config.sign_in.lockout, 120s);
  EXPECT_EQ(config.sign_in.max_tracked, 10'000);
  EXPECT_TRUE(config.oauth.require_scope);
  EXPECT_THAT(loaded.advice, Not(Contains(HasSubstr("session.secret"))));
  EXPECT_THAT(loaded.advice, Contains(HasSubstr("session.fail_closed is false")));
  for (const std::string& line : loaded.advice) EXPECT_THAT(line, Not(HasSubstr("without effect")));
}

TEST(LoadConfig, LiteralVariableIsRefused) {
  EXPECT_THAT(problems_of_yaml("admin: {api_key: '${AUTHPLANE_ADMIN_API_KEY}'}"),
              AllOf(HasSubstr("admin.api_key: holds a literal ${...}"),
                    HasSubstr("set the variable AUTHPLANE_ADMIN_API_KEY")));
}

TEST(LoadConfig, UnknownKeysWarnWithTheNearestKnownOne) {
  LoadedConfig loaded = load("server: {isuer: x}\nsevrer: {issuer: y}\naddress: z\nsomething_else: 1\n",
                             {{"AUTHPLANE_SERVER_ISUER", "x"}, {"AUTHPLANE_CLIENT_ID", "x"}});
  EXPECT_EQ(loaded.config.server.issuer, "http://localhost:9000");
  EXPECT_THAT(loaded.slips,
              Contains(AllOf(HasSubstr("server.isuer"), HasSubstr("did you mean server.issuer?"))));
  EXPECT_THAT(loaded.slips, Contains(AllOf(HasSubstr("sevrer"), HasSubstr("did you mean server?"))));
  EXPECT_THAT(loaded.slips,
              Contains(AllOf(HasSubstr("key address"), HasSubstr("did you mean server.address?"))));
  EXPECT_THAT(loaded.slips, Contains(AllOf(HasSubstr("something_else"), Not(HasSubstr("did you mean")))));
  EXPECT_THAT(loaded.slips, Contains(HasSubstr("did you mean AUTHPLANE_SERVER_ISSUER?")));
  EXPECT_THAT(loaded.slips, Not(Contains(HasSubstr("AUTHPLANE_CLIENT_ID"))));
}

TEST(LoadConfig, RemovedKeysNameTheirReplacement) {
  for (auto [yaml, key, replacement] :
       {std::tuple{"resource_servers: []", "resource_servers", "resources"},
        std::tuple{"vault_connectors: []", "vault_connectors", "broker_providers"},
        std::tuple{"vault_connect: {}", "vault_connect", "connect"},
        std::tuple{"token_exchange: {cross_client_allowlist: []}", "token_exchange.cross_client_allowlist",
                   "allowed_client_ids"}}) {
    EXPECT_THAT(problems_of_yaml(yaml),
                AllOf(HasSubstr(key), HasSubstr("was removed"), HasSubstr(replacement)));
  }
}

TEST(LoadConfig, MissingFileIsAWarningAndABrokenOneAProblem) {
  Result<LoadedConfig, ConfigProblems> loaded =
      load_config("/nonexistent/authserver.yaml", {}, Purpose::serve);
  ASSERT_TRUE(loaded);
  EXPECT_THAT(loaded->slips, Contains(HasSubstr("/nonexistent/authserver.yaml does not exist")));
  EXPECT_THAT(problems_of_yaml("server: {}\nserver: {}\n"),
              AllOf(HasSubstr("line 2"), HasSubstr("appears twice")));
  EXPECT_THAT(problems_of("/tmp", {}), HasSubstr("/tmp: is not a regular file"));
}

// Each row breaks one rule of an otherwise valid configuration.
struct Broken {
  const char* name;
  const char* yaml;
  const char* key;
  const char* text;
  bool deployed = false;
};
class BrokenRule : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenRule, IsTheOnlyProblemAndNamesItsKey) {
  ConfigFile file(GetParam().yaml);
  Environment environment = GetParam().deployed ? deployed() : Environment{};
  Result<LoadedConfig, ConfigProblems> loaded = load_config(file.path(), environment, Purpose::serve);
  ASSERT_FALSE(loaded);
  ASSERT_EQ(loaded.error().size(), 1u) << describe(loaded.error());
  EXPECT_EQ(loaded.error()[0].key, GetParam().key);
  EXPECT_THAT(loaded.error()[0].text, HasSubstr(GetParam().text));
  EXPECT_THAT(loaded.error()[0].text, Not(HasSubstr("\n")));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, BrokenRule,
    ::testing::Values(
        Broken{"IssuerEmpty",
               "server: {issuer: ''}\nsession: {secure: true, secret: 0123456789abcdef}\nadmin: {enabled: "
               "false}",
               "server.issuer", "is empty"},
        Broken{"IssuerQuery", "server: {issuer: 'http://localhost:9000/?x=1'}", "server.issuer",
               "without query"},
        Broken{"IssuerScheme",
               "server: {issuer: 'ftp://localhost'}\nsession: {secure: true, secret: "
               "0123456789abcdef}\nadmin: {enabled: false}",
               "server.issuer", "not an http"},
        Broken{"AddressEmpty", "server: {address: ''}", "server.address", "is empty"},
        Broken{"AddressWithoutPort", "server: {address: localhost}", "server.address", "has no port"},
        Broken{"AddressPortTooLarge", "server: {address: ':65536'}", "server.address", "between 0 and 65535"},
        Broken{"AddressName", "server: {address: 'example.com:9000'}", "server.address", "IP address"},
        Broken{"ReadTimeoutZero", "server: {read_timeout: 0s}", "server.read_timeout", "more than 0s"},
        Broken{"WriteTimeoutNegative", "server: {write_timeout: -1s}", "server.write_timeout",
               "more than 0s"},
        Broken{"IdleTimeoutZero", "server: {idle_timeout: 0s}", "server.idle_timeout", "more than 0s"},
        Broken{"ShutdownWaitNegative", "server: {shutdown_wait: -1s}", "server.shutdown_wait", "negative"},
        Broken{"DriverUnknown", "storage: {driver: mysql}", "storage.driver", "not known"},
        Broken{"DriverPostgres", "storage: {driver: postgres}", "storage.driver",
               "not available in this build"},
        Broken{"SqlitePathEmpty", "storage: {sqlite: {path: ''}}", "storage.sqlite.path", "is empty"},
        Broken{"AlgorithmUnknown", "signing: {algorithm: HS256}", "signing.algorithm", "not known"},
        Broken{"KeyStoreUnknown", "signing: {key_store: disk}", "signing.key_store", "not known"},
        Broken{"KeyStoreVault", "signing: {key_store: vault_transit}", "signing.key_store", "not available"},
        Broken{"KeyStorePostgres", "signing: {key_store: postgres_key}", "signing.key_store",
               "not available"},
        Broken{"KeyPathEmpty", "signing: {key_path: ''}", "signing.key_path", "is empty"},
        Broken{"DcrModeUnknown", "dcr: {mode: disabled}", "dcr.mode", "not known"},
        Broken{"DcrModeEmpty", "dcr: {mode: ''}", "dcr.mode", "not known"},
        Broken{"DcrRedirectsMissing", "dcr: {mode: approved_redirects}", "dcr.approved_redirects",
               "is empty"},
        Broken{"DefaultScopeComma", "oauth: {default_client_scope: 'a,b'}", "oauth.default_client_scope",
               "comma"},
        Broken{"StateMaxAgeZero", "oauth: {state_max_age: 0s}", "oauth.state_max_age", "more than 0s"},
        Broken{"SessionMaxAgeZero", "session: {max_age: 0s}", "session.max_age", "more than 0s"},
        Broken{"CookieNameEmpty", "session: {cookie_name: ''}", "session.cookie_name", "letters"},
        Broken{"CookieNameOdd", "session: {cookie_name: 'a;b'}", "session.cookie_name", "letters"},
        Broken{"CookieNameOfTheLogin", "session: {cookie_name: authserver_login_nonce}",
               "session.cookie_name", "another cookie of this server"},
        Broken{"CookieNameOfTheSignIn", "session: {cookie_name: __Host-authserver_oidc_state, secure: true}",
               "session.cookie_name", "another cookie of this server"},
        Broken{"SameSiteNoneInClear", "session: {same_site: none}", "session.same_site", "browsers drop"},
        Broken{"SameSiteUnknown", "session: {same_site: any}", "session.same_site", "not known"},
        Broken{"SessionSecretWeak", "session: {secret: ' ChangeMe '}", "session.secret", "well-known"},
        Broken{"AdminKeyWeak", "admin: {api_key: dev-admin-key}", "admin.api_key", "well-known"},
        Broken{"SameAddress", "server: {address: ':7000'}\nadmin: {address: ':7000'}", "admin.address",
               "same as server.address"},
        Broken{"AuditDefaultZero", "admin: {audit_default_lookback: 0s}", "admin.audit_default_lookback",
               "more than 0s"},
        Broken{"AuditDefaultAboveMax", "admin: {audit_default_lookback: 800h}",
               "admin.audit_default_lookback", "audit_max_lookback"},
        Broken{"ClientCredentialsExpiry", "client_credentials: {token_expiry: 0s}",
               "client_credentials.token_expiry", "more than 0s"},
        Broken{"UserTokenExpiry", "dcr: {default_token_expiry: 0s}", "dcr.default_token_expiry",
               "more than 0s"},
        Broken{"RefreshExpiry", "dcr: {default_refresh_expiry: -1s}", "dcr.default_refresh_expiry",
               "more than 0s"},
        Broken{"ExchangeExpiry", "token_exchange: {token_expiry: -1s}", "token_exchange.token_expiry",
               "more than 0s"},
        Broken{"ExchangeDepthLow", "token_exchange: {max_chain_depth: 0}", "token_exchange.max_chain_depth",
               "between 1 and 10"},
        Broken{"ExchangeDepthHigh", "token_exchange: {max_chain_depth: 11}", "token_exchange.max_chain_depth",
               "between 1 and 10"},
        Broken{"ProofLifetimeLow", "dpop: {proof_lifetime: 9s}", "dpop.proof_lifetime", "between 10s"},
        Broken{"ProofLifetimeHigh", "dpop: {proof_lifetime: 301s}", "dpop.proof_lifetime", "between 10s"},
        Broken{"NonceTtlZero", "dpop: {nonce_ttl: 0s}", "dpop.nonce_ttl", "more than 0s"},
        Broken{"NonceTtlLong", "dpop: {nonce_ttl: 61m}", "dpop.nonce_ttl", "more than 1h"},
        Broken{"SubjectModeTypo", "xaa: {enabled: false, subject_mode: stric}", "xaa.subject_mode",
               "not known"},
        Broken{"AssertionAge", "xaa: {max_assertion_age: -1s}", "xaa.max_assertion_age", "is negative"},
        Broken{"SubjectModeCase", "xaa: {subject_mode: Strict}", "xaa.subject_mode", "not known"},
        Broken{"AgentListing", "agents: {enable_jwks_listing: true}", "agents.enable_jwks_listing",
               "not available"},
        Broken{"Connect", "connect: {state_secret: 0123456789abcdef}", "connect.state_secret",
               "32 characters"},
        Broken{"DataEncryption", "data_encryption: {driver: vault_transit_encrypt}", "data_encryption.driver",
               "not available"},
        Broken{"RpsZero", "rate_limit: {requests_per_second: 0}", "rate_limit.requests_per_second",
               "more than 0"},
        Broken{"BurstZero", "rate_limit: {burst: 0}", "rate_limit.burst", "more than 0"},
        Broken{"BurstZeroWithLockOff", "rate_limit: {burst: 0, auth_fail_max: 0}", "rate_limit.burst",
               "more than 0"},
        Broken{"TrackedTooFew", "rate_limit: {max_tracked_identities: 9999}",
               "rate_limit.max_tracked_identities", "at least 10000"},
        Broken{"LockoutZero", "rate_limit: {auth_lockout: 0s}", "rate_limit.auth_lockout", "more than 0s"},
        Broken{"FailWindowZero", "rate_limit: {auth_fail_window: 0s}", "rate_limit.auth_fail_window",
               "more than 0s"},
        Broken{"LogLevel", "observability: {logging: {level: loud}}", "observability.logging.level",
               "not known"},
        Broken{"LogFormat", "observability: {logging: {format: xml}}", "observability.logging.format",
               "not known"},
        Broken{"LogOtel", "observability: {logging: {outputs: {otel: true}}}",
               "observability.logging.outputs.otel", "not available"},
        Broken{"MetricsOtel", "observability: {metrics: {provider: both}}", "observability.metrics.provider",
               "not available"},
        Broken{"MetricsCase", "observability: {metrics: {provider: Prometheus}}",
               "observability.metrics.provider", "not known"},
        Broken{"MetricsPath", "observability: {metrics: {path: metrics}}", "observability.metrics.path",
               "not a path"},
        Broken{"Tracing", "observability: {tracing: {enabled: true}}", "observability.tracing.enabled",
               "not available"},
        Broken{"SampleRate", "observability: {tracing: {sample_rate: 1.5}}",
               "observability.tracing.sample_rate", "between 0 and 1"},
        Broken{"ProvidersShape", "broker_providers: text", "broker_providers", "must be a list"},
        Broken{"ProviderSlugMissing", "broker_providers: [{display_name: X, protocol: oauth}]",
               "broker_providers[0].slug", "is missing"},
        Broken{"ProviderNameMissing", "broker_providers: [{slug: x, protocol: oauth}]",
               "broker_providers[0].display_name", "is missing"},
        Broken{"ProviderProtocol", "broker_providers: [{slug: x, display_name: X, protocol: saml}]",
               "broker_providers[0].protocol", "'saml' is not known"},
        Broken{"ProviderConfig",
               "broker_providers: [{slug: x, display_name: X, protocol: oauth, config_data: text}]",
               "broker_providers[0].config_data", "must be a mapping"},
        Broken{"ProviderLiteral",
               "broker_providers: [{slug: x, display_name: X, protocol: oauth, config_data: "
               "{extra_auth_params: {a: '${B}'}}}]",
               "broker_providers[0].config_data.extra_auth_params.a", "literal"},
        Broken{"SeedBothProviders",
               "resources: [{slug: x, backend_kind: broker, broker_provider_id: a, broker_provider_slug: b, "
               "policy: {connect: {allowed_return_urls: ['http://localhost:*']}}}]",
               "resources[0].broker_provider_slug", "broker_provider_id too"},
        Broken{"SeedBrokerWithoutReturnUrls",
               "resources: [{slug: x, backend_kind: broker, broker_provider_slug: b}]",
               "resources[0].policy.connect.allowed_return_urls", "is empty"},
        Broken{"SeedKind", "resources: [{slug: x, backend_kind: fronted}]", "resources[0].backend_kind",
               "'fronted' is not known"},
        Broken{"SeedKindMissing", "resources: [{slug: x}]", "resources[0].backend_kind", "not known"},
        Broken{"SeedSlugMissing", "resources: [{backend_kind: mint}]", "resources[0].slug", "is missing"},
        Broken{"SeedScopes", "resources: [{slug: x, backend_kind: mint, scopes: text}]",
               "resources[0].scopes", "must be a list"},
        Broken{"DcrRate", "dcr: {rate_limit: 0}", "dcr.rate_limit", "must be more than 0"},
        Broken{"DcrBurst", "dcr: {rate_limit_burst: 0}", "dcr.rate_limit_burst", "must be more than 0"},
        Broken{"CimdTtl", "cimd: {cache_ttl: 0s}", "cimd.cache_ttl", "less than 1s"},
        Broken{"CimdTimeout", "cimd: {fetch_timeout: 31s}", "cimd.fetch_timeout", "at most 30s"},
        Broken{"CimdHttp", "cimd: {require_https: false}", "cimd.require_https", "only a localhost issuer",
               true},
        Broken{"CimdPrivate", "cimd: {allow_private_addresses: true}", "cimd.allow_private_addresses",
               "only a localhost issuer", true}),
    [](const ::testing::TestParamInfo<Broken>& rule) { return rule.param.name; });

TEST(LoadConfig, DeployedIssuerNeedsEachSecret) {
  for (auto [name, value, key] :
       {std::tuple{"AUTHPLANE_SESSION_SECURE", "false", "session.secure"},
        std::tuple{"AUTHPLANE_SESSION_SECRET", "0123456789abcde", "session.secret"},
        std::tuple{"AUTHPLANE_ADMIN_API_KEY", "0123456789abcde", "admin.api_key"}}) {
    Environment environment = deployed();
    ASSERT_EQ(problems_of("", environment), "accepted");
    environment.set(name, value);
    EXPECT_THAT(problems_of("", environment), AllOf(HasSubstr(std::string("invalid configuration: ") + key),
                                                    Not(HasSubstr("0123456789abcde"))));
  }
}

TEST(LoadConfig, LocalhostIssuerIsWarnedOfShortSecrets) {
  const std::string yaml = "session: {secret: 0123456789abcde}\nadmin: {api_key: fedcba987654321}\n";
  const LoadedConfig loaded = load(yaml);
  EXPECT_THAT(loaded.advice, Contains(AllOf(HasSubstr("session.secret is shorter than 16 characters"),
                                            HasSubstr("AUTHPLANE_SESSION_SECRET"), Not(HasSubstr("0123")))));
  EXPECT_THAT(loaded.advice, Contains(HasSubstr("admin.api_key is shorter than 16 characters")));
  EXPECT_THAT(load("session: {secret: 0123456789abcdef}\nadmin: {enabled: false, api_key: x}\n").advice,
              Not(Contains(HasSubstr("shorter"))));
}

TEST(LocalhostIssuer, IsExact) {
  for (const char* issuer : {"http://localhost", "https://localhost/", "http://localhost:9000",
                             "http://127.0.0.1:1", "http://[::1]/x"}) {
    EXPECT_TRUE(is_localhost_issuer(issuer)) << issuer;
  }
  for (const char* issuer : {"http://localhost.evil.example", "http://authserver:9000", "http://127.0.0.11",
                             "ftp://localhost", "localhost", "http://127.0.0.2"}) {
    EXPECT_FALSE(is_localhost_issuer(issuer)) << issuer;
  }
}

TEST(Endpoint, ReadsTheUsualSpellings) {
  EXPECT_EQ(parse_endpoint(":0").value().port, 0);
  EXPECT_EQ(parse_endpoint("localhost:9000").value().address, "127.0.0.1");
  EXPECT_EQ(parse_endpoint("[::1]:9000").value().address, "::1");
  for (const char* text :
       {"", "9000", "::1:9000", "[127.0.0.1]:1", "host:1", ":", ":-1", ":9000x", "1.2.3:80"}) {
    EXPECT_FALSE(parse_endpoint(text)) << text;
  }
}

TEST(LoadConfig, BothListenersMayAskForAnyFreePort) {
  EXPECT_EQ(problems_of_yaml("server: {address: ':0'}\nadmin: {address: ':0'}"), "accepted");
}

TEST(ResourceSeeds, FileEntryIsReadWhole) {
  LoadedConfig loaded = load(
      "resources:\n  - slug: demo\n    backend_kind: mint\n    uri: http://localhost:8080/mcp\n    "
      "display_name: Demo\n"
      "    scopes: [{name: 'mcp:echo', description: echo tool}]\n"
      "    policy: {exchange: {allowed_client_ids: [a]}, runtime: {client_ids: [b]}}\n    colour: blue\n");
  ASSERT_EQ(loaded.config.resources.size(), 1u);
  const ResourceSeed& seed = loaded.config.resources[0];
  EXPECT_EQ(seed.slug, "demo");
  EXPECT_EQ(seed.uri, "http://localhost:8080/mcp");
  EXPECT_EQ(seed.scopes.at(0).name, "mcp:echo");
  EXPECT_EQ(seed.scopes.at(0).description, "echo tool");
  EXPECT_THAT(seed.exchange_allowed_client_ids, ::testing::ElementsAre("a"));
  EXPECT_THAT(seed.runtime_client_ids, ::testing::ElementsAre("b"));
  EXPECT_THAT(loaded.slips, Contains(HasSubstr("resources[0].colour is ignored")));
}

TEST(ResourceSeeds, EnvironmentAddsOneOrReplacesScopes) {
  LoadedConfig added = load(
      "", {{"AUTHPLANE_RESOURCE_URI", "http://localhost:8080/mcp"}, {"AUTHPLANE_RESOURCE_SCOPES", "a,b"}});
  ASSERT_EQ(added.config.resources.size(), 1u);
  EXPECT_EQ(added.config.resources[0].slug, "localhost");
  EXPECT_EQ(added.config.resources[0].scopes.size(), 2u);

  LoadedConfig merged =
      load("resources: [{slug: x, backend_kind: mint, uri: 'http://localhost/mcp', scopes: [{name: old}]}]",
           {{"AUTHPLANE_RESOURCE_URI", "http://localhost/mcp"}, {"AUTHPLANE_RESOURCE_SCOPES", "new"}});
  ASSERT_EQ(merged.config.resources.size(), 1u);
  EXPECT_EQ(merged.config.resources[0].slug, "x");
  EXPECT_EQ(merged.config.resources[0].scopes.at(0).name, "new");

  EXPECT_THAT(problems_of("", {{"AUTHPLANE_RESOURCE_URI", "demo"}}), HasSubstr("AUTHPLANE_RESOURCE_URI"));
}

TEST(ResourceSeeds, BrokerEntryNeedsItsReturnUrlsOnlyToServe) {
  const ConfigFile file("resources: [{slug: x, backend_kind: broker, broker_provider_slug: b}]");
  EXPECT_EQ(problems_of(file.path(), {}, Purpose::command), "accepted");
}

TEST(ProviderSeeds, FileEntryIsReadWholeAndStaysInOrder) {
  const LoadedConfig loaded = load(
      "broker_providers:\n  - slug: gh\n    display_name: GitHub\n    protocol: oauth\n    colour: blue\n"
      "    config_data:\n      token_url: https://gh.example/token\n      client_id: 123.456789012345678901\n"
      "      extra_auth_params: {prompt: consent, list: [a, true, 'false', null]}\n"
      "resources:\n  - slug: gh\n    backend_kind: broker\n    broker_provider_slug: gh\n"
      "    policy: {connect: {allowed_return_urls: ['http://localhost:*']}}\n",
      {{"AUTHPLANE_CONNECT_STATE_SECRET", std::string(32, 's')},
       {"AUTHPLANE_CONNECT_REDIRECT_BASE_URL", "http://localhost:9000"},
       {"AUTHPLANE_DATA_ENCRYPTION_DRIVER", "aes_master"},
       {"AUTHPLANE_DATA_ENCRYPTION_KEY_ENV", "MASTER_KEY"},
       {"MASTER_KEY", std::string(64, 'a')}});
  ASSERT_EQ(loaded.config.broker_providers.size(), 1u);
  const BrokerProviderSeed& seed = loaded.config.broker_providers[0];
  EXPECT_EQ(seed.slug, "gh");
  EXPECT_EQ(seed.display_name, "GitHub");
  EXPECT_EQ(seed.protocol, "oauth");
  EXPECT_EQ(seed.config_data,
            R"({"token_url":"https://gh.example/token","client_id":"123.456789012345678901",)"
            R"("extra_auth_params":{"prompt":"consent","list":["a",true,"false",null]}})");
  EXPECT_THAT(loaded.slips, Contains(HasSubstr("broker_providers[0].colour is ignored")));
  ASSERT_EQ(loaded.config.resources.size(), 1u);
  EXPECT_EQ(loaded.config.resources[0].broker_provider_slug, "gh");
  EXPECT_EQ(loaded.config.resources[0].connect_allowed_return_urls,
            std::vector<std::string>{"http://localhost:*"});
}

TEST(ProviderSeeds, EnvironmentAddsOneOrOverridesWhatItSays) {
  const Environment environment{{"AUTHPLANE_BROKER_PROVIDER_SLUG", "gh"},
                                {"AUTHPLANE_BROKER_PROVIDER_CLIENT_ID", "new"},
                                {"AUTHPLANE_BROKER_PROVIDER_CLIENT_SECRET_REF", "CONNECTOR_GH"},
                                {"AUTHPLANE_BROKER_PROVIDER_TOKEN_URL", ""}};
  const LoadedConfig added = load("", environment);
  ASSERT_EQ(added.config.broker_providers.size(), 1u);
  EXPECT_EQ(added.config.broker_providers[0].display_name, "gh");
  EXPECT_EQ(added.config.broker_providers[0].protocol, "oauth");
  EXPECT_EQ(added.config.broker_providers[0].config_data,
            R"({"client_id":"new","client_secret_ref":"CONNECTOR_GH"})");

  const LoadedConfig merged = load(
      "broker_providers: [{slug: gh, display_name: GitHub, protocol: oauth, config_data: {client_id: old, "
      "token_url: 'https://gh.example/token'}}]",
      environment);
  ASSERT_EQ(merged.config.broker_providers.size(), 1u);
  EXPECT_EQ(merged.config.broker_providers[0].display_name, "GitHub");
  EXPECT_EQ(
      merged.config.broker_providers[0].config_data,
      R"({"client_id":"new","token_url":"https://gh.example/token","client_secret_ref":"CONNECTOR_GH"})");
}

TEST(ProviderSeeds, OlderNameOfTheSecretVariableCountsWhenTheNewerIsNotSet) {
  const LoadedConfig old_name = load("", {{"AUTHPLANE_BROKER_PROVIDER_SLUG", "gh"},
                                          {"AUTHPLANE_BROKER_PROVIDER_CLIENT_SECRET_ENV", "CONNECTOR_OLD"}});
  EXPECT_EQ(old_name.config.broker_providers.at(0).config_data, R"({"client_secret_ref":"CONNECTOR_OLD"})");
  EXPECT_THAT(old_name.slips, Contains(HasSubstr("CLIENT_SECRET_ENV is deprecated")));
  const LoadedConfig both = load("", {{"AUTHPLANE_BROKER_PROVIDER_SLUG", "gh"},
                                      {"AUTHPLANE_BROKER_PROVIDER_CLIENT_SECRET_REF", "CONNECTOR_NEW"},
                                      {"AUTHPLANE_BROKER_PROVIDER_CLIENT_SECRET_ENV", "CONNECTOR_OLD"}});
  EXPECT_EQ(both.config.broker_providers.at(0).config_data, R"({"client_secret_ref":"CONNECTOR_NEW"})");
}

TEST(ProviderSeeds, VariablesWithoutASlugAreNamed) {
  const LoadedConfig loaded = load("", {{"AUTHPLANE_BROKER_PROVIDER_CLIENT_ID", "x"}});
  EXPECT_TRUE(loaded.config.broker_providers.empty());
  EXPECT_THAT(loaded.slips, Contains(HasSubstr("AUTHPLANE_BROKER_PROVIDER_CLIENT_ID has no effect")));
}

TEST(SlugFromUri, IsTheHostMadeHarmless) {
  EXPECT_EQ(slug_from_uri("http://localhost:8080/mcp").value(), "localhost");
  EXPECT_EQ(slug_from_uri("https://MCP.example_x.com/").value(), "mcp-example-x-com");
  EXPECT_EQ(slug_from_uri("http://[::1]:8080/").value(), "1");
  EXPECT_EQ(slug_from_uri("https://" + std::string(63, 'a') + ".b.c/").value(), std::string(63, 'a'));
  EXPECT_FALSE(slug_from_uri("urn:x"));
  EXPECT_FALSE(slug_from_uri("http://[::]/"));
}

TEST(Report, ShowsSourcesAndMasksSecrets) {
  LoadedConfig loaded =
      load("server: {read_timeout: 5s}", {{"AUTHPLANE_ADMIN_API_KEY", "dev-admin-key-change-me"},
                                          {"AUTHPLANE_CLIENT_SECRET_PEPPER", "pepper-in-clear"}});
  std::string table = resolved_table(loaded.settings);
  EXPECT_THAT(table, ::testing::ContainsRegex("server.read_timeout +file +5s"));
  EXPECT_THAT(table, ::testing::ContainsRegex("admin.api_key +environment +\\(set\\)"));
  EXPECT_THAT(table, ::testing::ContainsRegex("session.secret +default +\\(empty\\)"));
  EXPECT_THAT(table, Not(HasSubstr("dev-admin-key-change-me")));
  EXPECT_THAT(table, Not(HasSubstr("pepper-in-clear")));
}

TEST(KeyTable, PathsAndVariablesAreUniqueAndPathsAreLeaves) {
  std::set<std::string_view> paths, variables;
  for (const KeyRow& row : key_table()) {
    EXPECT_TRUE(paths.insert(row.path).second) << row.path;
    if (!row.env.empty()) {
      EXPECT_TRUE(variables.insert(row.env).second) << row.env;
    }
    EXPECT_FALSE(row.meaning.empty()) << row.path;
  }
  for (const KeyRow& row : key_table()) {
    for (const KeyRow& other : key_table()) {
      EXPECT_FALSE(other.path.starts_with(std::string(row.path) + ".")) << row.path;
    }
  }
}

}  // namespace
}  // namespace authplane::authserver
