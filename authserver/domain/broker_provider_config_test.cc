#include "authserver/domain/broker_provider_config.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace authplane::authserver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(BrokerProviderConfigTest, NamesThatHoldSecrets) {
  for (const char* name :
       {"secret", "client_secret", "clientSecret", "client-secret", "CLIENT_SECRET", "password",
        "db_password", "passwd", "token", "refresh_token", "accessToken", "api_key", "apikey", "x-api-key",
        "private_key", "privateKey", "credential", "client_credentials"}) {
    EXPECT_TRUE(is_secret_name(name)) << name;
  }
  for (const char* name :
       {"", "client_id", "token_url", "tokenUrl", "client_secret_ref", "client_secret_env", "api_key_env",
        "password_ref", "token_endpoint_auth_method", "key", "public_key", "secrets_at", "scope"}) {
    EXPECT_FALSE(is_secret_name(name)) << name;
  }
}

TEST(BrokerProviderConfigTest, SecretsAreTakenOutAtTheTopLevel) {
  const std::string config =
      R"({"client_id":"x", "apiKey":"a","token_url":"https://up.example/t@x","refresh-token" : "b","token":""})";
  const auto parts = take_apart(config);
  ASSERT_TRUE(parts);
  EXPECT_EQ(object_of(parts->secrets), R"({"apiKey":"a","refresh-token" : "b"})");
  EXPECT_EQ(object_of(parts->plain), R"({"client_id":"x","token_url":"https://up.example/t@x","token":""})");
  EXPECT_TRUE(parts->speaks_of_secrets);
  const std::string silent = R"({"token_url":"https://up.example/t","extra_auth_params":{"prompt":"login"}})";
  EXPECT_FALSE(take_apart(silent).value().speaks_of_secrets);
}

TEST(BrokerProviderConfigTest, WhatCannotBeHiddenIsRefusedByName) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"extra_auth_params":{"client_secret":"canary"}})",
       "config_data.extra_auth_params.client_secret is"},
      {R"({"a":[{"b":{"API-KEY":"canary"}}]})", "config_data.a.0.b.API-KEY is a secret"},
      {R"({"a":{"token":["canary"]}})", "config_data.a.token is a secret"},
      {R"({"token":{"value":"canary"}})", "config_data.token must be a string"},
      {R"({"token_url":"https://user:canary@up.example/t"})", "config_data.token_url is a URL with user"},
      {R"({"token_url":"https:\/\/canary\u0040up.example"})", "config_data.token_url is a URL with user"},
      {R"({"a":["x","postgres://u:canary@db"]})", "config_data.a.1 is a URL with user"},
      {R"(["canary"])", "config_data is no JSON object"}};
  for (const auto& [config, message] : cases) {
    const auto parts = take_apart(config);
    ASSERT_FALSE(parts) << config;
    EXPECT_EQ(parts.error().code, DomainErrorCode::invalid_request);
    EXPECT_THAT(parts.error().description, HasSubstr(message));
    EXPECT_THAT(parts.error().description, Not(HasSubstr("canary")));
  }
  const std::string fine =
      R"({"a":{"token":"","secret":null,"token_url":"x","mail":"a@b.example","u":"https://h/?q=a@b"}})";
  EXPECT_TRUE(take_apart(fine));
}

}  // namespace
}  // namespace authplane::authserver
