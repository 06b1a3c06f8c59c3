#include "client/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include <authplane/testing/testing.h>

#include "client/startup.h"

namespace authplane {
namespace {

using authplane::testing::FakeClock;
using authplane::testing::RecordingLogger;
using authplane::testing::ScriptedTransport;
using authplane::testing::SeededRandom;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

struct SettingsTest : ::testing::Test {
  std::map<std::string, std::string> variables;
  ClientOptions options{.issuer = "https://as.example/t"};

  Result<ClientSettings> check() {
    options.seams.transport = std::make_shared<ScriptedTransport>();
    return check_options(options, [this](const char* name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    });
  }
  void expect_invalid(const std::string& hint) {
    const auto settings = check();
    ASSERT_FALSE(settings);
    EXPECT_EQ(settings.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(settings.error().message, HasSubstr(hint));
  }
};

TEST_F(SettingsTest, DefaultsAreProductionSettings) {
  const auto settings = check();
  ASSERT_TRUE(settings);
  EXPECT_FALSE(settings->dev_mode);
  EXPECT_FALSE(settings->fetch.allow_http);
  EXPECT_FALSE(settings->fetch.allow_localhost);
  EXPECT_FALSE(settings->fetch.allow_private_networks);
  EXPECT_TRUE(settings->fetch.ssrf_protection);
  EXPECT_EQ(settings->startup_timeout, seconds(0));
  EXPECT_EQ(settings->metadata_url.text(), "https://as.example/.well-known/oauth-authorization-server/t");
}

TEST_F(SettingsTest, IssuerIsCheckedAndKeptByteForByte) {
  for (const char* good :
       {"https://as.example", "https://as.example/", "HTTPS://AS.example/T/", "http://localhost:9000"}) {
    options.issuer = good;
    const auto settings = check();
    ASSERT_TRUE(settings) << good;
    EXPECT_EQ(settings->issuer, good);
  }
  for (const char* bad : {"", "as.example", "/x", "//as.example", "ftp://as.example", "https://",
                          "https://as.example?x", "https://as.example?", "https://as.example#f",
                          "https://u@as.example", "https://as.example:0", " https://as.example"}) {
    options.issuer = bad;
    expect_invalid("issuer");
  }
}

TEST_F(SettingsTest, CredentialsMustNotBeEmpty) {
  options.auth = ClientCredentials{"", "s"};
  expect_invalid("client id");
  options.auth = ClientCredentials{"i", ""};
  expect_invalid("secret");
  options.auth = ClientKey{.id = "", .key = authplane::testing::test_key()};
  expect_invalid("client id");
  options.auth = AuthProvider();
  expect_invalid("provider");
}

TEST_F(SettingsTest, NumbersMustBeInRange) {
  const ClientOptions good = options;
  const auto expect_bad = [&](auto change, const char* hint) {
    options = good;
    change(options);
    expect_invalid(hint);
  };
  expect_bad([](ClientOptions& o) { o.jwks_refresh = seconds(0); }, "jwks_refresh");
  expect_bad([](ClientOptions& o) { o.metadata_refresh = seconds(-1); }, "metadata_refresh");
  expect_bad([](ClientOptions& o) { o.metadata_refresh = seconds::max(); }, "metadata_refresh");
  expect_bad([](ClientOptions& o) { o.token_cache.ttl_buffer = seconds(-1); }, "ttl_buffer");
  expect_bad([](ClientOptions& o) { o.token_cache.default_ttl = seconds(0); }, "default_ttl");
  expect_bad([](ClientOptions& o) { o.token_cache.max_entries = 0; }, "max_entries");
  expect_bad([](ClientOptions& o) { o.breaker.threshold = 0; }, "threshold");
  expect_bad([](ClientOptions& o) { o.breaker.cooldown = seconds(0); }, "cooldown");
  expect_bad([](ClientOptions& o) { o.startup_timeout = seconds(-1); }, "startup_timeout");
  expect_bad([](ClientOptions& o) { o.startup_timeout = seconds(86401); }, "startup_timeout");
  expect_bad([](ClientOptions& o) { o.fetch = net::FetchSettings{.timeout = milliseconds(0)}; }, "timeout");
  expect_bad([](ClientOptions& o) { o.fetch = net::FetchSettings{.max_jwks_bytes = 0}; }, "size limits");
}

TEST_F(SettingsTest, OnlyEs256AndRs256MayBeListed) {
  options.allowed_algorithms = {JwsAlgorithm::RS256};
  EXPECT_TRUE(check());
  options.allowed_algorithms = {};
  expect_invalid("allowed_algorithms");
  options.allowed_algorithms = {JwsAlgorithm::ES256, JwsAlgorithm::PS256};
  expect_invalid("PS256");
  options.allowed_algorithms = {JwsAlgorithm::EdDSA};
  expect_invalid("EdDSA");
}

TEST_F(SettingsTest, DevModeComesFromTheEnvironment) {
  for (const char* on : {"1", "true", "TRUE", "Yes", "on"}) {
    variables["AUTHPLANE_DEV_MODE"] = on;
    EXPECT_TRUE(check()->dev_mode) << on;
    EXPECT_TRUE(check()->fetch.allow_http);
  }
  for (const char* off : {"", "0", "false", "no", "off", "2", "enabled", " 1"}) {
    variables["AUTHPLANE_DEV_MODE"] = off;
    EXPECT_FALSE(check()->dev_mode) << off;
  }
}

TEST_F(SettingsTest, ExplicitDevModeBeatsTheEnvironment) {
  variables["AUTHPLANE_DEV_MODE"] = "1";
  options.dev_mode = false;
  EXPECT_FALSE(check()->fetch.allow_http);
  variables.clear();
  options.dev_mode = true;
  EXPECT_TRUE(check()->fetch.allow_http);
  EXPECT_TRUE(check()->fetch.ssrf_protection);
}

TEST_F(SettingsTest, FullFetchSettingsBeatDevMode) {
  options.dev_mode = true;
  options.fetch = net::FetchSettings{};
  EXPECT_FALSE(check()->fetch.allow_http);
}

TEST_F(SettingsTest, StartupTimeoutComesFromTheEnvironmentWhenUnset) {
  variables["AUTHPLANE_STARTUP_TIMEOUT"] = "45";
  EXPECT_EQ(check()->startup_timeout, seconds(45));
  options.startup_timeout = seconds(0);
  EXPECT_EQ(check()->startup_timeout, seconds(0));
  options.startup_timeout.reset();
  for (const char* bad : {"soon", "1.5", "10s", "-1", "99999999999999999999", "86401"}) {
    variables["AUTHPLANE_STARTUP_TIMEOUT"] = bad;
    expect_invalid("AUTHPLANE_STARTUP_TIMEOUT");
  }
}

struct StartupTest : ::testing::Test {
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<RecordingLogger> logger = std::make_shared<RecordingLogger>();
  std::vector<milliseconds> pauses;
  int attempts = 0;
  ErrorCode failure = ErrorCode::metadata_fetch_error;
  Seams seams{.clock = clock,
              .random = std::make_shared<SeededRandom>(),
              .logger = logger,
              .sleep = [this](milliseconds pause) {
                pauses.push_back(pause);
                clock->advance(pause);
              }};

  Result<void> run(seconds timeout, int succeed_at) {
    return retry_startup(
        [&]() -> Result<void> {
          if (++attempts == succeed_at) return {};
          return Err(failure, "connection refused");
        },
        "https://as.example", timeout, seams);
  }
};

TEST_F(StartupTest, ZeroMeansOneTry) {
  EXPECT_EQ(run(seconds(0), 2).error().code, ErrorCode::metadata_fetch_error);
  EXPECT_EQ(attempts, 1);
  EXPECT_TRUE(pauses.empty());
}

TEST_F(StartupTest, TriesUntilItPassesWithOneLinePerAttempt) {
  EXPECT_TRUE(run(seconds(60), 4));
  EXPECT_EQ(attempts, 4);
  EXPECT_EQ(logger->lines().size(), 3u);
  EXPECT_TRUE(logger->contains("connection refused"));
  EXPECT_TRUE(logger->contains("https://as.example"));
}

TEST_F(StartupTest, PausesGrowAndStayBounded) {
  EXPECT_TRUE(run(seconds(60), 9));
  for (std::size_t i = 1; i < pauses.size(); ++i) EXPECT_GE(pauses[i] * 5 / 4, pauses[i - 1]);
  EXPECT_GE(pauses.front(), milliseconds(250));
  EXPECT_LE(pauses.back(), milliseconds(5000));
}

TEST_F(StartupTest, GivesUpAtTheDeadlineAfterALastTry) {
  const auto start = clock->steady_now();
  EXPECT_FALSE(run(seconds(10), 0));
  EXPECT_EQ(clock->steady_now() - start, seconds(10));
  EXPECT_EQ(attempts, static_cast<int>(pauses.size()) + 1);
}

TEST_F(StartupTest, GuardRefusalIsFinal) {
  failure = ErrorCode::ssrf_blocked;
  EXPECT_EQ(run(seconds(60), 2).error().code, ErrorCode::ssrf_blocked);
  EXPECT_EQ(attempts, 1);
}

}  // namespace
}  // namespace authplane
