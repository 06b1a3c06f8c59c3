#include "authserver/broker/oauth_provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <authplane/base/form.h>
#include <authplane/testing/testing.h>

#include "authserver/sealing/aes_sealer.h"
#include "authserver/sealing/owner.h"

namespace authplane::authserver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using Json = nlohmann::json;

Json valid() {
  return {{"client_id", "Iv1.0123"},
          {"client_secret_ref", "CONNECTOR_HUB_SECRET"},
          {"authorize_url", "https://hub.example/login/oauth/authorize"},
          {"token_url", "https://hub.example/login/oauth/access_token"}};
}

std::string problem(const Json& config, bool allow_http = false) {
  const auto parsed = parse_oauth_config(config.dump(), allow_http);
  return parsed ? "" : parsed.error();
}

TEST(OAuthProviderConfig, ReadsAllOfIt) {
  Json config = valid();
  config["revoke_url"] = "https://hub.example/revoke";
  config["response_format"] = "slack";
  config["extra_auth_params"] = {{"access_type", "offline"}, {"prompt", "consent"}};
  config["display_colour"] = 7;  // somebody else's
  const OAuthProviderConfig parsed = parse_oauth_config(config.dump(), false).value_or(OAuthProviderConfig());
  EXPECT_EQ(parsed.client_id, "Iv1.0123");
  EXPECT_EQ(parsed.secret_variable, "CONNECTOR_HUB_SECRET");
  EXPECT_FALSE(parsed.uses_old_reference);
  EXPECT_EQ(parsed.token_url.text(), "https://hub.example/login/oauth/access_token");
  EXPECT_EQ(parsed.revoke_url->text(), "https://hub.example/revoke");
  EXPECT_EQ(parsed.response_format, TokenResponseFormat::slack);
  EXPECT_THAT(parsed.extra_auth_params,
              ElementsAre(Pair("access_type", "offline"), Pair("prompt", "consent")));
}

TEST(OAuthProviderConfig, OptionalMembersMayBeAbsentOrEmpty) {
  Json config = valid();
  config["revoke_url"] = config["response_format"] = "";
  for (const Json& each : {valid(), config}) {
    const auto parsed = parse_oauth_config(each.dump(), false);
    ASSERT_TRUE(parsed) << parsed.error();
    EXPECT_FALSE(parsed->revoke_url);
    EXPECT_EQ(parsed->response_format, TokenResponseFormat::standard);
  }
}

struct Broken {
  const char* member;
  Json value;
  const char* text;
};

TEST(OAuthProviderConfig, EachMistakeIsNamed) {
  for (const Broken& row : std::initializer_list<Broken>{
           {"client_id", "", "client_id is missing"},
           {"client_id", nullptr, "client_id is not a string"},
           {"client_id", 7, "client_id is not a string"},
           {"client_id", "a\nb", "client_id"},
           {"client_secret_ref", "AUTHPLANE_ADMIN_API_KEY", "CONNECTOR_NAME"},
           {"client_secret_ref", "connector_hub", "CONNECTOR_NAME"},
           {"client_secret_ref", true, "client_secret_ref is not a string"},
           {"authorize_url", "", "authorize_url is missing"},
           {"authorize_url", "http://hub.example/a", "authorize_url is http; use https"},
           {"authorize_url", "https://hub.example/a#b", "authorize_url is not an https URL"},
           {"authorize_url", "https://hub.example/a?state=x", "has the parameter state"},
           {"authorize_url", "https://hub.example/a?redirect%5Furi=x", "has the parameter redirect_uri"},
           {"token_url", "", "token_url is missing"},
           {"token_url", "hub.example/token", "token_url is not an https URL"},
           {"token_url", "http://hub.example/token", "token_url is http; use https"},
           {"token_url", "ftp://hub.example/token", "token_url is not an https URL"},
           {"token_url", "https://user:pass@hub.example/", "token_url is not an https URL"},
           {"revoke_url", "http://hub.example/revoke", "revoke_url is http; use https"},
           {"response_format", "xml", "use standard, form or slack"},
           {"response_format", 1, "response_format is not a string"},
           {"extra_auth_params", "a=b", "extra_auth_params is not an object"},
           {"extra_auth_params", {{"max_age", 7}}, "extra_auth_params.max_age is not a string"}}) {
    Json config = valid();
    config[row.member] = row.value;
    EXPECT_THAT(problem(config), HasSubstr(row.text)) << config;
  }
  EXPECT_THAT(problem(Json::array()), HasSubstr("not a JSON object"));
  EXPECT_FALSE(parse_oauth_config(R"({"client_id":"a","client_id":"b"})", false));
}

TEST(OAuthProviderConfig, HttpIsForDevelopment) {
  Json config = valid();
  for (const char* member : {"authorize_url", "token_url", "revoke_url"})
    config[member] = "http://localhost:9100/x";
  EXPECT_THAT(problem(config), HasSubstr("https"));
  EXPECT_EQ(problem(config, true), "");
  config["token_url"] = "ftp://localhost/x";
  EXPECT_THAT(problem(config, true), HasSubstr("token_url"));
}

TEST(SecretVariable, NeedsAPrefixAndCapitals) {
  for (const char* good : {"CONNECTOR_A", "CONNECTOR_GITHUB_SECRET", "AUTHPLANE_VAULT_X9_"})
    EXPECT_TRUE(is_secret_variable(good)) << good;
  for (const char* bad : {"", "CONNECTOR_", "AUTHPLANE_VAULT_", "CONNECTOR_1A", "CONNECTOR__A", "CONNECTOR_a",
                          "connector_A", "XCONNECTOR_A", "CONNECTOR_A-B", "CONNECTOR_A B", "CONNECTOR_A\n",
                          "AUTHPLANE_ADMIN_API_KEY", "PATH", "AUTHPLANE_SESSION_SECRET", "AUTHPLANE_VAULTX"})
    EXPECT_FALSE(is_secret_variable(bad)) << bad;
}

struct Bench {
  testing::RecordingLogger logger;
  testing::SeededRandom random;
  std::unique_ptr<Sealer> sealer =
      make_aes_sealer(SecretString(std::string(kMasterKeyBytes, 'k')), {}, random);
  std::vector<std::string> asked;
  OAuthProviders providers{{.sealer = sealer.get(),
                            .secrets = [this](std::string_view name) -> std::optional<SecretString> {
                              asked.emplace_back(name);
                              if (name == "CONNECTOR_EMPTY") return SecretString();
                              if (name != "CONNECTOR_HUB_SECRET") return std::nullopt;
                              return SecretString("canary-secret");
                            },
                            .allow_http = false,
                            .logger = logger}};

  static BrokerProvider provider(const Json& config) {
    BrokerProvider provider;
    provider.id = "p1";
    provider.slug = "hub";
    provider.config_data = config.dump();
    return provider;
  }
};

TEST(OAuthProviders, TakesTheSecretFromTheVariable) {
  Bench bench;
  const auto opened = bench.providers.open(Bench::provider(valid()));
  ASSERT_TRUE(opened) << opened.error();
  EXPECT_EQ(opened->client_secret.expose(), "canary-secret");
  EXPECT_EQ(opened->slug, "hub");
}

TEST(OAuthProviders, TheOldNameOfTheReferenceWorksAndIsMentionedOnce) {
  Bench bench;
  Json config = valid();
  config["client_secret_env"] = std::exchange(config["client_secret_ref"], "");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bench.providers.open(Bench::provider(config)));
  ASSERT_EQ(bench.logger.lines().size(), 1u);
  EXPECT_THAT(bench.logger.text(), HasSubstr("client_secret_ref"));
  config["client_secret_env"] = "AUTHPLANE_ADMIN_API_KEY";
  EXPECT_FALSE(bench.providers.open(Bench::provider(config)));
  EXPECT_THAT(bench.asked, Not(::testing::Contains("AUTHPLANE_ADMIN_API_KEY")));
}

TEST(OAuthProviders, SaysWhyThereIsNoSecret) {
  Bench bench;
  const auto error = [&](const BrokerProvider& provider) { return bench.providers.open(provider).error(); };
  Json config = valid();
  for (const char* name : {"CONNECTOR_UNSET", "CONNECTOR_EMPTY"}) {
    config["client_secret_ref"] = name;
    EXPECT_THAT(error(Bench::provider(config)), HasSubstr(std::string(name) + ", which has to hold"));
  }
  config.erase("client_secret_ref");
  EXPECT_THAT(error(Bench::provider(config)), HasSubstr("has no client secret"));
  BrokerProvider sealed = Bench::provider(config);
  sealed.sealed_secrets = bench.sealer->seal(R"({"other_secret":"x"})", provider_owner("p1")).value();
  EXPECT_THAT(error(sealed), HasSubstr("no client_secret"));
  sealed.sealed_secrets = bench.sealer->seal(R"({"client_secret":"x"})", provider_owner("p2")).value();
  EXPECT_THAT(error(sealed), HasSubstr("cannot be opened")) << "the secrets of another provider";
  sealed.sealed_secrets = bench.sealer->seal(R"({"client_secret":"x"})", provider_owner("p1")).value();
  EXPECT_EQ(bench.providers.open(sealed)->client_secret.expose(), "x");
  sealed.config_data = valid().dump();
  EXPECT_THAT(error(sealed), HasSubstr("remove one of them"));
}

TEST(AuthorizationUrl, HasWhatWeSetAndExtrasThatDoNotReplaceIt) {
  Bench bench;
  Json config = valid();
  config["extra_auth_params"] = {{"access_type", "offline"},
                                 {"state", "theirs"},
                                 {"redirect_uri", "https://evil.example"},
                                 {"response_mode", "form_post"},
                                 {"code_challenge", 7}};
  config["authorize_url"] = "https://hub.example/authorize?tenant=a%20b";
  const OAuthProvider provider = std::move(*bench.providers.open(Bench::provider(config)));
  const std::string url = authorization_url(provider, "https://as.example/connect/hub/callback",
                                            ScopeSet::split("repo read:user"), "st&te", "challenge");
  EXPECT_THAT(url, ::testing::StartsWith("https://hub.example/authorize?tenant=a%20b&"));
  const Form query = Form::parse(url.substr(url.find('?') + 1)).value();
  EXPECT_EQ(query.first_repeated(), std::nullopt);
  for (const auto& [name, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"response_type", "code"},
           {"client_id", "Iv1.0123"},
           {"redirect_uri", "https://as.example/connect/hub/callback"},
           {"scope", "repo read:user"},
           {"state", "st&te"},
           {"code_challenge", "challenge"},
           {"code_challenge_method", "S256"},
           {"access_type", "offline"}}) {
    EXPECT_EQ(query.get(name), value) << name;
  }
  EXPECT_EQ(query.count("response_mode"), 0u);
  EXPECT_EQ(url.find("canary"), std::string::npos) << "the secret went to the browser";
}

}  // namespace
}  // namespace authplane::authserver
