#include <authplane/resource/guard.h>

#include "dpop_test_support.h"

// Proofs of possession as a client sees them: status, scheme and `error` of each refusal, and that nothing
// ran.

namespace authplane {
namespace {

using resource_test::kResource;
using resource_test::Mode;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class GuardDpop : public resource_test::DpopTest {
 protected:
  static HttpRequest request(Headers headers, std::string target = "/mcp") {
    HttpRequest built;
    built.method = "POST";
    built.target = std::move(target);
    built.headers = std::move(headers);
    return built;
  }
  static HttpRequest with_proof(const std::string& text, const std::string& proof,
                                const std::string& scheme = "DPoP") {
    return request({{"Host", "evil.example"}, {"Authorization", scheme + " " + text}, {"DPoP", proof}});
  }
  HttpHandler protect(const Resource& resource, std::vector<std::string> scopes = {}) {
    return RequestGuard(resource).protect(
        [this](const HttpRequest&, const Authenticated&) {
          ++runs;
          return HttpResponse();
        },
        std::move(scopes));
  }
  // 401 with that challenge as its only one, and the handler did not run.
  void expect_refused(const HttpRequest& asked, const std::string& scheme, const std::string& error) {
    const int before = runs;
    const HttpResponse response = handler(asked);
    EXPECT_EQ(response.status, 401);
    const std::string challenge(response.headers.get("WWW-Authenticate").value_or("none"));
    EXPECT_THAT(challenge, StartsWith(scheme + " "));
    EXPECT_THAT(challenge, HasSubstr("error=\"" + error + "\""));
    EXPECT_THAT(challenge, HasSubstr("resource_metadata=\"https://rs.example/.well-known/"));
    EXPECT_EQ(runs, before);
  }
  void expect_bad_proof(const testing::ProofBuilder& built) {
    expect_refused(with_proof(bound, built.build()), "DPoP", "invalid_dpop_proof");
  }

  const std::string bound = bound_token();
  int runs = 0;
  HttpHandler handler = protect(in_mode(Mode::required));
};

TEST_F(GuardDpop, RequestWithoutCredentialsGetsBothChallenges) {
  const HttpResponse response = handler(request({}));
  EXPECT_EQ(response.status, 401);
  const auto challenges = response.headers.all("WWW-Authenticate");
  ASSERT_EQ(challenges.size(), 2u);
  EXPECT_THAT(std::string(challenges[0]), StartsWith("Bearer "));
  EXPECT_THAT(std::string(challenges[0]), Not(HasSubstr("error")));
  EXPECT_EQ(challenges[1],
            "DPoP algs=\"ES256 RS256 PS256\", "
            "resource_metadata=\"https://rs.example/.well-known/oauth-protected-resource/mcp\"");
  EXPECT_EQ(protect(in_mode(Mode::supported))(request({})).headers.count("WWW-Authenticate"), 1u);
  EXPECT_EQ(runs, 0);
}

TEST_F(GuardDpop, GoodProofPassesUnderEitherSchemeName) {
  for (const char* scheme : {"DPoP", "dpop", "Bearer"}) {
    EXPECT_EQ(handler(with_proof(bound, proof(bound).build(), scheme)).status, 200) << scheme;
  }
  EXPECT_EQ(runs, 3);
}

TEST_F(GuardDpop, BoundTokenWithoutAProof) {
  expect_refused(request({{"Authorization", "Bearer " + bound}}), "DPoP", "invalid_token");
  expect_refused(request({{"Authorization", "DPoP " + bound}}), "DPoP", "invalid_token");
  expect_refused(request({{"Authorization", "DPoP " + bound}, {"DPoP", " , "}}), "DPoP", "invalid_token");
}

TEST_F(GuardDpop, ProofOfAnotherKey) {
  expect_refused(with_proof(bound, proof(bound).key(other_key()).build()), "DPoP", "invalid_token");
}

TEST_F(GuardDpop, ExactReplayOfAnAcceptedRequest) {
  const HttpRequest sent = with_proof(bound, proof(bound).build());
  EXPECT_EQ(handler(sent).status, 200);
  expect_refused(sent, "DPoP", "invalid_token");
}

TEST_F(GuardDpop, ProofForAnotherRequest) {
  expect_bad_proof(proof(bound).method("GET"));
  for (const char* url : {"https://rs.example/other", "https://evil.example/mcp",
                          "https://rs.example:444/mcp", "https://rs.example%2Fmcp"}) {
    expect_bad_proof(proof(bound).url(url));
  }
}

TEST_F(GuardDpop, ProofOfAnotherTime) {
  expect_bad_proof(proof(bound).claim("iat", unix_now() - 331));
  expect_bad_proof(proof(bound).claim("iat", unix_now() + 31));
  expect_bad_proof(proof(bound).claim("exp", unix_now() - 31));
}

TEST_F(GuardDpop, ProofForAnotherToken) {
  expect_bad_proof(proof(bound).without_claim("ath"));
  expect_bad_proof(proof(bound).access_token(token().build()));
}

TEST_F(GuardDpop, ProofThatIsNone) {
  expect_bad_proof(proof(bound).header("typ", "JWT"));
  expect_bad_proof(proof(bound).header("alg", "none"));
  expect_bad_proof(proof(bound).header("alg", "HS256"));
  expect_bad_proof(proof(bound).without_header("jwk"));
  expect_refused(with_proof(bound, "garbage"), "DPoP", "invalid_dpop_proof");
  expect_refused(with_proof(bound, std::string(9'000, 'a')), "DPoP", "invalid_dpop_proof");
}

TEST_F(GuardDpop, TwoProofsHoweverTheyCome) {
  const std::string one = proof(bound).build(), two = proof(bound).build();
  HttpRequest apart = with_proof(bound, one);
  apart.headers.add("dpop", two);
  expect_refused(apart, "DPoP", "invalid_dpop_proof");
  expect_refused(with_proof(bound, one + "," + two), "DPoP", "invalid_dpop_proof");
  expect_refused(with_proof(bound, one + ", " + one), "DPoP", "invalid_dpop_proof");
  EXPECT_EQ(handler(with_proof(bound, one)).status, 200) << "neither was spent";
}

TEST_F(GuardDpop, BearerTokenWhereProofsAreRequired) {
  const std::string bearer = token().build();
  expect_refused(request({{"Authorization", "Bearer " + bearer}}), "DPoP", "invalid_token");
  expect_refused(with_proof(bearer, proof(bearer).build()), "DPoP", "invalid_token");
}

TEST_F(GuardDpop, BearerTokenWhereProofsAreOptional) {
  handler = protect(in_mode(Mode::supported));
  const std::string bearer = token().build();
  EXPECT_EQ(handler(request({{"Authorization", "Bearer " + bearer}})).status, 200);
  expect_refused(with_proof(bearer, proof(bearer).build(), "Bearer"), "DPoP", "invalid_token");
  expect_refused(request({{"Authorization", "DPoP " + bearer}}), "DPoP", "invalid_token");
  expect_refused(request({{"Authorization", "Bearer " + bound}}), "DPoP", "invalid_token");
}

TEST_F(GuardDpop, ResourceWithoutDpopNeverTakesABoundTokenForABearerToken) {
  handler = protect(in_mode(Mode::not_configured));
  expect_refused(request({{"Authorization", "Bearer " + bound}}), "Bearer", "invalid_token");
  expect_refused(with_proof(bound, proof(bound).build()), "Bearer", "invalid_token");
  HttpRequest two = with_proof(bound, proof(bound).build());
  two.headers.add("DPoP", proof(bound).build());
  expect_refused(two, "Bearer", "invalid_token");
  EXPECT_EQ(handler(request({})).headers.count("WWW-Authenticate"), 1u);
}

TEST_F(GuardDpop, ExpiredTokenWithAGoodProof) {
  const std::string expired = bound_to(client_key()).claim("exp", unix_now() - 600).build();
  expect_refused(with_proof(expired, proof(expired).build()), "DPoP", "invalid_token");
  expect_refused(with_proof(expired, proof(expired).build(), "Bearer"), "Bearer", "invalid_token");
}

TEST_F(GuardDpop, RevokedTokenWithAGoodProof) {
  ResourceOptions options = with({.required = true});
  options.revocation = [](const auto&, auto) -> Result<bool> { return true; };
  handler = protect(make(options));
  expect_refused(with_proof(bound, proof(bound).build()), "DPoP", "invalid_token");
}

TEST_F(GuardDpop, MissingScopeIsToldInTheSchemeTheTokenCameUnder) {
  handler = protect(in_mode(Mode::required), {"mcp:add"});
  const HttpResponse dpop = handler(with_proof(bound, proof(bound).build()));
  EXPECT_EQ(dpop.status, 403);
  EXPECT_EQ(
      dpop.headers.get("WWW-Authenticate"),
      "DPoP realm=\"https://rs.example/mcp\", error=\"insufficient_scope\", "
      "error_description=\"The access token lacks a scope that this request needs.\", scope=\"mcp:add\", "
      "resource_metadata=\"https://rs.example/.well-known/oauth-protected-resource/mcp\"");
  const HttpResponse bearer = handler(with_proof(bound, proof(bound).build(), "Bearer"));
  EXPECT_EQ(bearer.status, 403);
  EXPECT_THAT(std::string(bearer.headers.get("WWW-Authenticate").value_or("")), StartsWith("Bearer "));
  EXPECT_EQ(runs, 0);
}

TEST_F(GuardDpop, ScopesOfClaimsAloneAreToldByTheirBinding) {
  const RequestGuard guard(in_mode(Mode::supported));
  const auto scheme_for = [&](const HttpRequest& asked) {
    auto caller = guard.authenticate(asked);
    EXPECT_TRUE(caller);
    auto refused = guard.require_scopes(caller->claims, std::vector<std::string>{"mcp:add"});
    EXPECT_FALSE(refused);
    return std::string(refused.error().headers.get("WWW-Authenticate").value_or("")).substr(0, 4);
  };
  EXPECT_EQ(scheme_for(with_proof(bound, proof(bound).build())), "DPoP");
  EXPECT_EQ(scheme_for(request({{"Authorization", "Bearer " + token().build()}})), "Bear");
}

TEST_F(GuardDpop, RequiredScopesOfEveryRequestFollowTheSchemeToo) {
  const RequestGuard guard(in_mode(Mode::required), {.required_scopes = {"mcp:base"}});
  auto refused = guard.authenticate(with_proof(bound, proof(bound).build()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 403);
  EXPECT_THAT(std::string(refused.error().headers.get("WWW-Authenticate").value_or("")), StartsWith("DPoP "));
}

TEST_F(GuardDpop, NonceIsDemandedHandedOutAndRenewed) {
  const auto nonces = dpop::make_nonce_policy(seconds(60), clock);
  handler = protect(make(with({.required = true, .nonce_policy = nonces})));
  const HttpResponse demanded = handler(with_proof(bound, proof(bound).build()));
  EXPECT_EQ(demanded.status, 401);
  EXPECT_THAT(std::string(demanded.headers.get("WWW-Authenticate").value_or("")),
              HasSubstr("error=\"use_dpop_nonce\""));
  EXPECT_THAT(std::string(demanded.headers.get("WWW-Authenticate").value_or("")), StartsWith("DPoP "));
  const std::string given(demanded.headers.get("DPoP-Nonce").value_or(""));
  EXPECT_EQ(given, nonces->current());
  EXPECT_EQ(runs, 0);

  const HttpResponse passed = handler(with_proof(bound, proof(bound).nonce(given).build()));
  EXPECT_EQ(passed.status, 200);
  EXPECT_FALSE(passed.headers.contains("DPoP-Nonce"));
  clock->advance(seconds(60));
  const HttpResponse renewed = handler(with_proof(bound, proof(bound).nonce(given).build()));
  EXPECT_EQ(renewed.status, 200);
  EXPECT_EQ(renewed.headers.get("DPoP-Nonce"), nonces->current());
}

TEST_F(GuardDpop, LogHasTheReasonAndNeitherTokenNorProof) {
  const std::string used = proof(bound).jti("canary-jti").nonce("canary-nonce").build();
  EXPECT_EQ(handler(with_proof(bound, used)).status, 200);
  std::vector<std::string> secrets = {bound, used};
  for (const auto& built :
       {proof(bound).jti("canary-jti"), proof(bound).key(other_key()), proof(bound).method("GET"),
        proof(bound).url("https://canary.example/x"), proof(bound).access_token("canary-token"),
        proof(bound).claim("iat", unix_now() - 1'000).nonce("canary-nonce")}) {
    secrets.push_back(built.build());
    EXPECT_EQ(handler(with_proof(bound, secrets.back())).status, 401);
  }
  EXPECT_EQ(handler(request({{"Authorization", "DPoP " + bound}})).status, 401);
  for (const char* reason : {"dpop_replay_detected", "dpop_binding_mismatch", "method mismatch",
                             "URL mismatch", "ath", "too old", "dpop_proof_missing"}) {
    EXPECT_TRUE(logger->contains(reason)) << reason << "\n" << logger->text();
  }
  EXPECT_FALSE(logger->contains("canary")) << logger->text();
  for (const std::string& secret : secrets) {
    for (std::size_t begin = 0; begin < secret.size();) {
      const std::size_t end = std::min(secret.find('.', begin), secret.size());
      EXPECT_FALSE(logger->contains(secret.substr(begin, end - begin)));
      begin = end + 1;
    }
  }
}

}  // namespace
}  // namespace authplane
