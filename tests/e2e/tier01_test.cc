#include <gtest/gtest.h>

#include <authplane/base/encoding.h>
#include <authplane/base/form.h>
#include <authplane/testing/token_builder.h>

#include "stack.h"

// Tier 01 through real processes: what a caller sees with a token, without one, and with every wrong one.

namespace authplane::e2e {
namespace {

using testing::TokenBuilder;

class Tier01Test : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { tier = new Tier01; }
  static void TearDownTestSuite() {
    tier->tear_down();
    delete tier;
    tier = nullptr;
  }

  std::string good_token() { return tier->as().access_token(tier->client(), "mcp:echo", tier->resource()); }
  // A token the server itself could have issued; each test then breaks one thing.
  TokenBuilder forge() {
    TokenBuilder builder(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
    builder.key(tier->as().signing_key())
        .issuer(tier->as().issuer())
        .audience(tier->resource())
        .scope("mcp:echo");
    return builder;
  }
  void expect_refused(const std::string& token) {
    const auto reply = tier->initialize(token);
    EXPECT_EQ(reply.status, 401) << reply.body;
    EXPECT_NE(reply.header("WWW-Authenticate").find("error=\"invalid_token\""), std::string::npos)
        << reply.header("WWW-Authenticate");
    EXPECT_EQ(reply.header("Mcp-Session-Id"), "");
    EXPECT_EQ(reply.body.find(token), std::string::npos) << "the answer repeats the token";
  }
  std::string prm_url() {
    return tier->resource().substr(0, tier->resource().size() - 4) +
           "/.well-known/oauth-protected-resource/mcp";
  }

  static Tier01* tier;
};
Tier01* Tier01Test::tier = nullptr;

TEST_F(Tier01Test, DiscoveryAnnouncesTheConfiguredIssuer) {
  const auto reply = http("GET", tier->as().url("/.well-known/oauth-authorization-server"));
  ASSERT_EQ(reply.status, 200);
  EXPECT_EQ(reply.json()["issuer"], tier->as().issuer());
  const auto grants = reply.json()["grant_types_supported"];
  EXPECT_NE(std::find(grants.begin(), grants.end(), "client_credentials"), grants.end());
}

TEST_F(Tier01Test, RegisteringAResourceTwiceIsAConflict) {
  const auto reply =
      tier->as().admin("POST", "/admin/resources",
                       {{"slug", "demo-mcp"}, {"uri", tier->resource()}, {"backend_kind", "mint"}});
  EXPECT_EQ(reply.status, 409) << reply.body;
}

TEST_F(Tier01Test, NoTokenIsChallengedWithTheMetadataUrl) {
  const auto reply = tier->initialize("");
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.header("WWW-Authenticate"),
            "Bearer realm=\"" + tier->resource() + "\", resource_metadata=\"" + prm_url() + "\"");
}

TEST_F(Tier01Test, ProtectedResourceMetadataNamesResourceServerAndScope) {
  const auto reply = http("GET", prm_url());
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.json()["resource"], tier->resource());
  EXPECT_EQ(reply.json()["authorization_servers"], nlohmann::json::array({tier->as().issuer()}));
  EXPECT_EQ(reply.json()["scopes_supported"], nlohmann::json::array({"mcp:echo"}));
  EXPECT_EQ(reply.header("Cache-Control"), "max-age=3600");
}

TEST_F(Tier01Test, TokenHasTheClaimsOfTheRequest) {
  const auto reply = tier->as().token(tier->client(), "mcp:echo", tier->resource());
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.header("Cache-Control"), "no-store");
  const auto body = reply.json();
  EXPECT_EQ(body["token_type"], "Bearer");
  EXPECT_FALSE(body.contains("refresh_token"));
  const auto claims = jwt_part(body["access_token"], 1);
  EXPECT_EQ(claims["iss"], tier->as().issuer());
  EXPECT_EQ(claims["aud"], nlohmann::json::array({tier->resource()}));
  EXPECT_EQ(claims["sub"], tier->client().id);
  EXPECT_EQ(claims["scope"], "mcp:echo");
  EXPECT_EQ(jwt_part(body["access_token"], 0)["typ"], "at+jwt");
  const auto row = tier->as().admin("GET", "/admin/issuances?jti=" + claims["jti"].get<std::string>());
  EXPECT_EQ(row.json()["count"], 1) << row.body;
}

TEST_F(Tier01Test, WithATokenTheToolAnswers) {
  const auto token = good_token();
  const auto session = tier->open_session(token);
  const auto reply = tier->echo(token, session, "round-trip");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.json()["result"]["content"][0]["text"], "round-trip");
  EXPECT_FALSE(reply.json()["result"].value("isError", false));
}

TEST_F(Tier01Test, TheForgeMakesTokensThatPassWhenNothingIsBroken) {
  EXPECT_EQ(tier->initialize(forge().build()).status, 200);
}

TEST_F(Tier01Test, GarbageIsRefused) {
  expect_refused("garbage");
}

TEST_F(Tier01Test, WrongAudienceIsRefused) {
  const auto other = tier->resource() + "-other";
  tier->as().register_resource("demo-mcp-other", other, {"mcp:echo"});
  expect_refused(tier->as().access_token(tier->client(), "mcp:echo", other));
}
TEST_F(Tier01Test, TokenWithoutResourceIsRefused) {
  expect_refused(tier->as().access_token(tier->client(), "mcp:echo", ""));
}
TEST_F(Tier01Test, WrongIssuerIsRefused) {
  expect_refused(forge().issuer(tier->as().issuer() + "/").build());
}
TEST_F(Tier01Test, ExpiredIsRefused) {
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  expect_refused(forge().claim("iat", now - 7200).claim("exp", now - 3600).build());
}
TEST_F(Tier01Test, UnknownKidIsRefused) {
  expect_refused(forge().header("kid", "nobody").build());
  expect_refused(forge().key(testing::test_key()).build());
}
TEST_F(Tier01Test, AForeignKeyUnderOurKidIsRefused) {
  const auto kid = tier->as().signing_key().public_key().thumbprint();
  expect_refused(forge().key(testing::test_key()).header("kid", kid).build());
}
TEST_F(Tier01Test, AlgNoneIsRefused) {
  expect_refused(forge().build_unsigned());
}
TEST_F(Tier01Test, Hs256WithThePublicKeyIsRefused) {
  const PublicKey key = tier->as().signing_key().public_key();
  expect_refused(forge().build_hs256(key.to_pem()));
  expect_refused(forge().build_hs256(key.to_jwk().dump()));
}
TEST_F(Tier01Test, FlippedSignatureBitsAreRefused) {
  const auto token = good_token();
  const auto dot = token.rfind('.');
  auto signature = *base64url_decode(token.substr(dot + 1));
  for (std::size_t i : {0u, 31u, 32u, 63u}) {
    auto broken = signature;
    broken[i] = static_cast<char>(broken[i] ^ 1);
    expect_refused(token.substr(0, dot + 1) + base64url_encode(broken));
  }
}
TEST_F(Tier01Test, WrongTypIsRefused) {
  expect_refused(forge().header("typ", "JWT").build());
}
TEST_F(Tier01Test, BoundTokenIsNotDowngradedToBearer) {
  expect_refused(forge().claim("cnf", {{"jkt", "x"}}).build());
}

TEST_F(Tier01Test, MissingScopeIs403WithTheScopeToAskFor) {
  const auto token = tier->as().access_token(tier->client(), "mcp:other", tier->resource());
  const auto session = tier->open_session(token);
  const auto reply = tier->echo(token, session, "x");
  EXPECT_EQ(reply.status, 403) << reply.body;
  const auto challenge = reply.header("WWW-Authenticate");
  EXPECT_NE(challenge.find("error=\"insufficient_scope\""), std::string::npos) << challenge;
  EXPECT_NE(challenge.find("scope=\"mcp:echo\""), std::string::npos) << challenge;
}

TEST_F(Tier01Test, UnregisteredResourceIsInvalidTarget) {
  const auto reply = tier->as().token(tier->client(), "mcp:echo", tier->resource() + "/");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.json()["error"], "invalid_target");
}
TEST_F(Tier01Test, ScopeOutsideTheCatalogueIsInvalidScope) {
  const auto client = tier->as().register_client("wide", "mcp:echo mcp:unknown");
  const auto reply = tier->as().token(client, "mcp:unknown", tier->resource());
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.json()["error"], "invalid_scope");
}
TEST_F(Tier01Test, ScopeOutsideTheClientIsInvalidScope) {
  const auto client = tier->as().register_client("narrow", "mcp:other");
  EXPECT_EQ(tier->as().token(client, "mcp:echo", tier->resource()).json()["error"], "invalid_scope");
}
TEST_F(Tier01Test, WrongSecretIsInvalidClient) {
  const auto reply = tier->as().token({tier->client().id, "wrong"}, "mcp:echo", tier->resource());
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.json()["error"], "invalid_client");
  EXPECT_NE(reply.header("WWW-Authenticate").find("Basic"), std::string::npos);
}
TEST_F(Tier01Test, UnknownClientLooksLikeAWrongSecret) {
  const auto unknown = tier->as().token({"nobody", "wrong"}, "mcp:echo", tier->resource());
  const auto wrong = tier->as().token({tier->client().id, "wrong"}, "mcp:echo", tier->resource());
  EXPECT_EQ(unknown.status, wrong.status);
  EXPECT_EQ(unknown.body, wrong.body);
}

TEST_F(Tier01Test, TokenInTheQueryIsRefused) {
  const auto reply =
      http("POST", tier->mcp_url() + "?access_token=" + good_token(),
           {{"Content-Type", "application/json"}, {"Accept", "application/json, text/event-stream"}},
           initialize_call().dump());
  EXPECT_EQ(reply.status, 400) << "RFC 6750 section 2.3: refused, not ignored";
}
TEST_F(Tier01Test, TwoAuthorizationHeadersAreABadRequest) {
  const auto token = good_token();
  Headers headers = {{"Content-Type", "application/json"},
                     {"Accept", "application/json, text/event-stream"},
                     {"Authorization", "Bearer " + token},
                     {"Authorization", "Bearer garbage"}};
  EXPECT_EQ(http("POST", tier->mcp_url(), headers, initialize_call().dump()).status, 400);
}
TEST_F(Tier01Test, ASessionBelongsToTheCallerThatOpenedIt) {
  const auto session = tier->open_session(good_token());
  const auto thief = tier->as().register_client("thief", "mcp:echo");
  const auto reply = tier->echo(tier->as().access_token(thief, "mcp:echo", tier->resource()), session, "x");
  EXPECT_EQ(reply.status, 404) << reply.body;
}

TEST_F(Tier01Test, TransportRulesHaveTheirOwn4xx) {
  const auto token = good_token();
  const auto session = tier->open_session(token);
  EXPECT_EQ(tier->post(token, echo_call("x")).status, 400) << "no session id";
  EXPECT_EQ(tier->post(token, echo_call("x"), {{"Mcp-Session-Id", "unknown"}}).status, 404);
  EXPECT_EQ(tier->post(token, echo_call("x"), {{"Mcp-Session-Id", session}, {"Accept", "text/html"}}).status,
            406);
  EXPECT_EQ(
      tier->post(token, echo_call("x"), {{"Mcp-Session-Id", session}, {"Content-Type", "text/plain"}}).status,
      415);
  EXPECT_EQ(
      tier->post(token, echo_call("x"), {{"Mcp-Session-Id", session}, {"Origin", "https://evil.example"}})
          .status,
      403);
  EXPECT_EQ(
      http("GET", tier->mcp_url(), {{"Authorization", "Bearer " + token}, {"Accept", "text/event-stream"}})
          .status,
      405);
  const auto bad_json = http("POST", tier->mcp_url(),
                             {{"Authorization", "Bearer " + token},
                              {"Content-Type", "application/json"},
                              {"Accept", "application/json, text/event-stream"}},
                             "{");
  EXPECT_EQ(bad_json.status, 400);
  EXPECT_EQ(bad_json.json()["error"]["code"], -32700);
}

TEST_F(Tier01Test, SuspendedClientGetsNoToken) {
  const auto client = tier->as().register_client("suspended", "mcp:echo");
  ASSERT_EQ(tier->as().token(client, "mcp:echo", tier->resource()).status, 200);
  ASSERT_EQ(tier->as().admin("PATCH", "/admin/clients/" + client.id + "/suspend").status, 200);
  EXPECT_EQ(tier->as().token(client, "mcp:echo", tier->resource()).status, 401);
}

// Last, so that it sees the logs of everything above.
TEST_F(Tier01Test, ZzNoSecretOrTokenIsInAnyLog) {
  const auto token = good_token();
  tier->initialize(token);
  tier->initialize(token + "x");
  tier->as().token({tier->client().id, "canary-wrong-secret"}, "mcp:echo", tier->resource());
  const std::string logs = tier->as().log() + tier->server().out() + tier->server().err();
  EXPECT_EQ(logs.find(tier->client().secret), std::string::npos);
  EXPECT_EQ(logs.find("canary-wrong-secret"), std::string::npos);
  EXPECT_EQ(logs.find(token.substr(token.rfind('.'))), std::string::npos);
  EXPECT_EQ(logs.find("eyJ"), std::string::npos);
  EXPECT_EQ(logs.find("e2e-admin-key"), std::string::npos);
  EXPECT_EQ(tier->as().admin("GET", "/admin/audit?limit=1000").body.find("eyJ"), std::string::npos);
}

// A stack of its own: a verifier looks for an unknown key once in 30 s, and the attacks above have used that
// up.
TEST(KeyRotation, TokensOfTheOldAndTheNewKeyWork) {
  Tier01 tier;
  const auto before = tier.as().access_token(tier.client(), "mcp:echo", tier.resource());
  ASSERT_EQ(tier.as().admin("POST", "/admin/keys/rotate").status, 200);
  const auto after = tier.as().access_token(tier.client(), "mcp:echo", tier.resource());
  EXPECT_NE(jwt_part(before, 0)["kid"], jwt_part(after, 0)["kid"]);
  EXPECT_EQ(tier.initialize(before).status, 200);
  EXPECT_EQ(tier.initialize(after).status, 200);
  tier.tear_down();
}

}  // namespace
}  // namespace authplane::e2e
