#include "authserver/domain/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <authplane/testing/testing.h>

namespace authplane::authserver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TokenBuilder;

constexpr std::string_view kIssuer = "https://as.example";
constexpr std::string_view kResource = "https://rs.example/mcp";

class DoctorTest : public ::testing::Test {
 protected:
  DoctorTest() {
    Resource resource;
    resource.id = "r1";
    resource.slug = "demo";
    resource.uri = kResource;
    resource.scopes = {{"mcp:echo", "", ""}};
    catalog = ResourceCatalog({resource});
  }

  static SigningKeySet key_set() {
    const PrivateKey& key = testing::test_key();
    const std::string kid = key.public_key().thumbprint();
    return {kid, key, {{kid, JwsAlgorithm::ES256, key.public_key()}}};
  }
  TokenBuilder good_token() const {
    TokenBuilder builder(now);
    builder.key(testing::test_key())
        .issuer(std::string(kIssuer))
        .audience(std::string(kResource))
        .scope("mcp:echo");
    return builder;
  }
  std::vector<DoctorStep> explain(std::string_view token, std::string_view resource = kResource) const {
    return explain_token({.token = token, .resource = resource, .issuer = kIssuer, .now = now}, keys,
                         catalog);
  }
  static std::vector<std::string> failures(const std::vector<DoctorStep>& steps) {
    std::vector<std::string> names;
    for (const DoctorStep& step : steps) {
      if (step.verdict != Verdict::failed) continue;
      EXPECT_FALSE(step.fix.empty()) << step.check;
      names.push_back(step.check);
    }
    return names;
  }
  static DoctorStep step(const std::vector<DoctorStep>& steps, std::string_view check) {
    for (const DoctorStep& one : steps) {
      if (one.check == check) return one;
    }
    ADD_FAILURE() << "no step " << check;
    return {};
  }

  using Names = std::vector<std::string>;
  const std::chrono::sys_seconds now = testing::FakeClock().now_seconds();
  SigningKeySet keys = key_set();
  ResourceCatalog catalog;
};

TEST_F(DoctorTest, GoodTokenPassesEveryCheckInOrder) {
  const auto steps = explain(good_token().build());
  Names order;
  for (const DoctorStep& one : steps) {
    EXPECT_EQ(one.verdict, Verdict::ok) << one.check << ": " << one.seen;
    EXPECT_EQ(one.fix, "");
    order.push_back(one.check);
  }
  EXPECT_EQ(order, (Names{"form", "typ", "alg", "kid", "signature", "claims", "iss", "aud", "exp", "nbf",
                          "cnf", "resource", "scope"}));
}

TEST_F(DoctorTest, EachFaultIsNamedAlone) {
  const auto only = [&](TokenBuilder& builder) { return failures(explain(builder.build())); };
  EXPECT_EQ(only(good_token().header("typ", "JWT")), Names{"typ"});
  EXPECT_EQ(only(good_token().header("kid", "other")), Names{"kid"});
  EXPECT_EQ(only(good_token().issuer("https://as.example/")), Names{"iss"});
  EXPECT_EQ(only(good_token().without_claim("iss")), Names{"iss"});
  EXPECT_EQ(only(good_token().audience("https://rs.example/other")), Names{"aud"});
  EXPECT_EQ(only(good_token().without_claim("aud")), Names{"aud"});
  EXPECT_EQ(only(good_token().claim("exp", now.time_since_epoch().count() - 31)), Names{"exp"});
  EXPECT_EQ(only(good_token().claim("exp", "soon")), Names{"exp"});
  EXPECT_EQ(only(good_token().claim("exp", 1e300)), Names{"exp"});
  EXPECT_EQ(only(good_token().claim("nbf", now.time_since_epoch().count() + 31)), Names{"nbf"});
  EXPECT_EQ(only(good_token().claim("cnf", OrderedJson::object())), Names{"cnf"});
  EXPECT_EQ(only(good_token().claim("cnf", "key")), Names{"cnf"});
  EXPECT_EQ(only(good_token().scope("mcp:other")), Names{"scope"});
  EXPECT_EQ(only(good_token().raw_payload("[1]")), Names{"claims"});
  EXPECT_EQ(failures(explain(good_token().build_with_signature(std::string(64, 'x')))), Names{"signature"});
  EXPECT_EQ(failures(explain(good_token().build_unsigned())), (Names{"alg"}));
  EXPECT_EQ(failures(explain(good_token().build_hs256("secret"))), (Names{"alg"}));
  EXPECT_EQ(failures(explain("garbage")), (Names{"form"}));
}

TEST_F(DoctorTest, AudienceFixNamesTheUsualMistakes) {
  EXPECT_THAT(step(explain(good_token().audience(std::string(kIssuer)).build()), "aud").fix,
              HasSubstr("names no resource"));
  EXPECT_THAT(step(explain(good_token().audience("https://rs.example/mcp/").build()), "aud").fix,
              HasSubstr("trailing slash"));
  EXPECT_EQ(step(explain(good_token().build(), "https://rs.example/mcp/"), "aud").seen, kResource);
}

TEST_F(DoctorTest, BoundTokenNamesItsKeyAndHowToSendIt) {
  const DoctorStep bearer = step(explain(good_token().build()), "cnf");
  EXPECT_THAT(bearer.seen, HasSubstr("bearer"));
  TokenBuilder bound = good_token();
  bound.claim("cnf", OrderedJson({{"jkt", "thumb"}}));
  const auto steps = explain(bound.build());
  EXPECT_EQ(failures(steps), Names{});
  EXPECT_THAT(step(steps, "cnf").seen, HasSubstr("bound to key thumb; send it as 'Authorization: DPoP'"));
}

TEST_F(DoctorTest, UnregisteredResourceIsToldApartFromAWrongToken) {
  const auto steps =
      explain(good_token().audience("https://new.example/mcp").build(), "https://new.example/mcp");
  EXPECT_EQ(failures(steps), Names{"resource"});
  EXPECT_EQ(step(steps, "scope").verdict, Verdict::skipped);
  EXPECT_EQ(step(steps, "aud").verdict, Verdict::ok);
}

TEST_F(DoctorTest, NeverEchoesTheTokenOrForeignControlCharacters) {
  const std::string token = good_token().issuer("evil\n\x1b[31m" + std::string(1000, 'x')).build();
  for (const std::string& text : {token, token + ".more", "Bearer " + token}) {
    for (const DoctorStep& one : explain(text)) {
      const std::string shown = one.check + one.expected + one.seen + one.fix;
      EXPECT_THAT(shown, Not(HasSubstr(token.substr(0, 40))));
      EXPECT_THAT(shown, Not(HasSubstr(token.substr(token.rfind('.') + 1))));
      EXPECT_EQ(shown.find_first_of("\n\x1b"), std::string::npos);
      EXPECT_LT(one.seen.size(), 300u);
    }
  }
}

}  // namespace
}  // namespace authplane::authserver
