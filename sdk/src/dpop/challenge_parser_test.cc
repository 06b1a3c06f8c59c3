#include "challenge_parser.h"

#include "test_support.h"

namespace authplane::dpop {
namespace {

// scheme(name=value;...) of each challenge.
std::string summary(std::string_view field) {
  std::string out;
  for (const Challenge& challenge : parse_challenges(field)) {
    out += (out.empty() ? "" : " ") + challenge.scheme + "(";
    for (const auto& [name, value] : challenge.parameters) out += name + "=" + value + ";";
    out += ")";
  }
  return out;
}

TEST(ParseChallenges, ReadsOneAndSeveral) {
  EXPECT_EQ(summary(R"(DPoP error="use_dpop_nonce")"), "dpop(error=use_dpop_nonce;)");
  EXPECT_EQ(summary(R"(Bearer realm="a, b", error=invalid_token, DPoP algs="ES256 RS256",error="x")"),
            "bearer(realm=a, b;error=invalid_token;) dpop(algs=ES256 RS256;error=x;)");
  EXPECT_EQ(summary("Negotiate, DPoP ERROR = \"x\""), "negotiate() dpop(error=x;)");
  EXPECT_EQ(summary("NTLM YWJj/+==, Basic realm=\"r\""), "ntlm() basic(realm=r;)");
  EXPECT_EQ(summary(" , ,Basic , , Digest a=b , ,c=d"), "basic() digest(a=b;c=d;)");
}

TEST(ParseChallenges, QuotedTextIsText) {
  EXPECT_EQ(summary(R"(Bearer error_description="say \"hi\", DPoP error=\\x", scope="a")"),
            R"(bearer(error_description=say "hi", DPoP error=\x;scope=a;))");
}

TEST(ParseChallenges, EndsAtTheFirstThingThatIsNone) {
  EXPECT_EQ(summary(""), "");
  EXPECT_EQ(summary("\"Bearer\""), "");
  EXPECT_EQ(summary("DPoP error=\"open"), "dpop()");
  EXPECT_EQ(summary("DPoP error=\"open\\"), "dpop()");
  EXPECT_EQ(summary("DPoP a=b c=d, Bearer e=f"), "dpop(a=b;)");
  EXPECT_EQ(summary("DPoP =x, Bearer"), "dpop()");
}

TEST(ParseChallenges, AnAbsentParameterIsEmpty) {
  const auto challenges = parse_challenges("DPoP algs=ES256");
  ASSERT_EQ(challenges.size(), 1U);
  EXPECT_EQ(challenges[0].parameter("algs"), "ES256");
  EXPECT_EQ(challenges[0].parameter("error"), "");
}

}  // namespace
}  // namespace authplane::dpop
