#include "tier03.h"

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>

#include "weak_key.h"

// Tier 03 under attack: tokens without their proofs, and proofs with one thing wrong.

namespace authplane::e2e {
namespace {

class Tier03Attacks : public Tier03Test {};

std::string unsigned_text(const ProofBuilder& proof) {
  return base64url_encode(proof.header_json()) + "." + base64url_encode(proof.payload_json());
}
std::string without_signature(ProofBuilder proof) {
  return unsigned_text(proof.header("alg", "none")) + ".";
}
std::string hs256(ProofBuilder proof, std::string_view secret) {
  const std::string input = unsigned_text(proof.header("alg", "HS256"));
  return input + "." + base64url_encode(as_bytes(hmac_sha256(secret, input)));
}

TEST_F(Tier03Attacks, N1NoTokenIsChallengedForBothSchemes) {
  const auto reply = post({}, initialize_call());
  EXPECT_EQ(reply.status, 401);
  const auto challenges = reply.headers.all("WWW-Authenticate");
  ASSERT_EQ(challenges.size(), 2u);
  std::string bearer, dpop;
  for (const auto& challenge : challenges) (challenge.starts_with("DPoP ") ? dpop : bearer) = challenge;
  const std::string metadata = "resource_metadata=\"" + tier->resource.substr(0, tier->resource.size() - 4) +
                               "/.well-known/oauth-protected-resource/mcp\"";
  EXPECT_TRUE(bearer.starts_with("Bearer ")) << bearer;
  EXPECT_NE(bearer.find(metadata), std::string::npos) << bearer;
  EXPECT_NE(dpop.find("algs=\"ES256"), std::string::npos) << dpop;
  EXPECT_NE(dpop.find(metadata), std::string::npos) << dpop;
  EXPECT_EQ((bearer + dpop).find("error="), std::string::npos) << "no token was sent";
}

TEST_F(Tier03Attacks, N2StolenTokenAsABearerToken) {
  const auto token = bound_token();
  const auto session = open_session(token);
  expect_refused(post(presented(token, "", "Bearer"), echo_call(kCanary), session), "DPoP", "invalid_token");
}

TEST_F(Tier03Attacks, N2TheAgentWithoutItsProofsFails) {
  const auto run = tier->run_agent({{"AGENT_DROP_DPOP_PROOF", "1"}});
  EXPECT_EQ(run.code, 1);
  EXPECT_EQ(run.out, "[agent] token OK (DPoP)\n");
  EXPECT_NE(run.err.find("401"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("invalid_token"), std::string::npos) << run.err;
}

TEST_F(Tier03Attacks, N3StolenTokenWithoutAProof) {
  const auto token = bound_token();
  const auto session = open_session(token);
  expect_refused(post(presented(token, ""), echo_call(kCanary), session), "DPoP", "invalid_token");
}

TEST_F(Tier03Attacks, N4ProofByAnotherKey) {
  const auto token = bound_token();
  expect_proof_refused(token, proof(token).key(thief()).build(), "key", "invalid_token");
}

TEST_F(Tier03Attacks, N4ProofWithTheRightKeyShownAndAnotherSigning) {
  expect_refused_when("signature",
                      [](ProofBuilder& p) { p.key(thief()).header("jwk", key().public_key().to_jwk()); });
}

TEST_F(Tier03Attacks, N5TheSameRequestTwice) {
  const auto token = bound_token();
  const auto session = open_session(token);
  const auto headers = presented(token, proof(token).build());
  EXPECT_EQ(first_text(post(headers, add_call(), session)), "5");
  expect_refused(post(headers, add_call(), session), "DPoP", "invalid_token");
  expect_refused(post(headers, echo_call(kCanary), session), "DPoP", "invalid_token");
}

TEST_F(Tier03Attacks, N5ServersThatShareAFileRefuseEachOthersReplays) {
  const int port = free_port();
  const auto resource = resource_at(port);
  tier->as.register_resource("shared-replays", resource, {"mcp:echo"});
  const auto token = bound_token("mcp:echo", resource);
  const Environment shared = {{"DPOP_REPLAY_FILE", (tier->folder.path() / "replays").string()}};
  auto first = tier->start_server("shared1", port, resource, shared);
  const auto second = tier->start_server("shared2", free_port(), resource, shared);
  const auto headers = presented(token, proof(token).url(resource).build());
  EXPECT_EQ(post_mcp(first->url(), initialize_call(), headers).status, 200);
  expect_refused(post_mcp(second->url(), initialize_call(), headers), "DPoP", "invalid_token");
  first->process().kill();
  first = tier->start_server("shared3", free_port(), resource, shared);
  expect_refused(post_mcp(first->url(), initialize_call(), headers), "DPoP", "invalid_token");
}

TEST_F(Tier03Attacks, N6AnotherMethod) {
  for (const char* method : {"GET", "post", ""}) {
    SCOPED_TRACE(method);
    expect_refused_when("htm", [&](ProofBuilder& p) { p.method(method); });
  }
}

TEST_F(Tier03Attacks, N7AnotherUrl) {
  const std::string origin = tier->resource.substr(0, tier->resource.size() - 4);
  for (const auto& htu : {origin + "/other", origin + "/mcp/", origin + "/%2Fmcp", origin + "/MCP", origin,
                          tier->server->url(), std::string("http://localhost:1/mcp"),
                          "https" + tier->resource.substr(4), std::string("/mcp"), std::string()}) {
    SCOPED_TRACE(htu);
    expect_refused_when("htu", [&](ProofBuilder& p) { p.url(htu); });
  }
}

TEST_F(Tier03Attacks, N8AnotherTime) {
  expect_refused_when("iat", [](ProofBuilder& p) { p.claim("iat", in_seconds(-3600)); });
  expect_refused_when("iat", [](ProofBuilder& p) { p.claim("iat", in_seconds(3600)); });
  expect_refused_when("(exp)", [](ProofBuilder& p) { p.claim("exp", in_seconds(-3600)); });
}

TEST_F(Tier03Attacks, N9AnotherToken) {
  expect_refused_when("ath", [](ProofBuilder& p) { p.without_claim("ath"); });
  expect_refused_when("ath", [](ProofBuilder& p) { p.access_token("another"); });
}

TEST_F(Tier03Attacks, N10AnotherKindOfJwt) {
  expect_refused_when("typ", [](ProofBuilder& p) { p.header("typ", "JWT"); });
  expect_refused_when("typ", [](ProofBuilder& p) { p.without_header("typ"); });
  expect_refused_when("jwk", [](ProofBuilder& p) { p.without_header("jwk"); });
  expect_refused_when("jti", [](ProofBuilder& p) { p.without_claim("jti"); });
  expect_refused_when("iat", [](ProofBuilder& p) { p.without_claim("iat"); });
  expect_refused_when("crit", [](ProofBuilder& p) { p.header("crit", nlohmann::json::array({"x"})); });
  expect_proof_refused(bound_token(), "garbage", "DPoP proof");
}

TEST_F(Tier03Attacks, N10AnotherAlgorithm) {
  const auto token = bound_token();
  expect_proof_refused(token, without_signature(proof(token)), "alg");
  for (const auto& secret : {key().public_key().to_pem(), key().public_key().to_jwk().dump()}) {
    expect_proof_refused(token, hs256(proof(token), secret), "alg");
  }
}

TEST_F(Tier03Attacks, N10PrivateKeyInTheProof) {
  auto jwk = key().public_key().to_jwk();
  jwk["d"] = base64url_encode(std::string(32, 'd'));
  expect_refused_when("jwk", [&](ProofBuilder& p) { p.header("jwk", jwk); });
}

// Even with tokens that are bound to them, which this authorization server would not issue.
TEST_F(Tier03Attacks, N10WeakKeys) {
  for (const auto kind : {WeakKind::rsa_1024, WeakKind::p192}) {
    const WeakKey weak(kind);
    const auto token = forged_token().claim("cnf", {{"jkt", weak.thumbprint()}}).build();
    const auto reply = post(presented(token, weak.sign(proof(token))), initialize_call());
    expect_refused(reply, "DPoP", "invalid_dpop_proof");
    EXPECT_NE(reply.header("WWW-Authenticate").find("jwk"), std::string::npos)
        << reply.header("WWW-Authenticate");
  }
}

TEST_F(Tier03Attacks, N11TwoProofs) {
  const auto token = bound_token();
  const auto session = open_session(token);
  auto two_fields = presented(token, proof(token).build());
  two_fields.add("DPoP", proof(token).build());
  expect_refused(post(two_fields, echo_call(kCanary), session), "DPoP", "invalid_dpop_proof");
  const auto one_field = presented(token, proof(token).build() + ", " + proof(token).build());
  expect_refused(post(one_field, echo_call(kCanary), session), "DPoP", "invalid_dpop_proof");
}

TEST_F(Tier03Attacks, N12UnboundTokens) {
  const auto reply = tier->as.token(tier->client, "mcp:echo", tier->resource);
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.json()["token_type"], "Bearer") << "a proof is the client's choice at the token endpoint";
  const auto plain = reply.json().value("access_token", "");
  EXPECT_FALSE(jwt_part(plain, 1).contains("cnf"));
  expect_refused(post(presented(plain, "", "Bearer"), initialize_call()), "DPoP", "invalid_token");
  expect_refused(post(presented(plain, proof(plain).build()), initialize_call()), "DPoP", "invalid_token");
}

TEST_F(Tier03Attacks, N13ServerWithoutDpopDoesNotTakeBoundTokensForBearerTokens) {
  const int port = free_port();
  const auto resource = resource_at(port);
  tier->as.register_resource("bearer-only", resource, {"mcp:echo"});
  const ExampleServer server("bearer-only", TIER01_BINARY, port,
                             {{"AUTHPLANE_ISSUER", tier->as.issuer()}, {"AUTHPLANE_RESOURCE", resource}},
                             tier->folder.path());
  const auto token = bound_token("mcp:echo", resource);
  const auto good = proof(token).url(resource).build();
  expect_refused(post_mcp(server.url(), initialize_call(), presented(token, good)), "Bearer",
                 "invalid_token");
  expect_refused(post_mcp(server.url(), initialize_call(), presented(token, "", "Bearer")), "Bearer",
                 "invalid_token");
}

TEST_F(Tier03Attacks, N14TokenEndpointRefusesBadProofs) {
  expect_token_request_refused("garbage");
  expect_token_request_refused(token_proof().url(tier->resource).build());
  expect_token_request_refused(token_proof().method("GET").build());
  expect_token_request_refused(token_proof().claim("iat", in_seconds(-3600)).build());
  expect_token_request_refused(token_proof().header("typ", "JWT").build());
  expect_token_request_refused(token_proof().key(thief()).header("jwk", key().public_key().to_jwk()).build());
  expect_token_request_refused(without_signature(token_proof()));
  expect_token_request_refused(hs256(token_proof(), key().public_key().to_pem()));
  expect_token_request_refused(WeakKey(WeakKind::rsa_1024).sign(token_proof()));
  expect_token_request_refused(WeakKey(WeakKind::p192).sign(token_proof()));
  const auto two = tier->as.token(tier->client, "mcp:echo", tier->resource,
                                  {{"DPoP", token_proof().build()}, {"DPoP", token_proof().build()}});
  EXPECT_EQ(two.status, 400) << two.body;
}

TEST_F(Tier03Attacks, N14TokenEndpointTakesAProofOnce) {
  const auto once = token_proof().build();
  EXPECT_EQ(token_reply("mcp:echo", once).status, 200);
  expect_token_request_refused(once);
}

TEST_F(Tier03Attacks, N15GoodProofForATokenThatIsNotGood) {
  EXPECT_EQ(call(forged_token().build(), initialize_call()).status, 200) << "the forge itself";
  expect_token_refused(
      forged_token().claim("iat", in_seconds(-7200)).claim("exp", in_seconds(-3600)).build());
  expect_token_refused(forged_token().issuer(tier->as.issuer() + "/").build());
  expect_token_refused(forged_token().audience(tier->resource + "/other").build());
  expect_token_refused(forged_token().header("typ", "JWT").build());
  expect_token_refused(forged_token().header("kid", "nobody").build());
  expect_token_refused(forged_token().build_unsigned());
  expect_token_refused(forged_token().build_hs256(tier->as.signing_key().public_key().to_pem()));
  expect_token_refused(forged_token().key(thief()).header("kid", jwt_part(bound_token(), 0)["kid"]).build());
  expect_token_refused("garbage");
}

TEST_F(Tier03Attacks, N15TokenBoundToNothingThatIsAKey) {
  for (const auto& cnf : {nlohmann::ordered_json{{"jkt", ""}}, nlohmann::ordered_json::object()}) {
    SCOPED_TRACE(cnf.dump());
    expect_token_refused(forged_token().claim("cnf", cnf).build());
  }
}

// This authorization server has neither of the grants that would carry a binding on.
TEST_F(Tier03Attacks, N16NoGrantCarriesABindingOn) {
  for (const char* grant : {"refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange"}) {
    const auto reply =
        http("POST", tier->as.url("/oauth/token"),
             {{"Authorization", "Basic " + base64_encode(tier->client.id + ":" + tier->client.secret)},
              {"Content-Type", "application/x-www-form-urlencoded"},
              {"DPoP", token_proof().key(thief()).build()}},
             std::string("grant_type=") + grant + "&refresh_token=x&subject_token=" + bound_token() +
                 "&subject_token_type=urn:ietf:params:oauth:token-type:access_token");
    EXPECT_EQ(reply.status, 400) << reply.body;
    EXPECT_FALSE(reply.json().contains("access_token"));
  }
}

// Last, so that it sees the logs of everything above.
TEST_F(Tier03Attacks, ZzNoSecretTokenOrProofIsInAnyLog) {
  const auto token = bound_token();
  call(token, initialize_call());
  expect_proof_refused(token, proof(token).build() + "x", "DPoP proof");
  const std::string logs = tier->as.log() + tier->server->log();
  EXPECT_EQ(logs.find(tier->client.secret), std::string::npos);
  EXPECT_EQ(logs.find("eyJ"), std::string::npos);
  EXPECT_EQ(logs.find(token.substr(token.rfind('.'))), std::string::npos);
}

}  // namespace
}  // namespace authplane::e2e
