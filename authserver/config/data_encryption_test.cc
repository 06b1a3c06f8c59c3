#include "authserver/config/data_encryption.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <authplane/base/encoding.h>

#include "authserver/config/config_file.h"
#include "authserver/config/load.h"

namespace authplane::authserver {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

const std::string kKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const std::string kOther = std::string(62, '0') + "F1";

struct Loaded {
  Result<LoadedConfig, ConfigProblems> result;
  const Config::DataEncryption& encryption() const { return result->config.data_encryption; }
  // The only problem as "key: text", "" when there is none.
  std::string problem() const {
    if (result) return "";
    if (result.error().size() != 1) return describe(result.error());
    return result.error()[0].key + ": " + result.error()[0].text;
  }
};

class DataEncryption : public ::testing::Test {
 protected:
  Loaded load(const std::string& yaml = "", Purpose purpose = Purpose::serve) {
    return {load_config(ConfigFile(yaml).path(), environment, purpose)};
  }

  // A sound configuration.
  Environment environment{{"AUTHPLANE_DATA_ENCRYPTION_DRIVER", "aes_master"},
                          {"AUTHPLANE_DATA_ENCRYPTION_KEY_ENV", "MASTER_KEY"},
                          {"MASTER_KEY", kKey},
                          {"OLD_KEY", kOther}};
};

TEST_F(DataEncryption, TakesTheKeyFromTheVariableThatIsNamed) {
  const Loaded loaded = load();
  ASSERT_EQ(loaded.problem(), "");
  EXPECT_EQ(loaded.encryption().driver, "aes_master");
  EXPECT_EQ(hex_encode(loaded.encryption().key.expose()), kKey);
  EXPECT_TRUE(loaded.encryption().old_key.empty());
}

TEST_F(DataEncryption, TakesTheOldKeyToo) {
  const Loaded loaded = load("data_encryption: {aes_master: {old_key_env: OLD_KEY}}");
  ASSERT_EQ(loaded.problem(), "");
  EXPECT_EQ(hex_encode(loaded.encryption().old_key.expose()), ascii_lower(kOther));
}

TEST_F(DataEncryption, IsOffWithoutADriver) {
  environment.set("AUTHPLANE_DATA_ENCRYPTION_DRIVER", "");
  environment.set("MASTER_KEY", "");
  const Loaded loaded = load();
  ASSERT_EQ(loaded.problem(), "");
  EXPECT_EQ(loaded.encryption().driver, "");
}

// Commands that need no key run without it.
TEST_F(DataEncryption, OnlyServingNeedsTheKey) {
  environment.set("MASTER_KEY", "");
  EXPECT_EQ(load("", Purpose::command).problem(), "");
  environment.set("AUTHPLANE_DATA_ENCRYPTION_DRIVER", "rot13");
  EXPECT_THAT(load("", Purpose::command).problem(), HasSubstr("data_encryption.driver: 'rot13'"));
}

struct BrokenKey {
  const char* name;
  std::pair<std::string, std::string> change;
  const char* problem;
};
class BrokenDataEncryption : public DataEncryption, public ::testing::WithParamInterface<BrokenKey> {};

TEST_P(BrokenDataEncryption, IsTheOnlyProblemAndSaysNoKey) {
  environment.set(GetParam().change.first, GetParam().change.second);
  const std::string problem = load().problem();
  EXPECT_THAT(problem, HasSubstr(GetParam().problem));
  EXPECT_EQ(problem.find(kKey.substr(0, 16)), std::string::npos) << "a key was printed";
}

INSTANTIATE_TEST_SUITE_P(
    Rules, BrokenDataEncryption,
    ::testing::Values(
        BrokenKey{"Driver", {"AUTHPLANE_DATA_ENCRYPTION_DRIVER", "AES_MASTER"}, "driver: 'AES_MASTER'"},
        BrokenKey{"Vault",
                  {"AUTHPLANE_DATA_ENCRYPTION_DRIVER", "vault_transit_encrypt"},
                  "vault_transit_encrypt is not available in this build"},
        BrokenKey{"NoName", {"AUTHPLANE_DATA_ENCRYPTION_KEY_ENV", ""}, "key_env: is empty"},
        BrokenKey{"KeyAsName", {"AUTHPLANE_DATA_ENCRYPTION_KEY_ENV", "NOT_SET"}, "NOT_SET, which is not set"},
        BrokenKey{"Empty", {"MASTER_KEY", ""}, "MASTER_KEY, which is not set"},
        BrokenKey{"Short", {"MASTER_KEY", kKey.substr(1)}, "does not hold 64 characters"},
        BrokenKey{"Long", {"MASTER_KEY", kKey + "0"}, "does not hold 64 characters"},
        BrokenKey{"Space", {"MASTER_KEY", kKey.substr(1) + " "}, "other characters"},
        BrokenKey{"NoHex", {"MASTER_KEY", kKey.substr(1) + "g"}, "other characters"}),
    [](const auto& rule) { return std::string(rule.param.name); });

TEST_F(DataEncryption, TheOldKeyHasTheSameRulesAndIsAnother) {
  const std::string yaml = "data_encryption: {aes_master: {old_key_env: OLD_KEY}}";
  for (const std::string& value : {std::string(), kKey.substr(1), std::string(64, 'x')}) {
    environment.set("OLD_KEY", value);
    EXPECT_THAT(load(yaml).problem(), HasSubstr("old_key_env: names the variable OLD_KEY")) << value;
  }
  environment.set("OLD_KEY", kKey);
  EXPECT_THAT(load(yaml).problem(), HasSubstr("the same key"));
}

TEST_F(DataEncryption, TheOldKeyIsComparedAsAKeyNotAsText) {
  std::string upper = kKey;
  for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'f' ? c - 'a' + 'A' : c);
  environment.set("OLD_KEY", upper);
  EXPECT_THAT(load("data_encryption: {aes_master: {old_key_env: OLD_KEY}}").problem(),
              HasSubstr("the same key"));
}

// Credentials that nobody could encrypt must not be asked for.
TEST_F(DataEncryption, WhatNeedsItDoesNotStartWithoutIt) {
  const char* const asking[] = {
      "connect: {redirect_base_url: 'https://as.example'}",
      "connect: {allowed_return_urls: ['https://app.example/done']}",
      "resources: [{slug: github, backend_kind: broker, display_name: GitHub, broker_provider_id: p, "
      "policy: {connect: {allowed_return_urls: ['https://app.example/done']}}}]",
  };
  for (const char* yaml : asking) EXPECT_EQ(load(yaml).problem().find("data_encryption"), std::string::npos);
  environment.set("AUTHPLANE_DATA_ENCRYPTION_DRIVER", "");
  for (const char* yaml : asking) {
    const auto loaded = load(yaml).result;
    ASSERT_FALSE(loaded) << yaml;
    EXPECT_THAT(describe(loaded.error()), HasSubstr("data_encryption.driver: is empty although")) << yaml;
  }
}

TEST_F(DataEncryption, PrivateUpstreamsAreForDevelopmentAndSaidAtTheStart) {
  environment.set("AUTHPLANE_BROKER_ALLOW_PRIVATE_UPSTREAMS", "true");
  const Loaded loaded = load();
  ASSERT_EQ(loaded.problem(), "");
  EXPECT_TRUE(loaded.result->config.broker.allow_private_upstreams);
  EXPECT_THAT(loaded.result->advice, Contains(HasSubstr("broker.allow_private_upstreams is true")));
  environment.set("AUTHPLANE_SERVER_ISSUER", "https://as.example");
  environment.set("AUTHPLANE_SESSION_SECRET", "0123456789abcdef");
  environment.set("AUTHPLANE_SESSION_SECURE", "true");
  environment.set("AUTHPLANE_ADMIN_ENABLED", "false");
  EXPECT_THAT(load().problem(), HasSubstr("broker.allow_private_upstreams: is true, which only a localhost"));
}

}  // namespace
}  // namespace authplane::authserver
