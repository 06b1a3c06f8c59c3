#include "authserver/config/oidc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/config/load.h"

namespace authplane::authserver {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// A server behind https that has everything it needs; `change` sets variables on top, "" means unset.
Environment valid(std::initializer_list<std::pair<std::string, std::string>> change = {}) {
  Environment environment{{"AUTHPLANE_SERVER_ISSUER", "https://as.example"},
                          {"AUTHPLANE_SESSION_SECRET", "0123456789abcdef"},
                          {"AUTHPLANE_SESSION_SECURE", "true"},
                          {"AUTHPLANE_ADMIN_ENABLED", "false"},
                          {"AUTHPLANE_OIDC_ENABLED", "true"},
                          {"AUTHPLANE_OIDC_ISSUER", "https://login.example/tenant"},
                          {"AUTHPLANE_OIDC_CLIENT_ID", "authplane"},
                          {"AUTHPLANE_OIDC_CLIENT_SECRET", "canary-secret"},
                          {"AUTHPLANE_OIDC_REDIRECT_URI", "https://as.example/oidc/callback"},
                          {"AUTHPLANE_OIDC_DISPLAY_NAME", "Example"}};
  for (const auto& [name, value] : change) environment.set(name, value);
  return environment;
}

Result<LoadedConfig, ConfigProblems> load(const Environment& environment) {
  return load_config("", environment, Purpose::serve);
}

struct OidcRule {
  const char* name;
  std::pair<std::string, std::string> broken;
  const char* key;
  const char* text;
};
class BrokenOidc : public ::testing::TestWithParam<OidcRule> {};

TEST_P(BrokenOidc, IsTheOnlyProblemAndNamesItsKey) {
  const auto loaded = load(valid({GetParam().broken}));
  ASSERT_FALSE(loaded);
  ASSERT_EQ(loaded.error().size(), 1u);
  EXPECT_EQ(loaded.error()[0].key, GetParam().key);
  EXPECT_THAT(loaded.error()[0].text, HasSubstr(GetParam().text));
  // While the feature is off nothing of it matters.
  if (std::string_view(GetParam().key).starts_with("oidc.")) {
    EXPECT_TRUE(load(valid({GetParam().broken, {"AUTHPLANE_OIDC_ENABLED", "false"}})));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rules, BrokenOidc,
    ::testing::Values(
        OidcRule{"IssuerMissing", {"AUTHPLANE_OIDC_ISSUER", ""}, "oidc.issuer", "is empty"},
        OidcRule{"IssuerHttp", {"AUTHPLANE_OIDC_ISSUER", "http://login.example"}, "oidc.issuer", "https"},
        OidcRule{"IssuerNoUrl", {"AUTHPLANE_OIDC_ISSUER", "login.example"}, "oidc.issuer", "https"},
        OidcRule{"IssuerQuery", {"AUTHPLANE_OIDC_ISSUER", "https://login.example?a"}, "oidc.issuer", "query"},
        OidcRule{"ClientIdMissing", {"AUTHPLANE_OIDC_CLIENT_ID", ""}, "oidc.client_id", "is empty"},
        OidcRule{"SecretMissing", {"AUTHPLANE_OIDC_CLIENT_SECRET", ""}, "oidc.client_secret", "is missing"},
        OidcRule{"RedirectMissing", {"AUTHPLANE_OIDC_REDIRECT_URI", ""}, "oidc.redirect_uri", "is empty"},
        OidcRule{"RedirectHttp",
                 {"AUTHPLANE_OIDC_REDIRECT_URI", "http://as.example/oidc/callback"},
                 "oidc.redirect_uri",
                 "use https://as.example/oidc/callback"},
        OidcRule{"Connector", {"AUTHPLANE_OIDC_CONNECTOR_ID", "a&b=c"}, "oidc.connector_id", "hyphens"},
        OidcRule{"NoOpenId", {"AUTHPLANE_OIDC_SCOPES", "email"}, "oidc.scopes", "openid"},
        OidcRule{"EmptyScope", {"AUTHPLANE_OIDC_SCOPES", "openid,,email"}, "oidc.scopes", "empty"},
        OidcRule{"StrictCookies", {"AUTHPLANE_SESSION_SAME_SITE", "strict"}, "session.same_site", "lax"}),
    [](const auto& rule) { return std::string(rule.param.name); });

TEST(OidcConfig, ASoundOneIsTakenAsItIs) {
  const auto loaded = load(valid({{"AUTHPLANE_OIDC_SCOPES", "openid, email"}}));
  ASSERT_TRUE(loaded);
  const Config::Oidc& oidc = loaded->config.oidc;
  EXPECT_TRUE(oidc.enabled);
  EXPECT_EQ(oidc.issuer, "https://login.example/tenant");
  EXPECT_EQ(oidc.client_secret.expose(), "canary-secret");
  EXPECT_THAT(oidc.scopes, ElementsAre("openid", "email"));
  EXPECT_EQ(oidc.state_max_age, std::chrono::minutes(10));
  EXPECT_TRUE(oidc.show_local_login);
  for (const std::string& line : loaded->advice) EXPECT_THAT(line, Not(HasSubstr("oidc")));
}

TEST(OidcConfig, AProviderOnLocalhostMayBeHttp) {
  EXPECT_TRUE(load(valid({{"AUTHPLANE_OIDC_ISSUER", "http://localhost:5556/dex"}})));
  EXPECT_FALSE(load(valid({{"AUTHPLANE_OIDC_ISSUER", "http://localhost.evil.example"}})));
}

// Files are written where the test runs, for the two keys that have no variable.
class OidcSecretTest : public ::testing::Test {
 protected:
  static Settings settings_with(std::string_view key, std::string value) {
    Settings settings;
    settings.set(*find_key("oidc.enabled"), true, Source::file);
    settings.set(*find_key("oidc.issuer"), std::string("https://login.example"), Source::file);
    settings.set(*find_key("oidc.client_id"), std::string("authplane"), Source::file);
    settings.set(*find_key("oidc.redirect_uri"), std::string("http://localhost:9000/oidc/callback"),
                 Source::file);
    settings.set(*find_key(key), std::move(value), Source::file);
    return settings;
  }
};

TEST_F(OidcSecretTest, IsReadFromTheVariableThatIsNamed) {
  const Settings settings = settings_with("oidc.client_secret_ref", "CONNECTOR_LOGIN");
  EXPECT_TRUE(oidc_problems(settings).empty());
  EXPECT_EQ(oidc_client_secret(settings, {{"CONNECTOR_LOGIN", "canary"}})->expose(), "canary");
  for (const Environment& environment : {Environment{}, Environment{{"CONNECTOR_LOGIN", ""}}}) {
    const auto missing = oidc_client_secret(settings, environment);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().key, "oidc.client_secret_ref");
    EXPECT_THAT(missing.error().text, HasSubstr("CONNECTOR_LOGIN"));
  }
}

TEST_F(OidcSecretTest, IsNotReadFromAnyVariable) {
  const ConfigProblems problems = oidc_problems(settings_with("oidc.client_secret_ref", "HOME"));
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_THAT(problems[0].text, HasSubstr("CONNECTOR_"));
}

TEST_F(OidcSecretTest, IsGivenOnce) {
  Settings settings = settings_with("oidc.client_secret_ref", "CONNECTOR_LOGIN");
  settings.set(*find_key("oidc.client_secret"), SecretString("canary"), Source::file);
  const ConfigProblems problems = oidc_problems(settings);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_THAT(problems[0].text, HasSubstr("remove one"));
}

TEST_F(OidcSecretTest, TheOldSpellingStillWorks) {
  Settings settings = settings_with("oidc.client_secret_env", "LOGIN_SECRET");
  settings.set(*find_key("oidc.client_secret"), SecretString("not this one"), Source::file);
  EXPECT_TRUE(oidc_problems(settings).empty());
  EXPECT_EQ(oidc_client_secret(settings, {{"LOGIN_SECRET", "canary"}})->expose(), "canary");
  EXPECT_THAT(oidc_advice(settings), Contains(HasSubstr("deprecated")));
}

TEST(OidcConfig, WithoutAnyWayToSignInThereIsAWarning) {
  const auto hidden = [](std::pair<std::string, std::string> also) {
    return load(valid({{"AUTHPLANE_OIDC_SHOW_LOCAL_LOGIN", "false"}, std::move(also)})).value().advice;
  };
  const auto warning = Contains(HasSubstr("show_local_login"));
  EXPECT_THAT(hidden({"AUTHPLANE_OIDC_DISPLAY_NAME", ""}), warning);
  EXPECT_THAT(hidden({"AUTHPLANE_OIDC_ENABLED", "false"}), warning);
  EXPECT_THAT(hidden({"AUTHPLANE_OIDC_DISPLAY_NAME", "Example"}), Not(warning));
}

}  // namespace
}  // namespace authplane::authserver
