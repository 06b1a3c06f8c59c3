#include "client/client_assertion.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <authplane/jose/jws.h>
#include <authplane/testing/testing.h>

namespace authplane {
namespace {

using authplane::testing::test_key;
using ::testing::HasSubstr;

const std::string kIssuer = "https://as.example/tenant/";
constexpr std::chrono::sys_seconds kNow{std::chrono::seconds(1'800'000'000)};

class ClientAssertionTest : public ::testing::Test {
 protected:
  std::string make(const ClientKey& client) {
    return client_assertion(client, kIssuer, kNow, random).value();
  }
  authplane::testing::SeededRandom random;
};

TEST_F(ClientAssertionTest, SaysWhoForWhomAndHowLong) {
  const std::string text = make({.id = "agent", .key = test_key(), .key_id = "k1"});
  const auto jws = parse_unverified_jws(text).value();
  EXPECT_EQ(jws.header, Json({{"alg", "ES256"}, {"typ", "JWT"}, {"kid", "k1"}}));
  Json claims = Json::parse(jws.payload);
  EXPECT_FALSE(claims["jti"].get<std::string>().empty());
  claims.erase("jti");
  EXPECT_EQ(claims, Json({{"iss", "agent"},
                          {"sub", "agent"},
                          {"aud", kIssuer},
                          {"iat", 1'800'000'000},
                          {"exp", 1'800'000'060}}));
  EXPECT_TRUE(test_key().public_key().verify(JwsAlgorithm::ES256, jws.signing_input, jws.signature));
}

TEST_F(ClientAssertionTest, EveryRequestHasItsOwn) {
  std::set<std::string> ids;
  for (int i = 0; i < 20; ++i) {
    const std::string text = make({.id = "agent", .key = test_key()});
    const auto jws = parse_unverified_jws(text).value();
    EXPECT_FALSE(jws.header.contains("kid"));
    ids.insert(Json::parse(jws.payload)["jti"].get<std::string>());
  }
  EXPECT_EQ(ids.size(), 20U);
}

TEST_F(ClientAssertionTest, TheAlgorithmIsTheKeys) {
  for (const JwsAlgorithm algorithm : {JwsAlgorithm::RS256, JwsAlgorithm::PS256, JwsAlgorithm::EdDSA}) {
    const PrivateKey key = test_key(algorithm);
    const std::string text = make({.id = "agent", .key = key});
    const auto jws = parse_unverified_jws(text).value();
    EXPECT_EQ(jws.header["alg"], std::string(to_string(algorithm)));
    EXPECT_TRUE(key.public_key().verify(algorithm, jws.signing_input, jws.signature));
  }
}

TEST_F(ClientAssertionTest, OnlyServersThatMayTakeItAreAsked) {
  const auto problem = [](TokenEndpointAuth offered) {
    const auto checked = check_takes_assertions(offered, JwsAlgorithm::ES256, kIssuer);
    return checked ? std::string() : checked.error().message;
  };
  EXPECT_EQ(problem({}), "");
  EXPECT_EQ(problem({.methods = {{"none", "private_key_jwt"}}}), "");
  EXPECT_EQ(problem({.methods = {{"private_key_jwt"}}, .signing_algorithms = {{"RS256", "ES256"}}}), "");
  EXPECT_THAT(problem({.methods = {{"client_secret_basic", "none"}}}),
              HasSubstr("does not take private_key_jwt (it takes: client_secret_basic, none)"));
  EXPECT_THAT(problem({.methods = std::vector<std::string>()}), HasSubstr("does not take private_key_jwt"));
  EXPECT_THAT(problem({.methods = {{"private_key_jwt"}}, .signing_algorithms = {{"RS256"}}}),
              HasSubstr("signed with ES256 (it takes: RS256)"));
}

}  // namespace
}  // namespace authplane
