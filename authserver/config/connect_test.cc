#include "authserver/config/connect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/config/config_file.h"
#include "authserver/config/load.h"

namespace authplane::authserver {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kSecret = "canary-connect-state-secret-0123456789";

class ConnectConfig : public ::testing::Test {
 protected:
  Result<LoadedConfig, ConfigProblems> load(const std::string& yaml = "", Purpose purpose = Purpose::serve) {
    return load_config(ConfigFile(yaml).path(), environment, purpose);
  }
  std::string problems(const std::string& yaml = "", Purpose purpose = Purpose::serve) {
    const auto loaded = load(yaml, purpose);
    return loaded ? "" : describe(loaded.error());
  }

  // A sound configuration.
  Environment environment{{"AUTHPLANE_CONNECT_STATE_SECRET", kSecret},
                          {"AUTHPLANE_CONNECT_REDIRECT_BASE_URL", "http://localhost:9000"},
                          {"AUTHPLANE_DATA_ENCRYPTION_DRIVER", "aes_master"},
                          {"AUTHPLANE_DATA_ENCRYPTION_KEY_ENV", "MASTER_KEY"},
                          {"MASTER_KEY", std::string(64, 'a')}};
};

TEST_F(ConnectConfig, ASoundOneIsTakenAsItIs) {
  environment.set("AUTHPLANE_CONNECT_ALLOWED_RETURN_URLS", "https://app.example/done, http://localhost:*");
  const auto loaded = load();
  ASSERT_TRUE(loaded) << describe(loaded.error());
  const Config::Connect& connect = loaded->config.connect;
  EXPECT_EQ(connect.state_secret.expose(), kSecret);
  EXPECT_EQ(connect.redirect_base_url, "http://localhost:9000");
  EXPECT_THAT(connect.allowed_return_urls, ElementsAre("https://app.example/done", "http://localhost:*"));
  EXPECT_THAT(loaded->advice, Not(Contains(HasSubstr("connect."))));
}

TEST_F(ConnectConfig, IsOffWhenNothingAsksForIt) {
  environment.set("AUTHPLANE_CONNECT_STATE_SECRET", "");
  environment.set("AUTHPLANE_CONNECT_REDIRECT_BASE_URL", "");
  EXPECT_EQ(problems(), "");
  EXPECT_TRUE(load()->config.connect.state_secret.empty());
}

TEST_F(ConnectConfig, AShortSecretIsRefusedAndNotShown) {
  environment.set("AUTHPLANE_CONNECT_STATE_SECRET", kSecret.substr(0, 31));
  for (const Purpose purpose : {Purpose::serve, Purpose::command}) {
    EXPECT_THAT(problems("", purpose), AllOf(HasSubstr("connect.state_secret"), HasSubstr("32 characters"),
                                             Not(HasSubstr("canary"))));
  }
  environment.set("AUTHPLANE_CONNECT_STATE_SECRET", kSecret.substr(0, 32));
  EXPECT_EQ(problems(), "");
}

TEST_F(ConnectConfig, TheBaseIsHttpsOrOnThisMachine) {
  for (const char* base :
       {"http://as.example", "ftp://localhost", "as.example", "https://as.example?a=b",
        "https://as.example#a", "https://user@as.example", "http://localhost.evil.example"}) {
    environment.set("AUTHPLANE_CONNECT_REDIRECT_BASE_URL", base);
    EXPECT_THAT(problems(), HasSubstr("connect.redirect_base_url")) << base;
  }
  for (const char* base : {"https://as.example", "https://as.example/tenant", "http://localhost:9000",
                           "http://127.0.0.1:9000", "http://[::1]:9000"}) {
    environment.set("AUTHPLANE_CONNECT_REDIRECT_BASE_URL", base);
    EXPECT_EQ(problems(), "") << base;
  }
}

TEST_F(ConnectConfig, WhatAsksForItNeedsAllOfIt) {
  environment.set("AUTHPLANE_CONNECT_REDIRECT_BASE_URL", "");
  EXPECT_THAT(problems(),
              AllOf(HasSubstr("connect.redirect_base_url"), HasSubstr("connect.state_secret is set"),
                    HasSubstr("http://localhost:9000")));
  environment.set("AUTHPLANE_CONNECT_STATE_SECRET", "");
  environment.set("AUTHPLANE_CONNECT_REDIRECT_BASE_URL", "http://localhost:9000");
  EXPECT_THAT(problems(),
              AllOf(HasSubstr("connect.state_secret"), HasSubstr("connect.redirect_base_url is set")));
  environment.set("AUTHPLANE_CONNECT_REDIRECT_BASE_URL", "");
  environment.set("AUTHPLANE_CONNECT_ALLOWED_RETURN_URLS", "http://localhost:*");
  EXPECT_THAT(problems(), AllOf(HasSubstr("connect.state_secret"), HasSubstr("connect.redirect_base_url"),
                                HasSubstr("connect.allowed_return_urls is set")));
  EXPECT_EQ(problems("", Purpose::command), "");
}

TEST_F(ConnectConfig, AResourceOfAProviderAsksForItToo) {
  const std::string yaml =
      "broker_providers: [{slug: github, display_name: GitHub, protocol: oauth}]\n"
      "resources:\n"
      "  - slug: github\n"
      "    backend_kind: broker\n"
      "    broker_provider_slug: github\n"
      "    display_name: GitHub\n"
      "    scopes: [{name: repo}]\n"
      "    policy: {connect: {allowed_return_urls: ['http://localhost:*']}}\n";
  EXPECT_EQ(problems(yaml), "");
  environment.set("AUTHPLANE_CONNECT_STATE_SECRET", "");
  environment.set("AUTHPLANE_CONNECT_REDIRECT_BASE_URL", "");
  EXPECT_THAT(problems(yaml), AllOf(HasSubstr("connect.state_secret"), HasSubstr("connect.redirect_base_url"),
                                    HasSubstr("the resource github is of kind broker")));
}

TEST_F(ConnectConfig, StrictCookiesDoNotComeBackFromAProvider) {
  environment.set("AUTHPLANE_SESSION_SAME_SITE", "strict");
  EXPECT_THAT(problems(), AllOf(HasSubstr("session.same_site"), HasSubstr("lax")));
}

TEST_F(ConnectConfig, AnEntryThatNothingMatchesIsPointedOut) {
  environment.set("AUTHPLANE_CONNECT_ALLOWED_RETURN_URLS", "https://*.example/done,http://localhost:3000");
  const auto loaded = load();
  ASSERT_TRUE(loaded);
  EXPECT_THAT(loaded->advice, Contains(AllOf(HasSubstr("'https://*.example/done'"), Not(HasSubstr("3000")))));
}

}  // namespace
}  // namespace authplane::authserver
