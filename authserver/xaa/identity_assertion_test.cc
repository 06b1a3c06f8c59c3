#include "authserver/xaa/identity_assertion.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <authplane/base/encoding.h>

#include "authserver/xaa/scripted_idp.h"

namespace authplane::authserver {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kAudience = "https://as.example";
constexpr const char* kClient = "client-1";

class IdentityAssertionTest : public ::testing::Test {
 protected:
  Result<IdentityAssertion> verify(const std::string& assertion) const {
    return verify_assertion(
        assertion,
        {.issuer = ScriptedIdp::kIssuer, .audience = kAudience, .max_age = minutes(5), .now = clock.now()},
        JwkSet::parse(jwks).value());
  }
  testing::TokenBuilder valid() const { return idp.assertion(kAudience, kClient); }
  std::int64_t in_seconds(int offset) const {
    return clock.now_seconds().time_since_epoch().count() + offset;
  }
  void expect_refused(const std::string& assertion, ErrorCode code, std::string_view what) const {
    const auto verified = verify(assertion);
    ASSERT_FALSE(verified) << what;
    EXPECT_EQ(verified.error().code, code) << what << ": " << verified.error().message;
  }
  void expect_bad_claim(const std::string& name, const OrderedJson& value) const {
    const auto verified = verify(valid().claim(name, value).build());
    ASSERT_FALSE(verified) << name << " = " << value.dump();
    EXPECT_EQ(verified.error().code, ErrorCode::invalid_claims) << name << " = " << value.dump();
    EXPECT_THAT(verified.error().message, HasSubstr(name));
  }

  testing::FakeClock clock;
  ScriptedIdp idp{clock};
  std::string jwks = testing::jwks_document({testing::test_key()});
};

TEST_F(IdentityAssertionTest, SaysWhoMayHaveWhatForWhom) {
  const auto assertion = verify(valid()
                                    .claim("resource", "https://rs.example/mcp")
                                    .claim("scope", "mcp:echo mcp:add")
                                    .claim("jti", "the one")
                                    .build());
  ASSERT_TRUE(assertion) << assertion.error().message;
  EXPECT_EQ(assertion->subject, "upstream-7");
  EXPECT_EQ(assertion->client_id, kClient);
  EXPECT_EQ(assertion->jti, "the one");
  EXPECT_THAT(assertion->resources, ElementsAre("https://rs.example/mcp"));
  EXPECT_EQ(assertion->scopes.value().to_string(), "mcp:echo mcp:add");
  EXPECT_EQ(assertion->expires_at, clock.now_seconds() + minutes(5));
}

TEST_F(IdentityAssertionTest, NeedNotBoundResourceAndScope) {
  const auto assertion = verify(valid().build());
  ASSERT_TRUE(assertion) << assertion.error().message;
  EXPECT_TRUE(assertion->resources.empty());
  EXPECT_FALSE(assertion->scopes);
  EXPECT_TRUE(verify(valid().claim("scope", "").build())->scopes.value().empty());
}

TEST_F(IdentityAssertionTest, EveryAsymmetricAlgorithmIsTaken) {
  for (const JwsAlgorithm algorithm :
       {JwsAlgorithm::ES256, JwsAlgorithm::RS256, JwsAlgorithm::PS256, JwsAlgorithm::EdDSA}) {
    jwks = testing::jwks_document({testing::test_key(algorithm)});
    EXPECT_TRUE(verify(valid().key(testing::test_key(algorithm)).build())) << to_string(algorithm);
  }
}

// T15: algorithm confusion. Each of these headers over each type of key, signed in every way an attacker can.
TEST_F(IdentityAssertionTest, T15NoForgedHeaderIsBelieved) {
  const std::vector<std::string> names{
      "none",  "None",   "NONE",     "nOnE",   " none",  "none ",   "",
      "HS256", "hs256",  "HS384",    "HS512",  "ES256",  "es256",   "ES384",
      "ES512", "ES256K", " ES256",   "ES256 ", "RS256",  "rs256",   "RS384",
      "RS512", "PS256",  "PS384",    "PS512",  "EdDSA",  "EDDSA",   "Ed25519",
      "Ed448", "RSA1_5", "RSA-OAEP", "dir",    "A128KW", "ECDH-ES", "PBES2-HS256+A128KW",
      "RS1",   "SHA256", "null",     "*",      "ES256\n"};
  ASSERT_EQ(names.size(), 40u);
  for (const JwsAlgorithm type : {JwsAlgorithm::ES256, JwsAlgorithm::RS256, JwsAlgorithm::EdDSA}) {
    const PrivateKey& real = testing::test_key(type);
    const PrivateKey& attackers = testing::test_key(type, 1);
    jwks = testing::jwks_document({real});
    const std::string kid = real.public_key().thumbprint();
    for (const std::string& name : names) {
      const auto forged = valid().key(attackers).header("kid", kid).header("alg", name);
      const std::string what = std::string(to_string(type)) + " as '" + name + "'";
      const auto bad = ErrorCode::invalid_signature;
      expect_refused(forged.build(), bad, what);
      expect_refused(forged.build_with_signature(""), bad, what + ", no signature");
      expect_refused(forged.build_with_signature(std::string(64, '\0')), bad, what + ", zeros");
    }
    for (const std::string& secret :
         {real.public_key().to_pem(), real.public_key().to_jwk().dump(), jwks, kid, std::string()}) {
      expect_refused(valid().header("kid", kid).build_hs256(secret), ErrorCode::invalid_signature,
                     "an HMAC with the public key");
    }
    expect_refused(valid().header("kid", kid).build_unsigned(), ErrorCode::invalid_signature, "alg none");
  }
  for (const OrderedJson& name : {OrderedJson(), OrderedJson(7), OrderedJson::array({"ES256"})})
    expect_refused(valid().header("alg", name).build(), ErrorCode::invalid_signature, name.dump());
  expect_refused(valid().without_header("alg").build(), ErrorCode::invalid_signature, "no alg");
}

// A key set that says no alg leaves that to the type of the key, not to the header.
TEST_F(IdentityAssertionTest, T15TheTypeOfAKeyFixesItsAlgorithms) {
  const PrivateKey& rsa = testing::test_key(JwsAlgorithm::RS256);
  Json jwk = public_jwk(rsa.public_key(), "a", JwsAlgorithm::RS256);
  jwk.erase("alg");
  jwks = Json{{"keys", {jwk}}}.dump();
  EXPECT_TRUE(verify(valid().key(rsa).header("kid", "a").build()));
  EXPECT_TRUE(
      verify(valid().key(rsa.with_algorithm(JwsAlgorithm::PS256).value()).header("kid", "a").build()));
  expect_refused(valid().key(rsa).header("kid", "a").header("alg", "ES256").build(),
                 ErrorCode::invalid_signature, "RSA as ES256");
  jwks = testing::jwks_document({rsa});
  expect_refused(valid().key(rsa.with_algorithm(JwsAlgorithm::PS256).value()).build(),
                 ErrorCode::invalid_signature, "PS256 of a key published for RS256");
}

TEST_F(IdentityAssertionTest, KeysThatTheAssertionBringsAreNotUsed) {
  const PrivateKey& attackers = testing::test_key(JwsAlgorithm::ES256, 1);
  const Json jwk = public_jwk(attackers.public_key(), "evil", JwsAlgorithm::ES256);
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, OrderedJson>>{{"jwk", OrderedJson::parse(jwk.dump())},
                                                        {"jku", "https://evil.example/keys"},
                                                        {"x5u", "https://evil.example/cert"},
                                                        {"x5c", OrderedJson::array({"MIIB"})}}) {
    expect_refused(valid().key(attackers).header(name, value).build(), ErrorCode::invalid_signature, name);
    expect_refused(valid().key(attackers).header(name, value).without_header("kid").build(),
                   ErrorCode::invalid_signature, name + " without kid");
  }
}

TEST_F(IdentityAssertionTest, KidIsAName) {
  for (const std::string& kid :
       {std::string("../../etc/passwd"), std::string("' OR 1=1 --"), std::string("a\0b", 3), std::string("*"),
        idp.key.public_key().thumbprint() + "\n", idp.key.public_key().thumbprint() + std::string(1, '\0'),
        std::string(8'000, 'k')}) {
    expect_refused(valid().header("kid", kid).build(), ErrorCode::invalid_signature, kid.substr(0, 60));
  }
  for (const OrderedJson& kid : {OrderedJson(""), OrderedJson(), OrderedJson(1), OrderedJson::array({"a"})})
    expect_refused(valid().header("kid", kid).build(), ErrorCode::invalid_signature, kid.dump());
}

TEST_F(IdentityAssertionTest, WithoutKidAnyKeyOfTheProviderServes) {
  const PrivateKey& other = testing::test_key(JwsAlgorithm::ES256, 1);
  jwks = testing::jwks_document({testing::test_key(), other, testing::test_key(JwsAlgorithm::RS256)});
  EXPECT_TRUE(verify(valid().key(other).without_header("kid").build()));
  expect_refused(valid().key(testing::test_key(JwsAlgorithm::ES256, 2)).without_header("kid").build(),
                 ErrorCode::invalid_signature, "a key of somebody else");
  Json unnamed = public_jwk(other.public_key(), "x", JwsAlgorithm::ES256);
  unnamed.erase("kid");
  jwks = Json{{"keys", {unnamed}}}.dump();
  EXPECT_TRUE(verify(valid().key(other).without_header("kid").build()));
  expect_refused(valid().key(other).header("kid", "x").build(), ErrorCode::invalid_signature, "kid unknown");
}

TEST_F(IdentityAssertionTest, TwoKeysOfOneKidAreTriedAndNoMore) {
  Json keys = Json::array();
  for (const std::size_t index : {0u, 1u, 2u}) {
    const PublicKey& key = testing::test_key(JwsAlgorithm::ES256, index).public_key();
    keys.push_back(public_jwk(key, "same", JwsAlgorithm::ES256));
  }
  jwks = Json{{"keys", keys}}.dump();
  const auto signed_by = [&](std::size_t index) {
    return verify(valid().key(testing::test_key(JwsAlgorithm::ES256, index)).header("kid", "same").build())
        .has_value();
  };
  EXPECT_TRUE(signed_by(0));
  EXPECT_TRUE(signed_by(1));
  EXPECT_FALSE(signed_by(2));
}

TEST_F(IdentityAssertionTest, UnknownCriticalParametersAreRefused) {
  for (const OrderedJson& crit : {OrderedJson::array({"exp"}), OrderedJson::array(), OrderedJson()})
    expect_refused(valid().header("crit", crit).build(), ErrorCode::invalid_signature, crit.dump());
}

// No other kind of token passes for an assertion, whoever signed it.
TEST_F(IdentityAssertionTest, TypConfusionIsRefused) {
  for (const OrderedJson& typ :
       {OrderedJson("JWT"), OrderedJson("jwt"), OrderedJson("at+jwt"), OrderedJson("application/at+jwt"),
        OrderedJson("dpop+jwt"), OrderedJson("logout+jwt"), OrderedJson("id+jwt"),
        OrderedJson("secevent+jwt"), OrderedJson("client-authentication+jwt"),
        OrderedJson("OAUTH-ID-JAG+JWT"), OrderedJson("application/oauth-id-jag+jwt"),
        OrderedJson("oauth-id-jag+jwt "), OrderedJson(""), OrderedJson(), OrderedJson(1),
        OrderedJson::array({"oauth-id-jag+jwt"})}) {
    expect_refused(valid().header("typ", typ).build(), ErrorCode::invalid_signature, typ.dump());
  }
  expect_refused(valid().without_header("typ").build(), ErrorCode::invalid_signature, "no typ");
}

TEST_F(IdentityAssertionTest, EachClaimHasToFit) {
  for (const char* iss : {"https://idp.example/", "https://IDP.example", "http://idp.example", ""})
    expect_bad_claim("iss", iss);
  for (const OrderedJson& aud :
       {OrderedJson("https://as.example/"), OrderedJson("https://AS.example"), OrderedJson("https://as"),
        OrderedJson(""), OrderedJson(), OrderedJson(7), OrderedJson::array(), OrderedJson::array({kAudience}),
        OrderedJson::array({kAudience, "https://other.example"})}) {
    expect_bad_claim("aud", aud);
  }
  for (const char* name : {"sub", "client_id", "jti"}) {
    for (const OrderedJson& value :
         {OrderedJson(""), OrderedJson(), OrderedJson(7), OrderedJson::array({"a"})}) {
      expect_bad_claim(name, value);
    }
  }
  expect_bad_claim("sub", std::string(kMaxAssertedSubject + 1, 's'));
  for (const OrderedJson& scope :
       {OrderedJson(7), OrderedJson(), OrderedJson("a \"b\""), OrderedJson::array({"mcp:echo"})}) {
    expect_bad_claim("scope", scope);
  }
  for (const OrderedJson& resource : {OrderedJson(7), OrderedJson(), OrderedJson(""), OrderedJson::array(),
                                      OrderedJson::array({"https://rs.example", 7})}) {
    expect_bad_claim("resource", resource);
  }
  for (const char* name : {"iss", "aud", "sub", "client_id", "jti", "exp", "iat"})
    expect_refused(valid().without_claim(name).build(), ErrorCode::invalid_claims, name);
}

TEST_F(IdentityAssertionTest, TimesHaveHalfAMinuteOfSkewAndNoMore) {
  const auto outcome = [&](const std::string& claim, int offset) {
    const auto verified = verify(valid().claim(claim, in_seconds(offset)).build());
    return verified ? "accepted" : verified.error().code == ErrorCode::token_expired ? "expired" : "invalid";
  };
  EXPECT_STREQ(outcome("exp", -29), "accepted");
  EXPECT_STREQ(outcome("exp", -30), "expired");
  EXPECT_STREQ(outcome("iat", 30), "accepted");
  EXPECT_STREQ(outcome("iat", 31), "invalid");
  EXPECT_STREQ(outcome("iat", -300), "accepted");
  EXPECT_STREQ(outcome("iat", -301), "expired");
  EXPECT_STREQ(outcome("nbf", 30), "accepted");
  EXPECT_STREQ(outcome("nbf", 31), "invalid");
  for (const char* name : {"exp", "iat", "nbf"}) {
    for (const OrderedJson& value :
         {OrderedJson(true), OrderedJson("1767225600"), OrderedJson(1e300), OrderedJson(-1e300),
          OrderedJson(), OrderedJson(INT64_MIN), OrderedJson(INT64_MAX)}) {
      EXPECT_FALSE(verify(valid().claim(name, value).build())) << name << " = " << value.dump();
    }
  }
}

TEST_F(IdentityAssertionTest, OnlyThePlainFormIsRead) {
  const std::string good = valid().build();
  ASSERT_TRUE(verify(good));
  for (const std::string& text :
       {std::string(), std::string("."), std::string(".."), std::string("...."), std::string("a.b.c"),
        good + ".", "." + good, good + "=", good + " ", good.substr(0, good.rfind('.')),
        good.substr(0, good.rfind('.') + 1), std::string(1'000'000, 'a'),
        std::string(20'000, 'a') + good.substr(good.find('.'))}) {
    EXPECT_FALSE(verify(text)) << text.substr(0, 80);
    EXPECT_FALSE(peek_assertion(text) && verify(text));
  }
  const auto twice = valid().raw_payload(R"({"iss":"https://idp.example","iss":"https://idp.example"})");
  EXPECT_FALSE(verify(twice.build()));
  EXPECT_FALSE(peek_assertion(twice.build()));
  expect_refused(valid().claim("padding", std::string(16 * 1024, 'p')).build(), ErrorCode::invalid_signature,
                 "a giant");
}

// Whatever one byte is made of, the assertion does not hold any more.
TEST_F(IdentityAssertionTest, NoByteCanBeChanged) {
  const std::string good = valid().build();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verify(changed)) << "byte " << i;
    EXPECT_FALSE(verify(good.substr(0, i))) << "cut at " << i;
  }
}

TEST_F(IdentityAssertionTest, IssuerAndKidCanBeSeenBeforehand) {
  const auto hint = peek_assertion(valid().issuer("https://anybody.example").build());
  ASSERT_TRUE(hint);
  EXPECT_EQ(hint->issuer, "https://anybody.example");
  EXPECT_EQ(hint->kid, idp.key.public_key().thumbprint());
  EXPECT_EQ(peek_assertion(valid().without_header("kid").build())->kid, "");
  EXPECT_FALSE(peek_assertion(valid().without_claim("iss").build()));
  EXPECT_FALSE(peek_assertion(valid().issuer("").build()));
  EXPECT_FALSE(peek_assertion(valid().claim("iss", 7).build()));
}

}  // namespace
}  // namespace authplane::authserver
