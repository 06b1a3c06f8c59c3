#include <limits>

#include "test_support.h"

// One rule of verify_proof per test: a proof that passes everything, with exactly one thing wrong.

namespace authplane::dpop {
namespace {

using std::chrono::seconds;
using test::kNow;
using test::kNowSeconds;
using test::outcome;
using test::ProofParts;
using test::target;
using test::verify;
using ::testing::HasSubstr;
using ::testing::Not;

struct Broken {
  const char* name;
  std::function<void(ProofParts&)> change;
  const char* hint;  // what the message has to say
};

std::ostream& operator<<(std::ostream& out, const Broken& broken) {
  return out << broken.name;
}

class BrokenProof : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenProof, IsRefused) {
  ProofParts parts;
  ASSERT_EQ(outcome(verify(parts.build())), "ok");
  GetParam().change(parts);
  const auto result = verify(parts.build());
  ASSERT_EQ(outcome(result), "invalid_dpop_proof");
  EXPECT_THAT(result.error().message, HasSubstr(GetParam().hint));
}

// Knowing the key of the good proof changes no answer.
TEST_P(BrokenProof, IsRefusedAlikeByWhoKnowsTheKey) {
  const ProofVerifier verifier{ProofRules{}};
  ProofParts parts;
  ASSERT_EQ(outcome(verifier.verify(parts.build(), target(), kNow)), "ok");
  ASSERT_EQ(verifier.known_keys(), 1U);
  GetParam().change(parts);
  const std::string broken = parts.build();
  const auto result = verifier.verify(broken, target(), kNow);
  const auto stranger = verify(broken);
  ASSERT_EQ(outcome(result), "invalid_dpop_proof");
  EXPECT_EQ(result.error().message, stranger.error().message);
  EXPECT_EQ(outcome(verifier.verify(broken, target(), kNow)), "invalid_dpop_proof") << "nor a second time";
  EXPECT_EQ(verifier.known_keys(), 1U);
}

OrderedJson short_rsa_key() {
  return {{"kty", "RSA"}, {"n", base64url_encode(std::string(128, '\xC1'))}, {"e", "AQAB"}};
}

std::string duplicated(const OrderedJson& object, const std::string& member) {
  std::string text = object.dump();
  text.pop_back();
  return text + "," + member + "}";
}

const Broken kBroken[] = {
    // Form.
    {"HeaderNotJson", [](ProofParts& p) { p.raw_header = "{"; }, "header"},
    {"HeaderNotAnObject", [](ProofParts& p) { p.raw_header = "[]"; }, "header"},
    {"HeaderDuplicate", [](ProofParts& p) { p.raw_header = duplicated(p.header, "\"typ\":\"dpop+jwt\""); },
     "duplicate"},
    {"JwkDuplicate",
     [](ProofParts& p) {
       p.raw_header =
           R"({"typ":"dpop+jwt","alg":"ES256","jwk":)" + duplicated(p.header["jwk"], "\"kty\":\"EC\"") + "}";
     },
     "duplicate"},
    {"Crit", [](ProofParts& p) { p.header["crit"] = OrderedJson::array({"b64"}); }, "crit"},
    {"PayloadNotJson", [](ProofParts& p) { p.raw_claims = "hello"; }, "payload"},
    {"PayloadNotAnObject", [](ProofParts& p) { p.raw_claims = "[1]"; }, "payload"},
    {"PayloadDuplicate", [](ProofParts& p) { p.raw_claims = duplicated(p.claims, "\"jti\":\"jti-1\""); },
     "duplicate"},
    {"PayloadTooDeep", [](ProofParts& p) { p.claims["x"] = OrderedJson::parse("[[[[[[[[[]]]]]]]]]"); },
     "deep"},
    // alg.
    {"AlgMissing", [](ProofParts& p) { p.header.erase("alg"); }, "alg"},
    {"AlgNotAString", [](ProofParts& p) { p.header["alg"] = 256; }, "alg"},
    {"AlgNone", [](ProofParts& p) { p.header["alg"] = "none"; }, "algorithm"},
    {"AlgInOtherCase", [](ProofParts& p) { p.header["alg"] = "es256"; }, "algorithm"},
    {"Rfc9449DpopProofAlgMustBeSupportedAsymmetric", [](ProofParts& p) { p.header["alg"] = "HS256"; },
     "algorithm"},
    {"AlgEdDsaWithAnEd25519Key", [](ProofParts& p) { p = ProofParts(JwsAlgorithm::EdDSA); }, "algorithm"},
    // typ.
    {"TypMissing", [](ProofParts& p) { p.header.erase("typ"); }, "typ"},
    {"TypNotAString", [](ProofParts& p) { p.header["typ"] = 1; }, "typ"},
    {"Rfc9449DpopProofHeaderTypMustBeDpopJwt", [](ProofParts& p) { p.header["typ"] = "JWT"; }, "typ"},
    {"TypInOtherCase", [](ProofParts& p) { p.header["typ"] = "DPoP+jwt"; }, "typ"},
    {"TypWithPrefix", [](ProofParts& p) { p.header["typ"] = "application/dpop+jwt"; }, "typ"},
    // jwk.
    {"Rfc9449DpopProofMustCarryPublicJwk", [](ProofParts& p) { p.header.erase("jwk"); }, "jwk"},
    {"JwkNotAnObject", [](ProofParts& p) { p.header["jwk"] = "key"; }, "jwk"},
    {"JwkEmpty", [](ProofParts& p) { p.header["jwk"] = OrderedJson::object(); }, "jwk"},
    {"JwkP192", [](ProofParts& p) { p.header["jwk"]["crv"] = "P-192"; }, "crv"},
    {"JwkOffTheCurve", [](ProofParts& p) { p.header["jwk"]["y"] = p.header["jwk"]["x"]; }, "jwk"},
    {"JwkShortCoordinate", [](ProofParts& p) { p.header["jwk"]["x"] = base64url_encode("short"); },
     "32 bytes"},
    {"JwkSymmetric",
     [](ProofParts& p) {
       p.header["jwk"] = {{"kty", "oct"}};
     },
     "kty"},
    {"JwkOfOtherKind",
     [](ProofParts& p) { p.header["jwk"] = testing::test_key(JwsAlgorithm::RS256).public_key().to_jwk(); },
     "not a key for the algorithm"},
    {"RsaAlgWithAnEcKey", [](ProofParts& p) { p.header["alg"] = "RS256"; }, "not a key for the algorithm"},
    {"RsaShorterThan2048",
     [](ProofParts& p) {
       p = ProofParts(JwsAlgorithm::RS256);
       p.header["jwk"] = short_rsa_key();
     },
     "2048"},
    // Signature.
    {"SignedByAnotherKey", [](ProofParts& p) { p.key = testing::test_key(JwsAlgorithm::ES256, 1); },
     "signature"},
    {"Pkcs1SignatureUnderPs256",
     [](ProofParts& p) {
       p = ProofParts(JwsAlgorithm::RS256);
       p.header["alg"] = "PS256";
     },
     "signature"},
    // Claims.
    {"JtiMissing", [](ProofParts& p) { p.claims.erase("jti"); }, "jti"},
    {"JtiEmpty", [](ProofParts& p) { p.claims["jti"] = ""; }, "jti"},
    {"JtiNotAString", [](ProofParts& p) { p.claims["jti"] = 1; }, "jti"},
    {"JtiOf257Bytes", [](ProofParts& p) { p.claims["jti"] = std::string(257, 'j'); }, "jti"},
    {"HtmMissing", [](ProofParts& p) { p.claims.erase("htm"); }, "htm"},
    {"HtmNotAString", [](ProofParts& p) { p.claims["htm"] = true; }, "htm"},
    {"Rfc9449DpopMethodMismatchMustBeRejected", [](ProofParts& p) { p.claims["htm"] = "POST"; },
     "method mismatch"},
    {"Rfc9449DpopProofHtmMustBeCaseSensitive", [](ProofParts& p) { p.claims["htm"] = "get"; },
     "method mismatch"},
    {"HtuMissing", [](ProofParts& p) { p.claims.erase("htu"); }, "htu"},
    {"HtuNotAString", [](ProofParts& p) { p.claims["htu"] = nullptr; }, "htu"},
    {"HtuRelative", [](ProofParts& p) { p.claims["htu"] = "/resource"; }, "htu"},
    {"HtuWithUserinfo", [](ProofParts& p) { p.claims["htu"] = "https://me@api.example.com/resource"; },
     "htu"},
    {"Rfc9449DpopUrlMismatchMustBeRejected",
     [](ProofParts& p) { p.claims["htu"] = "https://api.example.com/other"; }, "URL mismatch"},
    {"IatMissing", [](ProofParts& p) { p.claims.erase("iat"); }, "iat"},
    {"IatAString", [](ProofParts& p) { p.claims["iat"] = std::to_string(kNowSeconds); }, "iat"},
    {"IatABoolean", [](ProofParts& p) { p.claims["iat"] = true; }, "iat"},
    {"IatBeyondTheYear9999", [](ProofParts& p) { p.claims["iat"] = 1e300; }, "iat"},
    {"IatTheLargestInteger",
     [](ProofParts& p) { p.claims["iat"] = std::numeric_limits<std::uint64_t>::max(); }, "iat"},
    {"IatTheSmallestInteger",
     [](ProofParts& p) { p.claims["iat"] = std::numeric_limits<std::int64_t>::min(); }, "iat"},
    {"ExpNotANumber", [](ProofParts& p) { p.claims["exp"] = "never"; }, "exp"},
    {"ExpOutOfRange", [](ProofParts& p) { p.claims["exp"] = -1e300; }, "exp"},
    {"NonceNotAString", [](ProofParts& p) { p.claims["nonce"] = 1; }, "nonce"},
    // Times.
    {"Rfc9449DpopProofIatMustNotBeInTheFutureBeyondLeeway",
     [](ProofParts& p) { p.claims["iat"] = kNowSeconds + 31; }, "future"},
    {"AFractionBeyondTheLeeway", [](ProofParts& p) { p.claims["iat"] = double(kNowSeconds) + 30.5; },
     "future"},
    {"Rfc9449DpopProofMustNotBeTooOld", [](ProofParts& p) { p.claims["iat"] = kNowSeconds - 331; },
     "too old"},
    {"IatBeforeTheEpoch", [](ProofParts& p) { p.claims["iat"] = -1; }, "too old"},
    {"Rfc9449DpopProofExpMustBeEnforcedWhenPresent",
     [](ProofParts& p) { p.claims["exp"] = kNowSeconds - 31; }, "expired"},
    // ath.
    {"AthMissing", [](ProofParts& p) { p.claims.erase("ath"); }, "ath"},
    {"AthNotAString", [](ProofParts& p) { p.claims["ath"] = 1; }, "ath"},
    {"Rfc9449DpopAthMismatchMustBeRejected",
     [](ProofParts& p) { p.claims["ath"] = base64url_encode(as_bytes(sha256("token-b"))); }, "ath"},
};

INSTANTIATE_TEST_SUITE_P(Rules, BrokenProof, ::testing::ValuesIn(kBroken),
                         [](const auto& instance) { return std::string(instance.param.name); });

class PrivateMember : public ::testing::TestWithParam<const char*> {};

TEST_P(PrivateMember, Rfc9449DpopProofJwkMustNotIncludePrivateKeyMaterial) {
  ProofParts parts;
  parts.header["jwk"][GetParam()] = "AQAB";
  const auto result = verify(parts.build());
  ASSERT_EQ(outcome(result), "invalid_dpop_proof");
  EXPECT_THAT(result.error().message, HasSubstr("private"));
}

INSTANTIATE_TEST_SUITE_P(All, PrivateMember, ::testing::Values("d", "p", "q", "dp", "dq", "qi", "oth", "k"));

class GoodProof : public ::testing::TestWithParam<JwsAlgorithm> {};

TEST_P(GoodProof, GivesWhatTheCallerNeedsToSpendIt) {
  ProofParts parts(GetParam());
  parts.claims["nonce"] = "n-1";
  const auto proof = verify(parts.build());
  ASSERT_EQ(outcome(proof), "ok") << proof.error().message;
  EXPECT_EQ(proof->jti, "jti-1");
  EXPECT_EQ(proof->thumbprint, parts.key.public_key().thumbprint());
  EXPECT_EQ(proof->issued_at, kNow);
  EXPECT_EQ(proof->nonce, "n-1");
  EXPECT_EQ(proof->replay_key(), proof->thumbprint + ".jti-1");
}

INSTANTIATE_TEST_SUITE_P(Algorithms, GoodProof,
                         ::testing::Values(JwsAlgorithm::ES256, JwsAlgorithm::RS256, JwsAlgorithm::PS256));

TEST(VerifyProof, AlgorithmsCanBeNarrowed) {
  ProofRules rules;
  rules.algorithms = {JwsAlgorithm::ES256};
  EXPECT_EQ(outcome(verify(ProofParts(JwsAlgorithm::ES256).build(), target(), rules)), "ok");
  EXPECT_EQ(outcome(verify(ProofParts(JwsAlgorithm::RS256).build(), target(), rules)), "invalid_dpop_proof");
}

TEST(VerifyProof, TypInAnyCaseOnlyWhereTheRulesSaySo) {
  ProofParts parts;
  parts.header["typ"] = "DPoP+JWT";
  ProofRules rules;
  EXPECT_EQ(outcome(verify(parts.build(), target(), rules)), "invalid_dpop_proof");
  rules.typ_any_case = true;
  EXPECT_EQ(outcome(verify(parts.build(), target(), rules)), "ok");
  parts.header["typ"] = "JWT";
  EXPECT_EQ(outcome(verify(parts.build(), target(), rules)), "invalid_dpop_proof");
}

TEST(VerifyProof, NeedsExactlyThreeParts) {
  const std::string good = ProofParts().build();
  for (const std::string& text : {std::string(), std::string("."), std::string(".."), good + ".", good + ".x",
                                  good.substr(0, good.rfind('.')), " " + good, good + "="}) {
    EXPECT_EQ(outcome(verify(text)), "invalid_dpop_proof") << text;
  }
}

TEST(VerifyProof, SignatureMayNotBeEmpty) {
  ProofParts parts;
  EXPECT_EQ(outcome(verify(parts.signing_input() + ".")), "invalid_dpop_proof");
  parts.header["alg"] = "none";
  EXPECT_EQ(outcome(verify(parts.signing_input() + ".")), "invalid_dpop_proof");
}

TEST(VerifyProof, EveryByteCounts) {
  const std::string good = ProofParts().build();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = good[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(outcome(verify(changed)), "invalid_dpop_proof") << "byte " << i;
    EXPECT_EQ(outcome(verify(good.substr(0, i))), "invalid_dpop_proof") << "cut at " << i;
  }
}

TEST(VerifyProof, SizeIsLimitedBeforeAnythingIsRead) {
  ProofParts parts;
  parts.claims["padding"] = std::string(7000, 'x');
  EXPECT_GT(parts.build().size(), 8192U);
  const auto result = verify(parts.build());
  ASSERT_EQ(outcome(result), "invalid_dpop_proof");
  EXPECT_THAT(result.error().message, HasSubstr("8192"));
  EXPECT_THAT(verify(std::string(8193, '\xFF')).error().message, HasSubstr("8192"));
  ProofRules wide;
  wide.max_bytes = 16 * 1024;
  EXPECT_EQ(outcome(verify(parts.build(), target(), wide)), "ok");
}

TEST(VerifyProof, JtiOf256BytesIsFine) {
  ProofParts parts;
  parts.claims["jti"] = std::string(256, 'j');
  EXPECT_EQ(outcome(verify(parts.build())), "ok");
}

TEST(VerifyProof, UnknownMembersAreIgnored) {
  ProofParts parts;
  parts.header["kid"] = "k";
  parts.header["jwk"]["use"] = "sig";
  parts.claims["custom"] = {{"a", 1}};
  EXPECT_EQ(outcome(verify(parts.build())), "ok");
}

TEST(VerifyProof, TheLimitsOfTimeAreInclusive) {
  for (const std::int64_t offset : {-330, 0, 30}) {
    ProofParts parts;
    parts.claims["iat"] = kNowSeconds + offset;
    EXPECT_EQ(outcome(verify(parts.build())), "ok") << offset;
  }
  ProofParts parts;
  parts.claims["exp"] = kNowSeconds - 30;
  EXPECT_EQ(outcome(verify(parts.build())), "ok");
}

TEST(VerifyProof, TheRulesSetTheLimitsOfTime) {
  const ProofRules rules{.max_age = seconds(60), .max_ahead = seconds(60), .exp_leeway = seconds(0)};
  const auto with = [&](const char* claim, std::int64_t offset) {
    ProofParts parts;
    parts.claims[claim] = kNowSeconds + offset;
    return outcome(verify(parts.build(), target(), rules));
  };
  EXPECT_EQ(with("iat", -60), "ok");
  EXPECT_EQ(with("iat", -61), "invalid_dpop_proof");
  EXPECT_EQ(with("iat", 60), "ok");
  EXPECT_EQ(with("iat", 61), "invalid_dpop_proof");
  EXPECT_EQ(with("exp", 0), "ok");
  EXPECT_EQ(with("exp", -1), "invalid_dpop_proof");
}

TEST(VerifyProof, FractionalTimesCountDownwards) {
  ProofParts parts;
  parts.claims["iat"] = double(kNowSeconds) - 0.25;
  parts.claims["exp"] = double(kNowSeconds) + 299.75;
  const auto proof = verify(parts.build());
  ASSERT_EQ(outcome(proof), "ok");
  EXPECT_EQ(proof->issued_at, kNow - seconds(1));
}

TEST(VerifyProof, Rfc9449DpopProofHtuMustBeNormalizedBeforeComparison) {
  ProofParts parts;
  parts.claims["htu"] = "HTTPS://API.EXAMPLE.COM:443/resource";
  EXPECT_EQ(outcome(verify(parts.build())), "ok");
  parts.claims["htu"] = test::kHtu + "?query=ignored#fragment";
  EXPECT_EQ(outcome(verify(parts.build())), "ok");
}

TEST(VerifyProof, WithoutAnAccessTokenAthDoesNotMatter) {
  ProofTarget at_token_endpoint = target();
  at_token_endpoint.access_token.reset();
  ProofParts parts;
  EXPECT_EQ(outcome(verify(parts.build(), at_token_endpoint)), "ok");
  parts.claims.erase("ath");
  EXPECT_EQ(outcome(verify(parts.build(), at_token_endpoint)), "ok");
}

TEST(VerifyProof, AnEmptyAccessTokenStillNeedsItsHash) {
  ProofTarget empty_token = target();
  empty_token.access_token = "";
  EXPECT_EQ(outcome(verify(ProofParts().build(), empty_token)), "invalid_dpop_proof");
}

TEST(VerifyProof, Rfc9449DpopInboundNonceMustBeValidatedWhenRequired) {
  ProofTarget wanted = target();
  wanted.accepts_nonce = [](const std::optional<std::string>& nonce) { return nonce == "server-nonce-abc"; };
  ProofParts parts;
  const auto absent = verify(parts.build(), wanted);
  EXPECT_EQ(outcome(absent), "use_dpop_nonce");
  EXPECT_THAT(absent.error().message, HasSubstr("nonce"));
  parts.claims["nonce"] = "wrong-nonce";
  const auto wrong = verify(parts.build(), wanted);
  EXPECT_EQ(outcome(wrong), "use_dpop_nonce");
  EXPECT_THAT(wrong.error().message, HasSubstr("nonce"));
  parts.claims["nonce"] = "server-nonce-abc";
  EXPECT_EQ(outcome(verify(parts.build(), wanted)), "ok");
}

TEST(VerifyProof, TheNonceIsJudgedAfterTheTargetAndBeforeTheTimes) {
  ProofTarget wanted = target();
  wanted.accepts_nonce = [](const auto&) { return false; };
  ProofParts old;
  old.claims["iat"] = kNowSeconds - 10'000;
  EXPECT_EQ(outcome(verify(old.build(), wanted)), "use_dpop_nonce");
  ProofParts elsewhere;
  elsewhere.claims["htu"] = "https://api.example.com/other";
  EXPECT_EQ(outcome(verify(elsewhere.build(), wanted)), "invalid_dpop_proof");
}

TEST(VerifyProof, MessagesNeverShowWhatTheProofSaid) {
  ProofParts parts;
  parts.claims["htu"] = "https://sensitive.example/path";
  EXPECT_THAT(verify(parts.build()).error().message, Not(HasSubstr("sensitive")));
  parts.claims["htu"] = "sensitive nonsense";
  EXPECT_THAT(verify(parts.build()).error().message, Not(HasSubstr("sensitive")));
  parts.claims["htm"] = "SENSITIVE";
  EXPECT_THAT(verify(parts.build()).error().message, Not(HasSubstr("SENSITIVE")));
}

// What was expected comes in part from the request line.
TEST(VerifyProof, MessagesStayOnOneLine) {
  ProofTarget wanted = target();
  wanted.method = "GE\r\nT";
  EXPECT_THAT(verify(ProofParts().build(), wanted).error().message, Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace authplane::dpop
