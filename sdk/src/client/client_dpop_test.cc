#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>
#include <authplane/client/client.h>
#include <authplane/dpop/proof.h>
#include <authplane/testing/testing.h>

// Outbound DPoP of a client (RFC 9449 sections 5, 7.1, 8 and 8.2) on a scripted transport.

namespace authplane {
namespace {

using authplane::testing::FakeClock;
using authplane::testing::FixedResolver;
using authplane::testing::jwks_document;
using authplane::testing::RecordingLogger;
using authplane::testing::ScriptedTransport;
using authplane::testing::test_key;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr const char* kMetadataUrl = "https://auth.example.com/.well-known/oauth-authorization-server";
constexpr const char* kTokenUrl = "https://auth.example.com/oauth/token";
constexpr const char* kIntrospectUrl = "https://auth.example.com/oauth/introspect";
constexpr const char* kRevokeUrl = "https://auth.example.com/oauth/revoke";
constexpr const char* kBoundToken =
    R"({"access_token":"new_token","token_type":"DPoP","issued_token_type":"urn:x","expires_in":3600})";
constexpr const char* kNonceDemand = R"({"error":"use_dpop_nonce","error_description":"nonce please"})";

// A proof taken apart without the code under test.
struct ReadProof {
  Json header, claims;
};
ReadProof read(std::string_view compact) {
  const auto first = compact.find('.');
  const auto second = compact.find('.', first + 1);
  EXPECT_EQ(compact.find('.', second + 1), std::string::npos);
  return {Json::parse(base64url_decode(compact.substr(0, first)).value()),
          Json::parse(base64url_decode(compact.substr(first + 1, second - first - 1)).value())};
}

std::vector<std::string> member_names(const Json& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.items()) names.push_back(name);
  return names;
}

HttpResponse answer(int status, std::string body, Headers headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = std::move(body), .stream = {}};
}

struct ClientDpopTest : ::testing::Test {
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<RecordingLogger> logger = std::make_shared<RecordingLogger>();
  std::shared_ptr<ScriptedTransport> transport = std::make_shared<ScriptedTransport>();
  dpop::ProviderPtr provider =
      dpop::Provider::create(test_key(JwsAlgorithm::ES256, 1), {.clock = clock}).value();
  ClientOptions options;

  void SetUp() override {
    options.issuer = "https://auth.example.com";
    options.auth = ClientCredentials{"my-client-id", "my-client-secret"};
    options.dpop = provider;
    options.dev_mode = false;
    options.startup_timeout = seconds(0);
    options.seams.clock = clock;
    options.seams.transport = transport;
    options.seams.resolver = std::make_shared<FixedResolver>();
    options.seams.logger = logger;
    metadata(kTokenUrl, kIntrospectUrl);
    transport->on_json("https://auth.example.com/jwks.json", jwks_document({test_key()}));
    transport->on_json(kTokenUrl, kBoundToken);
    transport->on_json(kIntrospectUrl, R"({"active":true})");
    transport->on_json(kRevokeUrl, "{}");
  }
  void metadata(const std::string& token_endpoint, const std::string& introspection_endpoint) {
    const Json document{{"issuer", "https://auth.example.com"},
                        {"jwks_uri", "https://auth.example.com/jwks.json"},
                        {"token_endpoint", token_endpoint},
                        {"introspection_endpoint", introspection_endpoint},
                        {"revocation_endpoint", kRevokeUrl}};
    transport->on_json(kMetadataUrl, document.dump());
  }
  // Token requests get these answers in turn, the last one for ever.
  void script(std::vector<HttpResponse> answers) {
    transport->on(kTokenUrl,
                  [answers = std::move(answers),
                   next = std::make_shared<std::size_t>(0)](const OutboundRequest&) -> Result<HttpResponse> {
                    return answers[std::min((*next)++, answers.size() - 1)];
                  });
  }
  Client make() { return Client::create(options).value(); }
  // The proofs of all token requests so far.
  std::vector<std::string> proofs() {
    std::vector<std::string> found;
    for (const auto& request : transport->requests()) {
      if (request.url.text().starts_with(kTokenUrl))
        found.emplace_back(request.headers.get("DPoP").value_or("none, or several"));
    }
    return found;
  }
  // Their nonces, "-" where there is none.
  std::vector<std::string> nonces() {
    std::vector<std::string> found;
    for (const auto& proof : proofs()) found.push_back(read(proof).claims.value("nonce", "-"));
    return found;
  }
  Result<dpop::Proof> verify(const std::string& proof, std::string_view method, std::string_view htu,
                             std::optional<std::string_view> access_token = {}) {
    return dpop::verify_proof(proof, {.method = method, .htu = htu, .access_token = access_token}, {},
                              clock->now_seconds());
  }
};

TEST_F(ClientDpopTest, TokenRequestsCarryAProofForTheTokenEndpoint) {
  const auto token = make().client_credentials({"read"});
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->token_type, "DPoP");
  ASSERT_THAT(proofs(), SizeIs(1));
  const auto proof = verify(proofs()[0], "POST", kTokenUrl);
  ASSERT_TRUE(proof) << proof.error().message;
  EXPECT_EQ(proof->thumbprint, provider->thumbprint());
  EXPECT_THAT(transport->requests().back().headers.get("Authorization").value_or(""), HasSubstr("Basic "));
}

TEST_F(ClientDpopTest, TheProofHoldsExactlyWhatItShould) {
  (void)make().client_credentials({"read"});
  const ReadProof proof = read(proofs().at(0));
  EXPECT_THAT(member_names(proof.header), UnorderedElementsAre("typ", "alg", "jwk"));
  EXPECT_EQ(proof.header["typ"], "dpop+jwt");
  EXPECT_EQ(proof.header["alg"], "ES256");
  EXPECT_THAT(member_names(proof.header["jwk"]), UnorderedElementsAre("kty", "crv", "x", "y"));
  EXPECT_THAT(member_names(proof.claims), UnorderedElementsAre("jti", "htm", "htu", "iat", "exp"));
  EXPECT_EQ(proof.claims["htm"], "POST");
  EXPECT_EQ(proof.claims["htu"], kTokenUrl);
  EXPECT_EQ(proof.claims["iat"], clock->now_seconds().time_since_epoch().count());
  EXPECT_EQ(proof.claims["exp"], proof.claims["iat"].get<std::int64_t>() + 300);
  EXPECT_GE(proof.claims["jti"].get<std::string>().size(), 22u);  // 128 bits in base64url
}

TEST_F(ClientDpopTest, EveryGrantHasAProofOfItsOwn) {
  const Client client = make();
  ASSERT_TRUE(client.client_credentials({"a"}));
  ASSERT_TRUE(client.client_credentials({"b"}));
  ASSERT_TRUE(client.exchange({.subject_token = "s"}));
  std::set<std::string> ids;
  for (const auto& proof : proofs()) {
    EXPECT_TRUE(verify(proof, "POST", kTokenUrl));
    ids.insert(read(proof).claims["jti"]);
  }
  EXPECT_THAT(ids, SizeIs(3));
}

TEST_F(ClientDpopTest, EveryKindOfKeySigns) {
  for (const auto algorithm : {JwsAlgorithm::ES256, JwsAlgorithm::RS256, JwsAlgorithm::PS256}) {
    options.dpop = dpop::Provider::create(test_key(algorithm), {.clock = clock}).value();
    ASSERT_TRUE(make().client_credentials({}));
    const auto proof = verify(proofs().back(), "POST", kTokenUrl);
    ASSERT_TRUE(proof) << proof.error().message;
    EXPECT_EQ(proof->thumbprint, options.dpop->thumbprint());
    EXPECT_EQ(read(proofs().back()).header["alg"], to_string(algorithm));
  }
}

TEST_F(ClientDpopTest, QueryOfTheEndpointIsCalledButNotSigned) {
  metadata(std::string(kTokenUrl) + "?tenant=a", kIntrospectUrl);
  ASSERT_TRUE(make().client_credentials({}));
  EXPECT_EQ(transport->requests().back().url.query(), "tenant=a");
  EXPECT_EQ(read(proofs().at(0)).claims["htu"], kTokenUrl);
}

TEST_F(ClientDpopTest, IntrospectionAndRevocationCarryAProofOfTheirOwnUrl) {
  const Client client = make();
  ASSERT_TRUE(client.introspect("t"));
  EXPECT_EQ(read(*transport->requests().back().headers.get("DPoP")).claims["htu"], kIntrospectUrl);
  ASSERT_TRUE(client.revoke("t"));
  EXPECT_EQ(read(*transport->requests().back().headers.get("DPoP")).claims["htu"], kRevokeUrl);
}

TEST_F(ClientDpopTest, WithoutAProviderNothingIsSigned) {
  options.dpop = nullptr;
  script({answer(200, R"({"access_token":"t","token_type":"Bearer"})")});
  const Client client = make();
  EXPECT_TRUE(client.client_credentials({}));
  EXPECT_FALSE(transport->requests().back().headers.contains("DPoP"));
  EXPECT_EQ(client.dpop(), nullptr);
  EXPECT_EQ(client.dpop_headers("GET", "https://api.example.com/").error().code, ErrorCode::invalid_argument);
  script({answer(400, kNonceDemand, {{"DPoP-Nonce", "n"}})});
  EXPECT_EQ(client.client_credentials({"x"}).error().code, ErrorCode::use_dpop_nonce);
  EXPECT_EQ(transport->count(kTokenUrl), 2u);
}

TEST_F(ClientDpopTest, ABearerTokenInAnswerToAProofIsRefusedAndNotKept) {
  script({answer(200, R"({"access_token":"t","token_type":"Bearer","expires_in":3600})")});
  const Client client = make();
  for (int i = 0; i < 2; ++i) {
    const auto token = client.client_credentials({});
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, ErrorCode::protocol_error);
    EXPECT_THAT(token.error().message, HasSubstr("token_type"));
  }
  EXPECT_EQ(transport->count(kTokenUrl), 2u);
  script({answer(200, R"({"access_token":"t","token_type":"dpop"})")});
  EXPECT_TRUE(client.client_credentials({}));
}

TEST_F(ClientDpopTest, BoundTokensAreCached) {
  const Client client = make();
  ASSERT_TRUE(client.client_credentials({"a"}));
  EXPECT_EQ(client.client_credentials({"a"})->token_type, "DPoP");
  EXPECT_EQ(transport->count(kTokenUrl), 1u);
}

class NonceField : public ClientDpopTest, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(AnyCase, NonceField,
                         ::testing::Values("DPoP-Nonce", "Dpop-Nonce", "dpop-nonce", "DPOP-NONCE"));

TEST_P(NonceField, ADemandIsMetWithOneNewProofAndTheNonceIsKept) {
  script({answer(400, kNonceDemand, {{GetParam(), "nonce-123"}}), answer(200, kBoundToken)});
  const Client client = make();
  const auto token = client.client_credentials({"a"});
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->access_token, "new_token");
  EXPECT_THAT(nonces(), ElementsAre("-", "nonce-123"));
  EXPECT_NE(read(proofs()[0]).claims["jti"], read(proofs()[1]).claims["jti"]);
  EXPECT_TRUE(verify(proofs()[1], "POST", kTokenUrl));
  const auto requests = transport->requests();
  EXPECT_EQ(requests[requests.size() - 1].body, requests[requests.size() - 2].body);

  ASSERT_TRUE(client.client_credentials({"b"}));
  EXPECT_THAT(nonces(), ElementsAre("-", "nonce-123", "nonce-123"));
}

TEST_P(NonceField, NonceOfASuccessIsUsedNext) {
  script({answer(200, kBoundToken, {{GetParam(), "nonce-456"}})});
  const Client client = make();
  ASSERT_TRUE(client.client_credentials({"a"}));
  ASSERT_TRUE(client.client_credentials({"b"}));
  EXPECT_THAT(nonces(), ElementsAre("-", "nonce-456"));
}

TEST_F(ClientDpopTest, NonceOfTheRepeatedRequestsAnswerIsKept) {
  script({answer(400, kNonceDemand, {{"DPoP-Nonce", "n1"}}), answer(200, kBoundToken, {{"DPoP-Nonce", "n2"}}),
          answer(200, kBoundToken)});
  const Client client = make();
  ASSERT_TRUE(client.client_credentials({"a"}));
  ASSERT_TRUE(client.client_credentials({"b"}));
  EXPECT_THAT(nonces(), ElementsAre("-", "n1", "n2"));
}

TEST_F(ClientDpopTest, NonceOfAnyOtherErrorIsKeptWithoutARepetition) {
  const Client client = make();
  const std::vector<std::pair<int, std::string>> errors = {
      {400, R"({"error":"invalid_scope"})"}, {401, R"({"error":"invalid_client"})"}, {503, ""}};
  std::vector<std::string> expected = {"-"};
  for (const auto& [status, body] : errors) {
    const std::string nonce = "nonce-" + std::to_string(status);
    script({answer(status, body, {{"DPoP-Nonce", nonce}})});
    EXPECT_FALSE(client.client_credentials({}));
    expected.push_back(nonce);
  }
  script({answer(200, kBoundToken)});
  ASSERT_TRUE(client.client_credentials({}));
  EXPECT_EQ(nonces(), expected);
}

TEST_F(ClientDpopTest, ASecondDemandIsTheErrorAndItsNonceServesTheNextCall) {
  script({answer(400, kNonceDemand, {{"DPoP-Nonce", "n1"}}),
          answer(400, kNonceDemand, {{"DPoP-Nonce", "n2"}}), answer(200, kBoundToken)});
  const Client client = make();
  const auto token = client.client_credentials({"a"});
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, ErrorCode::use_dpop_nonce);
  EXPECT_EQ(token.error().oauth->http_status, 400);
  EXPECT_EQ(token.error().dpop_nonce, "n2");
  EXPECT_THAT(nonces(), ElementsAre("-", "n1"));
  ASSERT_TRUE(client.client_credentials({"a"}));
  EXPECT_THAT(nonces(), ElementsAre("-", "n1", "n2"));
}

TEST_F(ClientDpopTest, ADemandWithoutAUsableNonceIsNotRepeated) {
  const Client client = make();
  std::size_t sent = 0;
  for (const Headers& headers : {Headers{}, Headers{{"DPoP-Nonce", ""}}, Headers{{"DPoP-Nonce", "a b"}},
                                 Headers{{"DPoP-Nonce", "a"}, {"DPoP-Nonce", "b"}}}) {
    script({answer(400, kNonceDemand, headers)});
    EXPECT_EQ(client.client_credentials({}).error().code, ErrorCode::use_dpop_nonce);
    EXPECT_EQ(transport->count(kTokenUrl), ++sent);
  }
}

TEST_F(ClientDpopTest, NoncesStayWithTheirOrigin) {
  metadata(kTokenUrl, "https://other.example.com/introspect");
  transport->on_json("https://other.example.com/introspect", R"({"active":true})", 200,
                     {{"DPoP-Nonce", "of-another-origin"}});
  const Client client = make();
  ASSERT_TRUE(client.introspect("t"));
  ASSERT_TRUE(client.client_credentials({"a"}));
  EXPECT_THAT(nonces(), ElementsAre("-"));
  transport->on_json(kRevokeUrl, "", 200, {{"DPoP-Nonce", "of-this-origin"}});
  ASSERT_TRUE(client.revoke("t"));
  ASSERT_TRUE(client.client_credentials({"b"}));
  EXPECT_THAT(nonces(), ElementsAre("-", "of-this-origin"));
}

TEST_F(ClientDpopTest, TheAuthProviderIsAskedForEachAttempt) {
  int asked = 0;
  options.auth = [&asked](const Url&) -> Result<AuthAdditions> {
    AuthAdditions more;
    more.form.add("client_assertion", "assertion-" + std::to_string(++asked));
    return more;
  };
  script({answer(400, kNonceDemand, {{"DPoP-Nonce", "n1"}}), answer(200, kBoundToken)});
  ASSERT_TRUE(make().client_credentials({}));
  EXPECT_THAT(transport->requests().back().body, HasSubstr("client_assertion=assertion-2"));
  EXPECT_THAT(transport->requests().back().body, Not(HasSubstr("assertion-1")));
}

TEST_F(ClientDpopTest, DemandsNeverOpenTheCircuit) {
  options.breaker.threshold = 1;
  const Client client = make();
  for (int i = 0; i < 10; ++i) {
    script({answer(400, kNonceDemand, {{"DPoP-Nonce", "n"}})});
    EXPECT_EQ(client.client_credentials({}).error().code, ErrorCode::use_dpop_nonce);
    script({answer(400, kNonceDemand, {{"DPoP-Nonce", "n"}}), answer(200, kBoundToken)});
    EXPECT_TRUE(client.client_credentials({"scope-" + std::to_string(i)}));
  }
}

TEST_F(ClientDpopTest, AFailedRepetitionCountsOnceForTheCircuit) {
  options.breaker.threshold = 2;
  const Client client = make();
  for (int i = 0; i < 2; ++i) {
    script({answer(400, kNonceDemand, {{"DPoP-Nonce", "n"}}), answer(503, "")});
    EXPECT_EQ(client.client_credentials({}).error().code, ErrorCode::server_error);
  }
  EXPECT_EQ(client.client_credentials({}).error().code, ErrorCode::circuit_open);
}

TEST_F(ClientDpopTest, AProbeMayRepeatItsRequest) {
  options.breaker.threshold = 1;
  script({answer(503, "")});
  const Client client = make();
  EXPECT_EQ(client.client_credentials({}).error().code, ErrorCode::server_error);
  clock->advance(seconds(30));
  script({answer(400, kNonceDemand, {{"DPoP-Nonce", "n"}}), answer(200, kBoundToken)});
  EXPECT_TRUE(client.client_credentials({}));
  EXPECT_TRUE(client.introspect("t")) << "the probe closed the circuit";
}

class BrokenSigner final : public dpop::Signer {
 public:
  JwsAlgorithm algorithm() const override { return JwsAlgorithm::ES256; }
  const PublicKey& public_key() const override { return test_key().public_key(); }
  Result<std::string> sign(std::string_view) const override {
    return Err(ErrorCode::runtime_error, "the HSM is gone");
  }
};

TEST_F(ClientDpopTest, NothingIsSentWithoutASignature) {
  options.dpop = dpop::Provider::create(std::make_shared<BrokenSigner>()).value();
  const Client client = make();
  EXPECT_EQ(client.client_credentials({}).error().message, "the HSM is gone");
  EXPECT_EQ(transport->count(kTokenUrl), 0u);
}

TEST_F(ClientDpopTest, HeadersForAResourceServer) {
  const Client client = make();
  EXPECT_EQ(client.dpop(), provider);
  const std::string url = "https://API.example.com:8443/resource?page=1&size=10#section";
  const auto fields = client.dpop_headers("DELETE", url, "access-1");
  ASSERT_TRUE(fields) << fields.error().message;
  EXPECT_EQ(fields->size(), 2u);
  EXPECT_EQ(fields->get("Authorization"), "DPoP access-1");
  const std::string proof(fields->get("DPoP").value_or(""));
  EXPECT_TRUE(verify(proof, "DELETE", "https://api.example.com:8443/resource", "access-1"));
  EXPECT_FALSE(verify(proof, "DELETE", "https://api.example.com:8443/resource", "access-2"));
  EXPECT_EQ(read(proof).claims["htu"], "https://api.example.com:8443/resource");
  EXPECT_EQ(read(proof).claims["ath"], base64url_encode(as_bytes(sha256("access-1"))));
  EXPECT_NE(client.dpop_headers("DELETE", url, "access-1")->get("DPoP"), proof);
}

TEST_F(ClientDpopTest, HeadersWithoutATokenAreTheProofAlone) {
  const auto fields = make().dpop_headers("POST", "https://as.example/token");
  ASSERT_TRUE(fields);
  EXPECT_EQ(fields->size(), 1u);
  EXPECT_FALSE(read(std::string(fields->get("DPoP").value_or(""))).claims.contains("ath"));
}

TEST_F(ClientDpopTest, HeadersAreRefusedForNoUrlAndAfterClose) {
  Client client = make();
  for (const char* url : {"", "resource", "ftp://api.example.com/"})
    EXPECT_EQ(client.dpop_headers("GET", url, "t").error().code, ErrorCode::invalid_argument) << url;
  client.close();
  EXPECT_EQ(client.dpop_headers("GET", "https://api.example.com/", "t").error().code, ErrorCode::closed);
}

TEST_F(ClientDpopTest, ProofsStayOutOfLogsAndErrors) {
  script({answer(400, kNonceDemand, {{"DPoP-Nonce", "n1"}})});
  const std::string text = make().client_credentials({}).error().message + logger->text();
  for (const auto& proof : proofs()) EXPECT_THAT(text, Not(HasSubstr(proof.substr(0, 20))));
}

// An authorization server that takes every proof apart: right target, nonce of the moment, never seen before.
class StrictServer {
 public:
  explicit StrictServer(std::shared_ptr<FakeClock> clock)
      : clock_(std::move(clock)), nonces_(dpop::make_nonce_policy(seconds(60), clock_)) {}

  HttpResponse answer_to(const OutboundRequest& request) {
    const auto proof = dpop::verify_proof(
        request.headers.get("DPoP").value_or(""),
        {.method = "POST",
         .htu = kTokenUrl,
         .accepts_nonce = [this](const auto& nonce) { return nonce && nonces_->accepts(*nonce); }},
        {}, clock_->now_seconds());
    Headers headers{{"DPoP-Nonce", nonces_->current()}};
    if (proof) {
      std::lock_guard lock(mutex_);
      const bool is_new = spent_.insert(proof->replay_key()).second;
      return is_new ? answer(200, kBoundToken, headers) : answer(400, R"({"error":"invalid_dpop_proof"})");
    }
    const bool nonce = proof.error().code == ErrorCode::use_dpop_nonce;
    return answer(400, nonce ? kNonceDemand : R"({"error":"invalid_dpop_proof"})", headers);
  }
  std::size_t spent() const {
    std::lock_guard lock(mutex_);
    return spent_.size();
  }

 private:
  const std::shared_ptr<FakeClock> clock_;
  const std::shared_ptr<dpop::NoncePolicy> nonces_;
  mutable std::mutex mutex_;
  std::set<std::string> spent_;
};

TEST_F(ClientDpopTest, SixteenThreadsShareOneKeyAndItsNonces) {
  constexpr int kThreads = 16;
  constexpr int kRounds = 8;
  StrictServer server(clock);
  transport->on(kTokenUrl, [&](const OutboundRequest& request) -> Result<HttpResponse> {
    return server.answer_to(request);
  });
  const Client client = make();
  for (int round = 0; round < kRounds; ++round) {
    std::atomic<int> good = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i] {
          good += client.client_credentials({std::to_string(round) + "-" + std::to_string(i)}).has_value();
        });
      }
    }
    EXPECT_EQ(good, kThreads);
    clock->advance(seconds(200));  // no nonce of this round is good in the next one
  }
  EXPECT_EQ(server.spent(), static_cast<std::size_t>(kThreads * kRounds));
  EXPECT_LE(transport->count(kTokenUrl), static_cast<std::size_t>(2 * kThreads * kRounds));
  EXPECT_GE(transport->count(kTokenUrl), static_cast<std::size_t>(kThreads * kRounds + kRounds));
}

}  // namespace
}  // namespace authplane
