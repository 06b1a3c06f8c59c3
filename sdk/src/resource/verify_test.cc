#include <limits>

#include <authplane/base/encoding.h>

#include "test_support.h"

// One rule of Resource::verify per test: a token that passes everything, with exactly one thing wrong.

namespace authplane {
namespace {

using resource_test::kIssuer;
using resource_test::kResource;
using resource_test::outcome;
using ::testing::HasSubstr;

class Verify : public resource_test::ResourceTest {
 protected:
  Result<VerifiedClaims> verify(const std::string& text, ResourceOptions options = {}) {
    return make(std::move(options)).verify(text);
  }
  std::string verdict(const testing::TokenBuilder& builder) { return outcome(verify(builder.build())); }
  void expect_refusal(const testing::TokenBuilder& builder, std::string_view code, const std::string& hint) {
    auto result = verify(builder.build());
    ASSERT_EQ(outcome(result), code);
    EXPECT_THAT(result.error().message, HasSubstr(hint));
  }
};

TEST_F(Verify, AcceptsAValidToken) {
  auto claims = verify(token().build());
  ASSERT_EQ(outcome(claims), "ok");
  EXPECT_EQ(claims->sub(), "client-1");
  EXPECT_EQ(claims->issuer(), kIssuer);
  EXPECT_EQ(claims->audience(), std::vector<std::string>{kResource});
}

TEST_F(Verify, AcceptsRs256) {
  EXPECT_EQ(verdict(token().key(testing::test_key(JwsAlgorithm::RS256))), "ok");
}

// Step 1.
TEST_F(Verify, BlankTokenIsMissing) {
  EXPECT_EQ(outcome(verify("")), "token_missing");
  EXPECT_EQ(outcome(verify(" \t\r\n")), "token_missing");
}

TEST_F(Verify, SixteenKibibytesIsTheLimit) {
  const auto padded = [&](std::size_t size) {
    return token().claim("padding", std::string(size, 'x')).build();
  };
  std::size_t fits = 11'000;
  while (padded(fits + 1).size() <= 16 * 1024) ++fits;
  EXPECT_EQ(outcome(verify(padded(fits))), "ok");
  EXPECT_EQ(outcome(verify(padded(fits + 4))), "invalid_claims");
}

// Step 2.
TEST_F(Verify, NeedsExactlyThreeParts) {
  const std::string good = token().build();
  EXPECT_EQ(outcome(verify("abc")), "invalid_signature");
  EXPECT_EQ(outcome(verify(good.substr(0, good.rfind('.')))), "invalid_signature");
  EXPECT_EQ(outcome(verify(good + ".")), "invalid_signature");
  EXPECT_EQ(outcome(verify(good + ".a.b")), "invalid_signature");  // the five parts of a JWE
}

TEST_F(Verify, PaddingAndForeignAlphabetAreMalformed) {
  const std::string good = token().build();
  EXPECT_EQ(outcome(verify(good + "=")), "invalid_signature");
  EXPECT_EQ(outcome(verify(good + "\n")), "invalid_signature");
  EXPECT_EQ(outcome(verify(" " + good)), "invalid_signature");
  std::string plus = good;
  plus.back() = '+';
  EXPECT_EQ(outcome(verify(plus)), "invalid_signature");
}

TEST_F(Verify, HeaderMustBeAJsonObject) {
  for (const char* header : {"[]", "\"text\"", "null", "{", "{} {}"}) {
    EXPECT_EQ(verdict(token().raw_header(header)), "invalid_signature") << header;
  }
}

TEST_F(Verify, DuplicateHeaderNameIsMalformed) {
  std::string header = token().header_json();
  header.insert(1, R"("alg":"ES256",)");
  EXPECT_EQ(verdict(token().raw_header(header)), "invalid_signature");
}

TEST_F(Verify, CritAndB64AreRefused) {
  expect_refusal(token().header("crit", OrderedJson::array({"exp"})), "invalid_claims", "crit");
  expect_refusal(token().header("b64", false), "invalid_claims", "b64");
}

// Step 3.
TEST_F(Verify, Rfc9068TokenHeaderMustContainAlg) {
  expect_refusal(token().without_header("alg"), "invalid_claims", "alg");
}

TEST_F(Verify, Rfc8725AllowedJwtAlgorithmsMustBeRestricted) {
  EXPECT_EQ(outcome(verify(token().build_unsigned())), "invalid_claims");
  const std::string public_key = testing::test_key().public_key().to_pem();
  EXPECT_EQ(outcome(verify(token().build_hs256(public_key))), "invalid_claims");
  for (const char* alg : {"ES384", "PS256", "EdDSA", "es256", "None", ""}) {
    expect_refusal(token().header("alg", alg), "invalid_claims", "alg");
  }
  EXPECT_EQ(keys->lookups, 0) << "an algorithm is refused before any key is looked up";
}

TEST_F(Verify, AlgorithmOutsideTheAllowListIsRefusedEvenWithAGoodSignature) {
  ResourceOptions only_rsa;
  only_rsa.allowed_algorithms = {{JwsAlgorithm::RS256}};
  EXPECT_EQ(outcome(verify(token().build(), only_rsa)), "invalid_claims");
}

TEST_F(Verify, AlgMustFitTheKey) {
  // An EC key under a header that claims RS256: no key of that kid fits.
  EXPECT_EQ(verdict(token().header("alg", "RS256")), "invalid_signature");
}

// Step 4.
TEST_F(Verify, Rfc9068TypMustBeAtJwt) {
  for (const char* typ : {"JWT", "AT+JWT", "application/at+jwt", "dpop+jwt", ""}) {
    expect_refusal(token().header("typ", typ), "invalid_claims", "typ");
  }
  expect_refusal(token().without_header("typ"), "invalid_claims", "typ");
  expect_refusal(token().header("typ", 1), "invalid_claims", "typ");
}

// Step 5.
TEST_F(Verify, Rfc9068TokenHeaderMustContainKid) {
  keys->replace(testing::jwks_document({testing::test_key()}));
  expect_refusal(token().without_header("kid"), "invalid_claims", "kid");
  expect_refusal(token().header("kid", ""), "invalid_claims", "kid");
  expect_refusal(token().header("kid", 7), "invalid_claims", "kid");
}

// Step 6.
TEST_F(Verify, UnknownKidIsABadSignature) {
  EXPECT_EQ(verdict(token().header("kid", "other")), "invalid_signature");
}

TEST_F(Verify, UnknownKidOfAForeignIssuerNamesBothIssuers) {
  expect_refusal(token().header("kid", "other").issuer("https://elsewhere.example"), "invalid_signature",
                 "'https://elsewhere.example'");
}

TEST_F(Verify, WithoutAKeySetTheAnswerIsUnavailable) {
  keys->fail(ErrorCode::jwks_unavailable);
  EXPECT_EQ(verdict(token()), "jwks_unavailable");
  EXPECT_EQ(outcome(verify("garbage")), "invalid_signature") << "what is malformed needs no key";
}

// Step 7.
TEST_F(Verify, Rfc9068SignatureFailureMustRejectToken) {
  const PrivateKey& stranger = testing::test_key(JwsAlgorithm::ES256, 1);
  auto forged = token().key(stranger).header("kid", testing::test_key().public_key().thumbprint());
  EXPECT_EQ(verdict(forged), "invalid_signature");
}

TEST_F(Verify, EveryBitOfTheSignatureCounts) {
  const std::string good = token().build();
  const std::string signature = base64url_decode(good.substr(good.rfind('.') + 1)).value();
  ASSERT_EQ(signature.size(), 64u);
  const Resource resource = make();
  const auto with_signature = [&](std::string_view bytes) {
    return good.substr(0, good.rfind('.') + 1) + base64url_encode(bytes);
  };
  ASSERT_EQ(outcome(resource.verify(with_signature(signature))), "ok");
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    std::string flipped = signature;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(outcome(resource.verify(with_signature(flipped))), "invalid_signature") << "bit " << bit;
  }
  for (std::size_t size = 0; size < signature.size(); ++size) {
    EXPECT_EQ(outcome(resource.verify(with_signature(signature.substr(0, size)))), "invalid_signature")
        << size;
  }
  EXPECT_EQ(outcome(resource.verify(with_signature(signature + '\0'))), "invalid_signature");
}

TEST_F(Verify, DerSignatureIsRefused) {
  const std::string good = token().build();
  const std::string raw = base64url_decode(good.substr(good.rfind('.') + 1)).value();
  const auto integer = [](std::string bytes) {
    if (static_cast<unsigned char>(bytes.front()) >= 0x80) bytes.insert(0, 1, '\0');
    return std::string{'\x02', static_cast<char>(bytes.size())} + bytes;
  };
  const std::string body = integer(raw.substr(0, 32)) + integer(raw.substr(32));
  const std::string der = std::string{'\x30', static_cast<char>(body.size())} + body;
  EXPECT_EQ(outcome(verify(good.substr(0, good.rfind('.') + 1) + base64url_encode(der))),
            "invalid_signature");
}

TEST_F(Verify, PayloadIsCoveredByTheSignature) {
  const std::string good = token().build();
  const std::string other = token().scope("admin").build();
  const auto dot = [](const std::string& text) { return text.find('.'); };
  const std::string spliced = good.substr(0, dot(good)) +
                              other.substr(dot(other), other.rfind('.') - dot(other)) +
                              good.substr(good.rfind('.'));
  EXPECT_EQ(outcome(verify(spliced)), "invalid_signature");
}

TEST_F(Verify, EveryTruncationIsRefused) {
  const std::string good = token().build();
  const Resource resource = make();
  ASSERT_EQ(outcome(resource.verify(good)), "ok");
  for (std::size_t size = 1; size < good.size(); ++size) {
    ASSERT_EQ(outcome(resource.verify(good.substr(0, size))), "invalid_signature") << size;
  }
}

// Step 8.
TEST_F(Verify, PayloadMustBeAJsonObjectWithoutDuplicateNames) {
  for (const char* payload : {"[]", "7", "not json", "{}{}"}) {
    EXPECT_EQ(verdict(token().raw_payload(payload)), "invalid_claims") << payload;
  }
  std::string twice = token().payload_json();
  twice.insert(1, R"("aud":"https://rs.example/mcp",)");
  EXPECT_EQ(verdict(token().raw_payload(twice)), "invalid_claims");
}

TEST_F(Verify, DeepPayloadIsRefused) {
  std::string nested = "1";
  for (int depth = 0; depth < 40; ++depth) nested = "[" + nested + "]";
  std::string payload = token().payload_json();
  payload.insert(1, R"("deep":)" + nested + ",");
  EXPECT_EQ(verdict(token().raw_payload(payload)), "invalid_claims");
}

TEST_F(Verify, Rfc9068RequiredClaimsMustBeEnforced) {
  for (const char* name : {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"}) {
    expect_refusal(token().without_claim(name), "invalid_claims",
                   std::string("claim ") + name + " is missing");
    expect_refusal(token().claim(name, nullptr), "invalid_claims", name);
    expect_refusal(token().claim(name, true), "invalid_claims", name);
    expect_refusal(token().claim(name, OrderedJson::object()), "invalid_claims", name);
  }
}

TEST_F(Verify, RequiredClaimsMustNotBeEmpty) {
  for (const char* name : {"iss", "aud", "sub", "client_id", "jti"}) {
    expect_refusal(token().claim(name, ""), "invalid_claims", std::string("claim ") + name + " is empty");
  }
  expect_refusal(token().claim("aud", OrderedJson::array()), "invalid_claims", "aud");
}

TEST_F(Verify, TextInNumericDatesAndNumbersInTextAreRefused) {
  expect_refusal(token().claim("exp", std::to_string(unix_now() + 300)), "invalid_claims", "exp");
  expect_refusal(token().claim("iat", "now"), "invalid_claims", "iat");
  expect_refusal(token().claim("sub", 42), "invalid_claims", "sub");
  expect_refusal(token().claim("aud", OrderedJson::array({resource_test::kResource, 1})), "invalid_claims",
                 "aud");
}

TEST_F(Verify, MistypedOptionalClaimsAreRefused) {
  expect_refusal(token().claim("scope", OrderedJson::array({"mcp:echo"})), "invalid_claims", "scope");
  expect_refusal(token().claim("nbf", "soon"), "invalid_claims", "nbf");
  expect_refusal(token().claim("act", "agent"), "invalid_claims", "act");
  expect_refusal(token().claim("agent_id", 1), "invalid_claims", "agent_id");
  expect_refusal(token().claim("agent_chain", "a b"), "invalid_claims", "agent_chain");
}

// Step 9.
TEST_F(Verify, Rfc9068IssuerMustMatch) {
  expect_refusal(token().issuer("https://wrong.example"), "invalid_claims", "'https://wrong.example'");
  EXPECT_EQ(verdict(token().issuer("https://as.example/")), "invalid_claims");
  EXPECT_EQ(verdict(token().issuer("HTTPS://as.example")), "invalid_claims");
}

TEST_F(Verify, IssuerWithASlashMatchesItself) {
  auto parts = dependencies();
  parts.issuer = "https://as.example/";
  const Resource resource = Resource::create(parts, kResource).value();
  EXPECT_EQ(outcome(resource.verify(token().issuer("https://as.example/").build())), "ok");
  EXPECT_EQ(outcome(resource.verify(token().issuer("https://as.example").build())), "invalid_claims");
}

// Step 10.
TEST_F(Verify, Rfc9068AudienceMustMatchResource) {
  expect_refusal(token().audience("https://other.example/mcp"), "invalid_claims",
                 "'https://other.example/mcp'");
  EXPECT_EQ(verdict(token().audience("https://rs.example/mcp/")), "invalid_claims");
  EXPECT_EQ(verdict(token().audience("https://rs.example")), "invalid_claims");
  EXPECT_EQ(verdict(token().audience("https://rs.example/mcp2")), "invalid_claims");
}

TEST_F(Verify, AudienceMayBeAStringOrOneOfMany) {
  EXPECT_EQ(verdict(token().claim("aud", kResource)), "ok");
  EXPECT_EQ(verdict(token().claim("aud", OrderedJson::array({"https://other.example", kResource}))), "ok");
}

// Step 11.
TEST_F(Verify, Rfc9068ExpirationAndClockSkewMustBeEnforced) {
  EXPECT_EQ(verdict(token().claim("exp", unix_now() - 30)), "ok") << "exactly the skew";
  EXPECT_EQ(verdict(token().claim("exp", unix_now() - 31)), "token_expired");
  EXPECT_EQ(verdict(token().claim("nbf", unix_now() + 30)), "ok");
  expect_refusal(token().claim("nbf", unix_now() + 31), "invalid_claims", "nbf");
}

TEST_F(Verify, Rfc9068IatFutureMustBeRejectedBeyondLeeway) {
  EXPECT_EQ(verdict(token().claim("iat", unix_now() + 30)), "ok");
  expect_refusal(token().claim("iat", unix_now() + 31), "invalid_claims", "iat");
}

TEST_F(Verify, SkewIsConfigurable) {
  ResourceOptions strict;
  strict.clock_skew = std::chrono::seconds(0);
  EXPECT_EQ(outcome(verify(token().claim("exp", unix_now()).build(), strict)), "ok");
  EXPECT_EQ(outcome(verify(token().claim("exp", unix_now() - 1).build(), strict)), "token_expired");
}

TEST_F(Verify, FractionsOfSecondsCount) {
  const double now = static_cast<double>(unix_now());
  EXPECT_EQ(verdict(token().claim("exp", now - 29.5)), "ok");
  EXPECT_EQ(verdict(token().claim("exp", now - 30.5)), "token_expired");
  EXPECT_EQ(verdict(token().claim("iat", now + 30.5)), "invalid_claims");
}

TEST_F(Verify, AbsurdTimesAreRefusedWithoutOverflow) {
  EXPECT_EQ(verdict(token().claim("exp", std::numeric_limits<std::uint64_t>::max())), "invalid_claims");
  EXPECT_EQ(verdict(token().claim("exp", std::numeric_limits<std::int64_t>::max())), "invalid_claims");
  EXPECT_EQ(verdict(token().claim("exp", 1e300)), "invalid_claims");
  EXPECT_EQ(verdict(token().claim("iat", std::numeric_limits<std::int64_t>::min())), "invalid_claims");
  EXPECT_EQ(verdict(token().claim("exp", -1)), "token_expired");
}

TEST_F(Verify, ExpiryIsReportedOnlyForTokensMeantForThisResource) {
  auto builder = token().audience("https://other.example/mcp").claim("exp", unix_now() - 1000);
  EXPECT_EQ(verdict(builder), "invalid_claims");
}

// Step 12: DPoP is not configured.
TEST_F(Verify, BoundTokenIsNotSupported) {
  EXPECT_EQ(verdict(token().claim("cnf", {{"jkt", "thumbprint"}})), "dpop_not_supported");
  EXPECT_EQ(verdict(token().claim("cnf", OrderedJson::object())), "dpop_not_supported");
  EXPECT_EQ(verdict(token().claim("cnf", "text")), "dpop_not_supported");
}

TEST_F(Verify, StrayProofIsNotSupported) {
  const std::string_view proofs[] = {"a.b.c"};
  const auto context = RequestContext::create("POST", "/mcp", proofs).value();
  EXPECT_EQ(outcome(make().verify(token().build(), &context)), "dpop_not_supported");
}

TEST_F(Verify, DpopSchemeIsNotSupported) {
  const auto context = RequestContext::create("POST", "/mcp", {}, TokenScheme::dpop).value();
  EXPECT_EQ(outcome(make().verify(token().build(), &context)), "dpop_not_supported");
}

TEST_F(Verify, ContextWithoutProofIsFine) {
  const auto context = RequestContext::create("POST", "/mcp?x=1", {}).value();
  EXPECT_EQ(outcome(make().verify(token().build(), &context)), "ok");
}

TEST_F(Verify, MessagesNeverHoldTheToken) {
  const std::string text = token().audience("https://other.example").build();
  auto result = verify(text);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message.find(text.substr(text.rfind('.') + 1)), std::string::npos);
  EXPECT_EQ(result.error().message.find(text.substr(0, 40)), std::string::npos);
}

// A header that is known from an earlier token is not parsed again; every rule must still hold.
TEST_F(Verify, KnownHeaderChangesNoVerdict) {
  ResourceOptions uncached;
  uncached.verified_tokens.enabled = false;
  const Resource resource = make(uncached);
  const std::string good = token().build();
  ASSERT_EQ(outcome(resource.verify(good)), "ok");
  ASSERT_EQ(outcome(resource.verify(good)), "ok");
  EXPECT_EQ(keys->lookups, 1) << "the second token of a key needs no lookup";

  EXPECT_EQ(outcome(resource.verify(good.substr(0, good.find('.')))), "invalid_signature");
  EXPECT_EQ(outcome(resource.verify(good.substr(0, good.rfind('.')))), "invalid_signature");
  EXPECT_EQ(outcome(resource.verify(good + ".x")), "invalid_signature");
  EXPECT_EQ(outcome(resource.verify(good + "A")), "invalid_signature");
  EXPECT_EQ(outcome(resource.verify(token().audience("https://other.example").build())), "invalid_claims");
  EXPECT_EQ(outcome(resource.verify(token().raw_payload("[]").build())), "invalid_claims");
  const std::string tampered =
      good.substr(0, good.find('.') + 1) + base64url_encode("{}") + good.substr(good.rfind('.'));
  EXPECT_EQ(outcome(resource.verify(tampered)), "invalid_signature");
}

TEST_F(Verify, KnownHeaderIsForgottenWithItsKeySet) {
  ResourceOptions uncached;
  uncached.verified_tokens.enabled = false;
  const Resource resource = make(uncached);
  ASSERT_EQ(outcome(resource.verify(token().build())), "ok");
  keys->replace(testing::jwks_document({testing::test_key(JwsAlgorithm::ES256, 1)}));
  EXPECT_EQ(outcome(resource.verify(token().build())), "invalid_signature");
}

}  // namespace
}  // namespace authplane
