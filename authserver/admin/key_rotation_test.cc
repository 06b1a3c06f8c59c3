// Keys are rotated over HTTP while tokens are issued and verified, with the keys in files as in production.

#include <atomic>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <authplane/jose/jwks.h>
#include <authplane/jose/jws.h>
#include <authplane/testing/temp_folder.h>

#include "authserver/admin/test_admin.h"
#include "authserver/storage/keyfile/keyfile.h"

namespace authplane::authserver {
namespace {

class KeyRotationTest : public AdminTest {
 protected:
  KeyRotationTest() {
    add(client_named("agent-1"));
    add(resource_named("demo", std::string(kResource), {"mcp:echo"}));
    handler = AdminApi::create({.config = config,
                                .api_key = api_key,
                                .client_secret_pepper = pepper,
                                .storage = storage,
                                .signing_keys = *keyfile_,
                                .ids = ids,
                                .clock = clock,
                                .random = random,
                                .logger = logger,
                                .metrics = metrics,
                                .metrics_text = {}});
    public_ = PublicApi::create({.config = public_config(),
                                 .client_secret_pepper = pepper,
                                 .session_secret = session_secret,
                                 .storage = storage,
                                 .signing_keys = *keyfile_,
                                 .ids = ids,
                                 .clock = clock,
                                 .random = random,
                                 .logger = logger,
                                 .metrics = metrics});
  }

  PublicApiConfig public_config() const {
    PublicApiConfig out = TestServer::config;
    out.rate_limit = std::nullopt;
    return out;
  }
  std::string issue_token() const {
    const HttpResponse response = public_({.method = "POST",
                                           .target = "/oauth/token",
                                           .headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                                                       {"Authorization", basic("agent-1", kSecret)}},
                                           .body = "grant_type=client_credentials&scope=mcp%3Aecho",
                                           .remote_address = "192.0.2.7"});
    EXPECT_EQ(response.status, 200) << response.body;
    return json_of(response)["access_token"];
  }
  std::string published() const {
    return public_({.method = "GET",
                    .target = "/.well-known/jwks.json",
                    .headers = {},
                    .body = "",
                    .remote_address = "192.0.2.7"})
        .body;
  }
  static bool verifies(const std::string& token, const std::string& jwks) {
    const auto jws = parse_unverified_jws(token);
    const auto set = JwkSet::parse(jwks);
    const PublicKey* key = set->find(jws->header["kid"].get<std::string>(), JwsAlgorithm::ES256);
    return key != nullptr && key->verify(JwsAlgorithm::ES256, jws->signing_input, jws->signature);
  }

  testing::TempFolder directory_;
  std::unique_ptr<SigningKeyStore> keyfile_ =
      open_keyfile({.directory = directory_.file("keys"), .longest_token_lifetime = std::chrono::hours(2)},
                   clock.now_seconds(), logger)
          .value();
  HttpHandler public_;
};

TEST_F(KeyRotationTest, NoTokenIsOrphanedWhileItLives) {
  constexpr int kIssuers = 3, kRotations = 6, kAtLeast = 20;
  std::atomic<bool> rotating = true;
  std::vector<std::vector<std::string>> issued(kIssuers);
  std::vector<std::thread> issuers;
  for (std::vector<std::string>& mine : issued) {
    issuers.emplace_back([&] {
      while (rotating || mine.size() < kAtLeast) {
        mine.push_back(issue_token());
        // Whoever fetches the keys after receiving a token finds the one it is signed with.
        const std::string now_published = published();
        EXPECT_TRUE(verifies(mine.back(), now_published));
        EXPECT_TRUE(verifies(mine.front(), now_published));
      }
    });
  }
  std::vector<std::string> kids{keyfile_->keys()->kid};
  for (int i = 0; i < kRotations; ++i) {
    const std::string before = issue_token();
    const HttpResponse response = call("POST", "/admin/keys/rotate");
    EXPECT_EQ(response.status, 200) << response.body;
    kids.push_back(json_of(response)["kid"]);
    // The new key signs at once.
    EXPECT_EQ(parse_unverified_jws(issue_token())->header["kid"], kids.back());
    EXPECT_TRUE(verifies(before, published()));
  }
  rotating = false;
  for (std::thread& issuer : issuers) issuer.join();

  const std::string at_last = published();
  for (const auto& mine : issued) {
    for (const std::string& token : mine) EXPECT_TRUE(verifies(token, at_last));
  }
  const Json listed = json_of(call("GET", "/admin/keys"))["keys"];
  EXPECT_EQ(listed[0]["kid"], kids.back());
  std::vector<std::string> listed_kids;
  for (const Json& key : listed) {
    EXPECT_EQ(key["status"], listed_kids.empty() ? "current" : "previous");
    listed_kids.push_back(key["kid"]);
  }
  EXPECT_THAT(listed_kids, ::testing::UnorderedElementsAreArray(kids));
}

TEST_F(KeyRotationTest, RotationsAtTheSameTimeAllCount) {
  std::vector<std::thread> operators;
  for (int i = 0; i < 4; ++i) {
    operators.emplace_back([&] { EXPECT_EQ(call("POST", "/admin/keys/rotate").status, 200); });
  }
  for (std::thread& one : operators) one.join();
  EXPECT_EQ(json_of(call("GET", "/admin/keys"))["keys"].size(), 5u);
  EXPECT_EQ(metrics.count("authserver_key_rotation_total"), 4);
}

TEST_F(KeyRotationTest, KeyOfTokensThatHaveExpiredIsPublishedNoMore) {
  const std::string first = keyfile_->keys()->kid;
  ASSERT_EQ(call("POST", "/admin/keys/rotate").status, 200);
  EXPECT_NE(published().find(first), std::string::npos);
  clock.advance(std::chrono::hours(3));
  ASSERT_EQ(call("POST", "/admin/keys/rotate").status, 200);
  EXPECT_EQ(published().find(first), std::string::npos);
  EXPECT_EQ(json_of(call("GET", "/admin/keys"))["keys"].size(), 2u);
}

}  // namespace
}  // namespace authplane::authserver
