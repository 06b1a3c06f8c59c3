#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <barrier>
#include <functional>
#include <thread>

#include <authplane/jose/jws.h>
#include <authplane/testing/race.h>

#include "authserver/http/token_endpoint_fixture.h"

namespace authplane::authserver {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

const PrivateKey& es256(std::size_t index = 5) {
  return testing::test_key(JwsAlgorithm::ES256, index);
}

std::string in_base64url(const OrderedJson& json) {
  return base64url_encode(to_json_text(json));
}

// A proof that is right in every respect for POST https://as.example/oauth/token at `now`; each test changes
// one thing.
struct TestProof {
  explicit TestProof(std::chrono::sys_seconds now, const PrivateKey& with = es256()) : key(with) {
    header["typ"] = "dpop+jwt";
    header["alg"] = to_string(key.algorithm());
    header["jwk"] = key.public_key().to_jwk();
    static std::atomic<int> made = 0;
    claims["jti"] = "jti-" + std::to_string(++made);
    claims["htm"] = "POST";
    claims["htu"] = std::string(kIssuer) + "/oauth/token";
    claims["iat"] = now.time_since_epoch().count();
  }
  // Signed by the key whatever the header says.
  std::string text() const {
    const std::string input = in_base64url(header) + "." + in_base64url(claims);
    return input + "." + base64url_encode(key.sign(input).value());
  }

  PrivateKey key;
  OrderedJson header, claims;
};

class DpopTest : public TokenEndpointTest {
 protected:
  TestProof proof(const PrivateKey& key = es256()) const {
    return TestProof(server.clock.now_seconds(), key);
  }
  static HttpRequest request_with_proofs(const std::vector<std::string>& proofs,
                                         const Form& form = valid_form()) {
    HttpRequest request = request_with(form.encode());
    for (const std::string& text : proofs) request.headers.add("DPoP", text);
    return request;
  }
  HttpResponse post_with(const std::string& text, const Form& form = valid_form()) const {
    return server.send(request_with_proofs({text}, form));
  }
  HttpResponse post_with(const TestProof& one) const { return post_with(one.text()); }
  void restart_with(const std::function<void(PublicApiConfig&)>& change) {
    change(server.config);
    server.start();
  }
  static Json claims_of(const HttpResponse& response) {
    const std::string token = json_of(response)["access_token"];
    return parse_json(parse_unverified_jws(token)->payload).value();
  }
  static std::string nonce_of(const HttpResponse& response) {
    return std::string(response.headers.get("DPoP-Nonce").value_or(""));
  }
  double rejected(const std::string& reason) const {
    return server.metrics.count("authplane_dpop_proofs_rejected_total{reason=" + reason + "}");
  }
};

// --- binding

TEST_F(DpopTest, TokenIsBoundToTheKeyOfTheProof) {
  const HttpResponse response = post_with(proof());
  ASSERT_EQ(response.status, 200) << response.body;
  const Json body = json_of(response);
  EXPECT_EQ(body.size(), 4u);
  EXPECT_EQ(body["token_type"], "DPoP");
  const std::string thumbprint = es256().public_key().thumbprint();
  const Json claims = claims_of(response);
  EXPECT_EQ(claims["cnf"], Json({{"jkt", thumbprint}}));
  const auto row = server.storage.issuances().find_by_jti(claims["jti"].get<std::string>()).value();
  ASSERT_TRUE(row);
  EXPECT_EQ(row->dpop_jkt, thumbprint);
  EXPECT_EQ(server.metrics.count("authplane_dpop_proofs_validated_total"), 1);
}

TEST_F(DpopTest, ConfirmationStandsBetweenTheTimesAndTheAgent) {
  Client agent = server.client_named("agent-2");
  agent.is_agent = true;
  server.add(agent);
  HttpRequest request = request_with(valid_form().encode(), basic("agent-2", kSecret));
  request.headers.add("DPoP", proof().text());
  const std::string token = json_of(server.send(request))["access_token"];
  EXPECT_THAT(parse_unverified_jws(token)->payload,
              HasSubstr(R"("exp":1767229200,"cnf":{"jkt":")" + es256().public_key().thumbprint() +
                        R"("},"agent_id":"agent-2"})"));
}

TEST_F(DpopTest, RequestWithoutAProofGetsABearerToken) {
  const HttpResponse response = post(valid_form());
  EXPECT_EQ(json_of(response)["token_type"], "Bearer");
  EXPECT_FALSE(claims_of(response).contains("cnf"));
  EXPECT_FALSE(response.headers.contains("DPoP-Nonce"));
  EXPECT_EQ(server.metrics.count("authplane_dpop_proofs_validated_total"), 0);
}

TEST_F(DpopTest, EveryAdvertisedAlgorithmBinds) {
  for (const JwsAlgorithm algorithm : {JwsAlgorithm::ES256, JwsAlgorithm::RS256, JwsAlgorithm::PS256}) {
    const PrivateKey& key = testing::test_key(algorithm, 0);
    const HttpResponse response = post_with(proof(key));
    ASSERT_EQ(response.status, 200) << to_string(algorithm) << response.body;
    EXPECT_EQ(claims_of(response)["cnf"]["jkt"], key.public_key().thumbprint());
  }
}

TEST_F(DpopTest, SwitchedOffTheHeaderIsIgnored) {
  restart_with([](PublicApiConfig& config) { config.dpop = {.enabled = false, .require_nonce = true}; });
  for (const std::string& text : {proof().text(), std::string("garbage")}) {
    const HttpResponse response = post_with(text);
    ASSERT_EQ(response.status, 200);
    EXPECT_EQ(json_of(response)["token_type"], "Bearer");
    EXPECT_FALSE(claims_of(response).contains("cnf"));
    EXPECT_FALSE(response.headers.contains("DPoP-Nonce"));
  }
}

// --- one rule broken at a time

struct BrokenProof {
  std::string name;
  std::function<void(TestProof&)> breaks;
  std::string logged;
};
void PrintTo(const BrokenProof& broken, std::ostream* out) {
  *out << broken.name;
}

class BrokenProofTest : public DpopTest, public ::testing::WithParamInterface<BrokenProof> {};

TEST_P(BrokenProofTest, IsRefusedWithoutATokenAndNamedInTheLog) {
  TestProof broken = proof();
  ASSERT_EQ(post_with(broken).status, 200);
  broken.claims["jti"] = "another";
  GetParam().breaks(broken);
  const HttpResponse response = post_with(broken);
  expect_error(response, 400, "invalid_dpop_proof", "not valid for this request");
  EXPECT_NE(nonce_of(response), "");
  EXPECT_THAT(server.logger.text(), HasSubstr("warn DPoP proof refused client_id=agent-1"));
  EXPECT_THAT(server.logger.text(), HasSubstr(GetParam().logged));
  EXPECT_EQ(rejected("invalid_dpop_proof"), 1);
  EXPECT_EQ(server.audit_rows().front().action, "client_credentials.denied");
  EXPECT_EQ(server.audit_rows().front().detail, "reason=invalid_dpop_proof");
  EXPECT_EQ(server.metrics.count("authplane_client_credentials_denied_total{reason=invalid_dpop_proof}"), 1);
}

std::function<void(TestProof&)> claim(const char* name, OrderedJson value) {
  return [=](TestProof& proof) { proof.claims[name] = value; };
}
std::function<void(TestProof&)> without_claim(const char* name) {
  return [=](TestProof& proof) { proof.claims.erase(name); };
}
std::function<void(TestProof&)> header(const char* name, OrderedJson value) {
  return [=](TestProof& proof) { proof.header[name] = value; };
}
std::function<void(TestProof&)> aged(int by) {
  return [=](TestProof& proof) { proof.claims["iat"] = proof.claims["iat"].get<std::int64_t>() - by; };
}

INSTANTIATE_TEST_SUITE_P(
    Rules, BrokenProofTest,
    ::testing::Values(
        BrokenProof{"TypMissing", [](TestProof& p) { p.header.erase("typ"); }, "typ"},
        BrokenProof{"TypJwt", header("typ", "JWT"), "typ"},
        BrokenProof{"AlgNone", header("alg", "none"), "alg"},
        BrokenProof{"AlgHs256", header("alg", "HS256"), "alg"},
        BrokenProof{"AlgEdDsa",
                    [](TestProof& p) {
                      p.key = testing::test_key(JwsAlgorithm::EdDSA);
                      p.header["alg"] = "EdDSA";
                      p.header["jwk"] = p.key.public_key().to_jwk();
                    },
                    "alg"},
        BrokenProof{"AlgOfAnotherKeyType", header("alg", "RS256"), "jwk"},
        BrokenProof{"JwkMissing", [](TestProof& p) { p.header.erase("jwk"); }, "jwk"},
        BrokenProof{"JwkPrivate", [](TestProof& p) { p.header["jwk"]["d"] = "AAAA"; }, "jwk"},
        BrokenProof{"JwkOfSomebodyElse", header("jwk", OrderedJson(es256(6).public_key().to_jwk())),
                    "signature"},
        BrokenProof{"CritExtension", header("crit", OrderedJson::array({"exp"})), "crit"},
        BrokenProof{"JtiMissing", without_claim("jti"), "jti"},
        BrokenProof{"JtiEmpty", claim("jti", ""), "jti"}, BrokenProof{"JtiNumber", claim("jti", 7), "jti"},
        BrokenProof{"HtmMissing", without_claim("htm"), "htm"},
        BrokenProof{"HtmOther", claim("htm", "GET"), "htm"},
        BrokenProof{"HtuMissing", without_claim("htu"), "htu"},
        BrokenProof{"HtuOtherEndpoint", claim("htu", "https://as.example/oauth/introspect"), "htu"},
        BrokenProof{"HtuOtherHost", claim("htu", "https://evil.example/oauth/token"), "htu"},
        BrokenProof{"HtuOtherScheme", claim("htu", "http://as.example/oauth/token"), "htu"},
        BrokenProof{"HtuOtherPort", claim("htu", "https://as.example:8443/oauth/token"), "htu"},
        BrokenProof{"HtuOtherCaseOfPath", claim("htu", "https://as.example/OAuth/token"), "htu"},
        BrokenProof{"HtuEncodedSlash", claim("htu", "https://as.example/oauth%2Ftoken"), "htu"},
        BrokenProof{"HtuTrailingSlash", claim("htu", "https://as.example/oauth/token/"), "htu"},
        BrokenProof{"IatMissing", without_claim("iat"), "iat"},
        BrokenProof{"IatText", claim("iat", "now"), "iat"}, BrokenProof{"IatTooOld", aged(61), "iat"},
        BrokenProof{"IatTooFarAhead", aged(-61), "iat"},
        BrokenProof{"ExpPast", claim("exp", 1'767'225'000), "exp"}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(DpopTest, TextThatIsNoProofIsRefused) {
  const std::string good = proof().text();
  for (const std::string& text :
       {std::string(), std::string("garbage"), std::string("a.b.c"), good + ".x",
        good.substr(0, good.size() - 1), good + " ", "DPoP " + good, std::string(20'000, 'a')}) {
    expect_error(post_with(text), 400, "invalid_dpop_proof", "");
  }
}

TEST_F(DpopTest, MoreThanOneProofIsRefused) {
  const std::string one = proof().text(), two = proof().text();
  expect_error(server.send(request_with_proofs({one, two})), 400, "invalid_dpop_proof", "exactly one");
  expect_error(server.send(request_with_proofs({one, one})), 400, "invalid_dpop_proof", "exactly one");
  expect_error(post_with(one + "," + two), 400, "invalid_dpop_proof", "exactly one");
  expect_error(post_with(one + ", " + two), 400, "invalid_dpop_proof", "exactly one");
  EXPECT_EQ(rejected("multiple_proofs"), 4);
  EXPECT_EQ(post_with(one).status, 200) << "neither was used up";
}

// --- what does not matter

TEST_F(DpopTest, SpellingsOfTheSameTargetAndTypeAreAccepted) {
  for (const char* htu : {"HTTPS://AS.Example/oauth/token", "https://as.example:443/oauth/token",
                          "https://as.example/oauth/token?x=1", "https://as.example/oauth/token#f",
                          "https://as.example/%6Fauth/token"}) {
    TestProof other = proof();
    other.claims["htu"] = htu;
    EXPECT_EQ(post_with(other).status, 200) << htu;
  }
  TestProof upper = proof();
  upper.header["typ"] = "DPoP+JWT";
  EXPECT_EQ(post_with(upper).status, 200);
  HttpRequest with_query = request_with_proofs({proof().text()});
  with_query.target += "?ignored=1";
  EXPECT_EQ(server.send(with_query).status, 200);
}

TEST_F(DpopTest, AccessTokenHashAndUnknownMembersAreNotLookedAt) {
  TestProof other = proof();
  other.header["kid"] = "x";
  other.claims["ath"] = "anything";
  other.claims["more"] = true;
  EXPECT_EQ(post_with(other).status, 200);
}

TEST_F(DpopTest, ProofLifetimeHoldsInBothDirections) {
  restart_with([](PublicApiConfig& config) { config.dpop.proof_lifetime = seconds(10); });
  for (const auto& [offset, status] : {std::pair{-11, 400}, {-10, 200}, {10, 200}, {11, 400}}) {
    TestProof shifted = proof();
    shifted.claims["iat"] = server.clock.now_seconds().time_since_epoch().count() + offset;
    EXPECT_EQ(post_with(shifted).status, status) << offset;
  }
}

// --- where the endpoint is

TEST_F(DpopTest, IssuersOriginCountsAndNotTheHostField) {
  restart_with([](PublicApiConfig& config) { config.issuer = "http://as.example:9000"; });
  const auto status = [&](const char* htu, const char* host) {
    TestProof one = proof();
    one.claims["htu"] = htu;
    HttpRequest request = request_with_proofs({one.text()});
    request.headers.add("Host", host);
    return server.send(request).status;
  };
  EXPECT_EQ(status("http://as.example:9000/oauth/token", "as.example:9000"), 200);
  EXPECT_EQ(status("http://as.example:9000/oauth/token", "10.0.0.7"), 200);
  EXPECT_EQ(status("http://as.example/oauth/token", "as.example"), 400);
  EXPECT_EQ(status("http://evil.example/oauth/token", "evil.example"), 400);
}

TEST_F(DpopTest, IssuerWithAPathIsReachedWithAndWithoutAProxyThatStripsIt) {
  restart_with([](PublicApiConfig& config) { config.issuer = "https://as.example/tenant"; });
  const auto status = [&](const char* htu, const char* target) {
    TestProof one = proof();
    one.claims["htu"] = htu;
    HttpRequest request = request_with_proofs({one.text()});
    request.target = target;
    return server.send(request).status;
  };
  EXPECT_EQ(status("https://as.example/tenant/oauth/token", "/tenant/oauth/token"), 200);
  EXPECT_EQ(status("https://as.example/tenant/oauth/token", "/oauth/token"), 200);
  EXPECT_EQ(status("https://as.example/oauth/token", "/oauth/token"), 200);
  EXPECT_EQ(status("https://as.example/oauth/token", "/tenant/oauth/token"), 400);
  EXPECT_EQ(status("https://as.example/other/oauth/token", "/oauth/token"), 400);
}

// --- once only

TEST_F(DpopTest, ProofIsGoodForOneToken) {
  const TestProof one = proof();
  ASSERT_EQ(post_with(one).status, 200);
  const HttpResponse again = post_with(one);
  expect_error(again, 400, "invalid_dpop_proof", "used before");
  EXPECT_NE(nonce_of(again), "");
  EXPECT_EQ(rejected("replay"), 1);
  EXPECT_EQ(server.metrics.count("authplane_dpop_proofs_validated_total"), 1);
  EXPECT_THAT(server.logger.text(), HasSubstr("used before"));
  EXPECT_EQ(server.audit_rows().front().detail, "reason=invalid_dpop_proof");

  TestProof same_id = one;
  same_id.claims["iat"] = same_id.claims["iat"].get<std::int64_t>() - 1;
  expect_error(post_with(same_id), 400, "invalid_dpop_proof", "used before");
  server.add(server.client_named("agent-2"));
  HttpRequest by_another = request_with(valid_form().encode(), basic("agent-2", kSecret));
  by_another.headers.add("DPoP", one.text());
  expect_error(server.send(by_another), 400, "invalid_dpop_proof", "used before");

  TestProof other_key = proof(es256(6));
  other_key.claims["jti"] = one.claims["jti"];
  EXPECT_EQ(post_with(other_key).status, 200);
}

TEST_F(DpopTest, ProofDatedAheadStaysSpentUntilItCannotBeAcceptedAnyMore) {
  TestProof ahead = proof();
  ahead.claims["iat"] = server.clock.now_seconds().time_since_epoch().count() + 60;
  ASSERT_EQ(post_with(ahead).status, 200);
  for (int i = 0; i < 4; ++i) {
    server.clock.advance(seconds(30));
    ASSERT_TRUE(server.storage.issuances().purge_spent_proofs(server.clock.now()));
    expect_error(post_with(ahead), 400, "invalid_dpop_proof", "used before");
  }
  server.clock.advance(seconds(1));
  expect_error(post_with(ahead), 400, "invalid_dpop_proof", "not valid");
}

TEST_F(DpopTest, RequestThatFailsForAnotherReasonLeavesTheProofUnspent) {
  const std::string one = proof().text();
  expect_error(post_with(one, form_with("scope", "mcp:other mcp:admin")), 400, "invalid_scope", "");
  HttpRequest wrong_secret = request_with(valid_form().encode(), basic("agent-1", "wrong"));
  wrong_secret.headers.add("DPoP", one);
  expect_error(server.send(wrong_secret), 401, "invalid_client", "");
  server.storage.refuse_issuances = DomainErrorCode::unavailable;
  EXPECT_EQ(post_with(one).status, 503);
  server.storage.refuse_issuances.reset();
  EXPECT_EQ(post_with(one).status, 200);
}

TEST_F(DpopTest, ClientIsJudgedBeforeTheRequestAndTheRequestBeforeTheProof) {
  HttpRequest all_wrong = request_with(form_with("scope", "mcp:admin").encode(), basic("agent-1", "wrong"));
  all_wrong.headers.add("DPoP", "garbage");
  expect_error(server.send(all_wrong), 401, "invalid_client", "");
  expect_error(post_with("garbage", form_with("scope", "mcp:admin")), 400, "invalid_scope", "");
  expect_error(post_with("garbage"), 400, "invalid_dpop_proof", "");
}

TEST_F(DpopTest, ManyRequestsWithOneProofGiveOneToken) {
  constexpr int kThreads = 100;
  const auto rounds = static_cast<std::size_t>(testing::race_rounds(20));
  std::vector<HttpRequest> requests;
  for (std::size_t i = 0; i < rounds; ++i) requests.push_back(request_with_proofs({proof().text()}));
  std::vector<std::atomic<int>> issued(rounds), refused(rounds);
  std::barrier together(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        together.arrive_and_wait();
        for (std::size_t round = 0; round < rounds; ++round) {
          const int status = server.send(requests[round]).status;
          issued[round] += status == 200;
          refused[round] += status == 400;
        }
      });
    }
  }
  for (std::size_t round = 0; round < rounds; ++round) {
    EXPECT_EQ(issued[round], 1);
    EXPECT_EQ(refused[round], kThreads - 1);
  }
}

// --- nonces

class NonceTest : public DpopTest {
 protected:
  NonceTest() {
    restart_with([](PublicApiConfig& config) {
      config.dpop.require_nonce = true;
      config.dpop.proof_lifetime = seconds(300);
    });
  }
  HttpResponse post_with_nonce(const std::string& nonce) const {
    TestProof one = proof();
    one.claims["nonce"] = nonce;
    return post_with(one);
  }
};

TEST_F(NonceTest, MissingNonceIsAnsweredWithOneThatWorks) {
  const HttpResponse challenge = post_with(proof());
  expect_error(challenge, 400, "use_dpop_nonce", "DPoP-Nonce");
  EXPECT_GE(nonce_of(challenge).size(), 43u);
  EXPECT_EQ(rejected("use_dpop_nonce"), 1);
  EXPECT_EQ(server.audit_rows().front().detail, "reason=use_dpop_nonce");
  EXPECT_THAT(server.logger.text(), HasSubstr("debug DPoP nonce demanded"));
  EXPECT_THAT(server.logger.text(), Not(HasSubstr(nonce_of(challenge))));

  const HttpResponse accepted = post_with_nonce(nonce_of(challenge));
  ASSERT_EQ(accepted.status, 200) << accepted.body;
  EXPECT_EQ(json_of(accepted)["token_type"], "DPoP");
  EXPECT_EQ(post_with_nonce(nonce_of(challenge)).status, 200) << "until it expires";
  EXPECT_EQ(post_with_nonce(nonce_of(accepted)).status, 200);
}

TEST_F(NonceTest, UnknownAndExpiredNoncesAreReplaced) {
  expect_error(post_with_nonce("made up"), 400, "use_dpop_nonce", "");
  expect_error(post_with_nonce(""), 400, "use_dpop_nonce", "");
  const std::string old = nonce_of(post_with(proof()));
  server.clock.advance(seconds(60));
  const HttpResponse in_time = post_with_nonce(old);
  EXPECT_EQ(in_time.status, 200);
  server.clock.advance(seconds(60));
  const HttpResponse late = post_with_nonce(old);
  expect_error(late, 400, "use_dpop_nonce", "");
  EXPECT_NE(nonce_of(late), old);
  EXPECT_EQ(post_with_nonce(nonce_of(late)).status, 200);
}

TEST_F(NonceTest, NonceOfAnotherServerIsUnknown) {
  const std::string before = nonce_of(post_with(proof()));
  server.start();
  expect_error(post_with_nonce(before), 400, "use_dpop_nonce", "");
}

TEST_F(NonceTest, ChallengedProofIsNotUsedUpAndABadOneGetsNoSecondChance) {
  TestProof one = proof();
  const std::string nonce = nonce_of(post_with(one));
  one.claims["nonce"] = nonce;
  EXPECT_EQ(post_with(one).status, 200) << "the same jti";
  TestProof bad = proof();
  bad.claims["nonce"] = nonce;
  bad.claims["htu"] = "https://evil.example/oauth/token";
  expect_error(post_with(bad), 400, "invalid_dpop_proof", "");
}

TEST_F(NonceTest, RequestWithoutAProofNeedsNoNonceAndGetsNone) {
  const HttpResponse response = post(valid_form());
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.headers.contains("DPoP-Nonce"));
  EXPECT_FALSE(post(form_with("scope", "x")).headers.contains("DPoP-Nonce"));
}

TEST_F(DpopTest, EveryAnswerToAProofCarriesANonceAlsoWhenNoneIsDemanded) {
  const HttpResponse success = post_with(proof());
  ASSERT_EQ(success.status, 200);
  EXPECT_EQ(success.headers.count("DPoP-Nonce"), 1u);
  HttpRequest no_form = request_with_proofs({proof().text()});
  no_form.headers.set("Content-Type", "application/json");
  EXPECT_NE(nonce_of(server.send(no_form)), "");
  EXPECT_NE(nonce_of(post_with(proof().text(), form_with("grant_type", "password"))), "");
  HttpRequest stranger = request_with(valid_form().encode(), basic("nobody", "x"));
  stranger.headers.add("DPoP", proof().text());
  EXPECT_NE(nonce_of(server.send(stranger)), "");
  server.storage.refuse_issuances = DomainErrorCode::internal;
  EXPECT_NE(nonce_of(post_with(proof())), "");
  server.storage.refuse_issuances.reset();

  TestProof made_up = proof();
  made_up.claims["nonce"] = "whatever";
  EXPECT_EQ(post_with(made_up).status, 200);
}

// --- what is written down

TEST_F(DpopTest, NoProofIsLoggedOrAudited) {
  TestProof one = proof();
  one.claims["jti"] = "canary-jti";
  post_with(one);
  post_with(one);
  one.claims["htm"] = "canary-method";
  post_with(one);
  post_with("canary-garbage");
  std::string written = server.logger.text();
  for (const AuditEvent& row : server.audit_rows()) written += row.detail;
  EXPECT_THAT(written, HasSubstr("DPoP proof refused"));
  EXPECT_THAT(written, Not(HasSubstr("canary")));
  EXPECT_THAT(written, Not(HasSubstr(one.text().substr(0, 40))));
}

}  // namespace
}  // namespace authplane::authserver
