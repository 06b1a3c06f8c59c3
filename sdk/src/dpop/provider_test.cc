#include <authplane/dpop/provider.h>

#include <set>

#include <authplane/base/secret.h>
#include <authplane/jose/jws.h>

#include "test_support.h"

namespace authplane::dpop {
namespace {

using test::kHtu;
using test::kNow;
using test::kNowSeconds;
using test::outcome;
using ::testing::HasSubstr;

ProviderOptions fixed_time() {
  return {.clock = std::make_shared<testing::FakeClock>()};
}

ProviderPtr make(JwsAlgorithm algorithm = JwsAlgorithm::ES256) {
  return Provider::create(testing::test_key(algorithm), fixed_time()).value();
}

Json claims_of(const std::string& proof) {
  return parse_json_object(parse_unverified_jws(proof).value().payload).value();
}

class ProviderAlgorithms : public ::testing::TestWithParam<JwsAlgorithm> {};

TEST_P(ProviderAlgorithms, ProofsPassTheCheck) {
  const auto provider = make(GetParam());
  const std::string text = provider->proof("GET", kHtu + "?q=1", test::kAccessToken).value();
  const auto proof = test::verify(text);
  ASSERT_EQ(outcome(proof), "ok") << proof.error().message;
  EXPECT_EQ(proof->thumbprint, provider->thumbprint());
  EXPECT_EQ(provider->algorithm(), GetParam());
}

TEST_P(ProviderAlgorithms, Rfc9449DpopProviderMustBuildDpopJwtHeader) {
  const auto provider = make(GetParam());
  const Json header = parse_unverified_jws(provider->proof("GET", kHtu).value()).value().header;
  EXPECT_EQ(header.size(), 3U);
  EXPECT_EQ(header["typ"], "dpop+jwt");
  EXPECT_EQ(header["alg"], to_string(GetParam()));
  EXPECT_EQ(header["jwk"], provider->public_jwk());
  EXPECT_FALSE(header["jwk"].contains("d"));
}

INSTANTIATE_TEST_SUITE_P(All, ProviderAlgorithms,
                         ::testing::Values(JwsAlgorithm::ES256, JwsAlgorithm::RS256, JwsAlgorithm::PS256));

TEST(Provider, Rfc9449GeneratedDpopProofShouldIncludeExp) {
  const Json claims = claims_of(make()->proof("POST", "https://User@AS.example:443/token?x#y").value());
  EXPECT_EQ(claims["iat"], kNowSeconds);
  EXPECT_EQ(claims["exp"], kNowSeconds + 300);
  EXPECT_EQ(claims["htm"], "POST");
  EXPECT_EQ(claims["htu"], "https://as.example/token");
  EXPECT_FALSE(claims.contains("ath"));
  EXPECT_FALSE(claims.contains("nonce"));
}

TEST(Provider, EveryProofHasItsOwnJtiOfAtLeast128Bits) {
  const auto provider = Provider::generate().value();
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const Json claims = claims_of(provider->proof("GET", kHtu).value());
    const auto bytes = base64url_decode(claims["jti"].get<std::string>());
    ASSERT_TRUE(bytes);
    EXPECT_GE(bytes->size(), 16U);
    seen.insert(*bytes);
  }
  EXPECT_EQ(seen.size(), 100U);
}

TEST(Provider, HeadersCarryTokenAndProof) {
  const auto fields = make()->headers("GET", kHtu, test::kAccessToken).value();
  EXPECT_EQ(fields.get("Authorization"), "DPoP token-a");
  EXPECT_EQ(outcome(test::verify(std::string(fields.get("DPoP").value()))), "ok");
  const auto without_token = make()->headers("GET", kHtu).value();
  EXPECT_FALSE(without_token.contains("Authorization"));
  EXPECT_EQ(without_token.count("DPoP"), 1U);
}

TEST(Provider, RefusesWhatCannotBeSent) {
  const auto provider = make();
  EXPECT_EQ(outcome(provider->proof("", kHtu)), "invalid_argument");
  for (const char* url : {"", "/relative", "ftp://rs.example/", "https://rs.example/a b"})
    EXPECT_EQ(outcome(provider->proof("GET", url)), "invalid_argument") << url;
  EXPECT_EQ(outcome(provider->headers("GET", kHtu, "token\r\nX: y")), "invalid_argument");
}

TEST(Provider, KeysComeFromPemAndJwk) {
  const PrivateKey& key = testing::test_key();
  const auto from_pem = Provider::from_pem(key.to_pem().expose());
  ASSERT_EQ(outcome(from_pem), "ok");
  EXPECT_EQ((*from_pem)->thumbprint(), key.public_key().thumbprint());
  EXPECT_EQ(outcome(Provider::from_pem(key.public_key().to_pem())), "invalid_argument");
  EXPECT_EQ(outcome(Provider::from_jwk(key.public_key().to_jwk())), "invalid_argument");
  EXPECT_EQ(outcome(Provider::from_jwk(Json::array())), "invalid_argument");
}

// The key of RFC 7515, appendix A.3.
Json private_jwk() {
  return {{"kty", "EC"},
          {"crv", "P-256"},
          {"x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"},
          {"y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
          {"d", "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}};
}

TEST(Provider, AlgOfAJwkIsObeyed) {
  Json jwk = private_jwk();
  const auto plain = Provider::from_jwk(jwk, fixed_time());
  ASSERT_EQ(outcome(plain), "ok");
  EXPECT_EQ(outcome(test::verify((*plain)->proof("GET", kHtu, test::kAccessToken).value())), "ok");
  jwk["alg"] = "ES256";
  EXPECT_EQ(outcome(Provider::from_jwk(jwk)), "ok");
  for (const Json& alg : {Json("PS256"), Json("ES384"), Json(256)}) {
    jwk["alg"] = alg;
    EXPECT_EQ(outcome(Provider::from_jwk(jwk)), "invalid_argument") << alg;
  }
}

TEST(Provider, EdDsaSignsNoProofs) {
  EXPECT_EQ(outcome(Provider::generate(JwsAlgorithm::EdDSA)), "invalid_argument");
  EXPECT_EQ(outcome(Provider::create(testing::test_key(JwsAlgorithm::EdDSA))), "invalid_argument");
}

class OddSigner final : public Signer {
 public:
  JwsAlgorithm claimed = JwsAlgorithm::ES256;
  bool fails = false;

  JwsAlgorithm algorithm() const override { return claimed; }
  const PublicKey& public_key() const override { return testing::test_key().public_key(); }
  Result<std::string> sign(std::string_view input) const override {
    if (fails) return Err(ErrorCode::runtime_error, "the token was pulled out");
    return testing::test_key().sign(input);
  }
};

TEST(Provider, ASignerMayKeepTheKey) {
  const auto signer = std::make_shared<OddSigner>();
  const auto provider = Provider::create(signer, fixed_time()).value();
  EXPECT_EQ(outcome(test::verify(provider->proof("GET", kHtu, test::kAccessToken).value())), "ok");
  signer->fails = true;
  EXPECT_EQ(outcome(provider->proof("GET", kHtu)), "runtime_error");
}

TEST(Provider, ASignersAlgorithmMustFitItsKey) {
  const auto signer = std::make_shared<OddSigner>();
  signer->claimed = JwsAlgorithm::RS256;
  EXPECT_EQ(outcome(Provider::create(signer)), "invalid_argument");
  EXPECT_EQ(outcome(Provider::create(std::shared_ptr<const Signer>())), "invalid_argument");
}

std::string nonce_in_proof(const ProviderPtr& provider, std::string_view url) {
  return claims_of(provider->proof("GET", url).value()).value("nonce", "none");
}

TEST(Provider, Rfc9449DpopNonceOnSuccessResponseShouldBeStored) {
  const auto provider = make();
  provider->observe("https://as.example/token", {{"DPoP-Nonce", "nonce-456"}});
  EXPECT_EQ(nonce_in_proof(provider, "https://AS.example:443/other?x"), "nonce-456");
  EXPECT_EQ(nonce_in_proof(provider, "https://as.example:8443/token"), "none");
  EXPECT_EQ(nonce_in_proof(provider, "http://as.example/token"), "none");
  provider->observe("https://as.example/token", {{"Content-Type", "text/plain"}});
  EXPECT_EQ(nonce_in_proof(provider, "https://as.example/token"), "nonce-456");
}

TEST(Provider, Rfc9110Rfc9449DpopNonceHeaderMustBeTreatedCaseInsensitively) {
  const auto provider = make();
  provider->observe(kHtu, {{"dPOP-nONCE", "nonce-123"}});
  EXPECT_EQ(nonce_in_proof(provider, kHtu), "nonce-123");
}

TEST(Provider, ANonceThatIsNoneIsNotKept) {
  const auto provider = make();
  provider->observe(kHtu, {{"DPoP-Nonce", ""}});
  provider->observe(kHtu, {{"DPoP-Nonce", "a b"}});
  provider->observe(kHtu, {{"DPoP-Nonce", std::string(1025, 'n')}});
  provider->observe(kHtu, {{"DPoP-Nonce", "one"}, {"DPoP-Nonce", "two"}});
  provider->observe("no url", {{"DPoP-Nonce", "fine"}});
  EXPECT_EQ(nonce_in_proof(provider, kHtu), "none");
}

TEST(Provider, ProvidersMayShareNonces) {
  const auto nonces = make_nonce_store();
  const auto one = Provider::create(testing::test_key(), {.nonces = nonces}).value();
  const auto two = Provider::create(testing::test_key(JwsAlgorithm::ES256, 1), {.nonces = nonces}).value();
  one->observe(kHtu, {{"DPoP-Nonce", "shared"}});
  EXPECT_EQ(nonce_in_proof(two, kHtu), "shared");
}

TEST(Provider, RetriesWhenAResourceServerDemandsANonceAndBringsOne) {
  const std::string challenge = R"(DPoP error="use_dpop_nonce", error_description="say, \"please\"")";
  struct Case {
    int status;
    Headers response;
    bool retry;
  };
  const Case cases[] = {
      {401, {{"WWW-Authenticate", challenge}, {"DPoP-Nonce", "n"}}, true},
      {401, {{"www-authenticate", "dpop Error=use_dpop_nonce"}, {"dpop-nonce", "n"}}, true},
      {401, {{"WWW-Authenticate", "Bearer realm=\"x\", " + challenge}, {"DPoP-Nonce", "n"}}, true},
      {401, {{"WWW-Authenticate", "Bearer"}, {"WWW-Authenticate", challenge}, {"DPoP-Nonce", "n"}}, true},
      {401, {{"WWW-Authenticate", challenge}}, false},
      {400, {{"WWW-Authenticate", challenge}, {"DPoP-Nonce", "n"}}, false},
      {401, {{"DPoP-Nonce", "n"}}, false},
      {401, {{"WWW-Authenticate", "DPoP error=\"invalid_token\""}, {"DPoP-Nonce", "n"}}, false},
      {401, {{"WWW-Authenticate", "Bearer error=\"use_dpop_nonce\""}, {"DPoP-Nonce", "n"}}, false},
      {401,
       {{"WWW-Authenticate", R"(Bearer realm="DPoP error=\"use_dpop_nonce\"")"}, {"DPoP-Nonce", "n"}},
       false},
  };
  int number = 0;
  for (const auto& [status, response, retry] : cases) {
    SCOPED_TRACE(number++);
    const auto provider = make();
    EXPECT_EQ(provider->should_retry(kHtu, status, response), retry);
    EXPECT_EQ(nonce_in_proof(provider, kHtu), response.contains("DPoP-Nonce") ? "n" : "none");
  }
}

TEST(Provider, ThumbprintIsThatOfRfc7638) {
  const auto provider = Provider::from_jwk(private_jwk()).value();
  const std::string text = R"({"crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                           R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";
  EXPECT_EQ(provider->thumbprint(), base64url_encode(as_bytes(sha256(text))));
  EXPECT_EQ(provider->public_jwk().size(), 4U);
}

}  // namespace
}  // namespace authplane::dpop
