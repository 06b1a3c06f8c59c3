#include "authserver/federation/id_token.h"

#include <gtest/gtest.h>

#include "authserver/federation/scripted_provider.h"

namespace authplane::authserver {
namespace {

// The keys of the scripted provider.
class TestKeys final : public KeySource {
 public:
  Result<PublicKey> find_key(std::string_view kid, JwsAlgorithm algorithm) override {
    for (const JwsAlgorithm each : {JwsAlgorithm::ES256, JwsAlgorithm::RS256}) {
      const PublicKey& key = testing::test_key(each).public_key();
      if (kid == key.thumbprint() && algorithm == each) return key;
    }
    return Err(ErrorCode::invalid_signature, "unknown key");
  }
};

class IdTokenTest : public ::testing::Test {
 protected:
  Result<UpstreamIdentity> verify(const std::string& token) {
    return verify_id_token(token,
                           {.issuer = ScriptedProvider::kIssuer,
                            .client_id = ScriptedProvider::kClientId,
                            .nonce = "the nonce",
                            .now = clock.now()},
                           keys);
  }
  testing::TokenBuilder valid() const { return provider.id_token("the nonce"); }
  std::int64_t in_seconds(int offset) const {
    return clock.now_seconds().time_since_epoch().count() + offset;
  }
  void expect_refused(const std::string& token, ErrorCode code, std::string_view what) {
    const auto identity = verify(token);
    ASSERT_FALSE(identity) << what;
    EXPECT_EQ(identity.error().code, code) << what << ": " << identity.error().message;
    EXPECT_EQ(identity.error().message.find(token), std::string::npos) << what;
  }

  testing::FakeClock clock;
  ScriptedProvider provider{clock};
  TestKeys keys;
};

TEST_F(IdTokenTest, SaysWhoItIs) {
  const auto identity = verify(valid().build());
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(identity->subject, "upstream-7");
  EXPECT_EQ(identity->email, "eve@example.org");
  EXPECT_EQ(identity->name, "Eve");
}

TEST_F(IdTokenTest, MayBeSignedWithRsa) {
  EXPECT_TRUE(verify(valid().key(testing::test_key(JwsAlgorithm::RS256)).build()));
}

TEST_F(IdTokenTest, IsNotBelievedWithoutASignatureOfTheProvider) {
  const auto bad = ErrorCode::invalid_signature;
  expect_refused(valid().build_unsigned(), bad, "alg none");
  expect_refused(valid().build_hs256(testing::test_key().public_key().to_pem()), bad, "HMAC with PEM");
  expect_refused(valid().build_hs256(ScriptedProvider::kSecret), bad, "HMAC with the client secret");
  expect_refused(valid().build_with_signature(""), bad, "signature cut off");
  expect_refused(valid().key(testing::test_key(JwsAlgorithm::ES256, 1)).build(), bad, "key of another");
  expect_refused(valid()
                     .key(testing::test_key(JwsAlgorithm::ES256, 1))
                     .header("kid", testing::test_key().public_key().thumbprint())
                     .build(),
                 bad, "key of another under a kid of the provider");
  expect_refused(valid().header("alg", "RS256").build(), bad, "algorithm that is not the key's");
  expect_refused(valid().without_header("kid").build(), bad, "no kid");
  expect_refused(valid().header("crit", OrderedJson::array({"exp"})).build(), bad, "crit");
  expect_refused(valid().header("typ", "at+jwt").build(), bad, "an access token");
  expect_refused(valid().header("typ", "dpop+jwt").build(), bad, "a proof");
  expect_refused("a.b", bad, "no JWS");
  EXPECT_FALSE(verify(""));
}

TEST_F(IdTokenTest, IsForThisClientByThisIssuerInThisSignIn) {
  const auto bad = ErrorCode::invalid_claims;
  const std::string us = ScriptedProvider::kClientId;
  expect_refused(valid().issuer("https://evil.example").build(), bad, "issuer");
  expect_refused(valid().issuer(std::string(ScriptedProvider::kIssuer) + "/").build(), bad, "issuer slash");
  expect_refused(valid().without_claim("iss").build(), bad, "no issuer");
  expect_refused(valid().claim("aud", "other").build(), bad, "audience");
  expect_refused(valid().claim("aud", OrderedJson::array()).build(), bad, "empty audience");
  expect_refused(valid().without_claim("aud").build(), bad, "no audience");
  expect_refused(valid().claim("aud", OrderedJson::array({us, "other"})).build(), bad, "several, no azp");
  expect_refused(valid().claim("aud", OrderedJson::array({us, "other"})).claim("azp", "other").build(), bad,
                 "several, other azp");
  expect_refused(valid().claim("azp", "other").build(), bad, "other azp");
  expect_refused(valid().claim("nonce", "another nonce").build(), bad, "nonce");
  expect_refused(valid().without_claim("nonce").build(), bad, "no nonce");
  expect_refused(valid().without_claim("sub").build(), bad, "no subject");
  expect_refused(valid().claim("sub", "").build(), bad, "empty subject");
  expect_refused(valid().claim("sub", 7).build(), bad, "subject that is a number");
  expect_refused(valid().claim("sub", std::string(256, 's')).build(), bad, "endless subject");
  expect_refused(valid().raw_payload("[]").build(), bad, "payload that is no object");
  expect_refused(valid().raw_payload(R"({"iss":"a","iss":"b"})").build(), bad, "a claim twice");
  EXPECT_TRUE(verify(valid().claim("aud", OrderedJson::array({us, "other"})).claim("azp", us).build()));
}

TEST_F(IdTokenTest, HasATime) {
  expect_refused(valid().claim("exp", in_seconds(-60)).build(), ErrorCode::token_expired, "expired");
  expect_refused(valid().claim("iat", in_seconds(61)).build(), ErrorCode::invalid_claims, "iat");
  expect_refused(valid().claim("nbf", in_seconds(61)).build(), ErrorCode::invalid_claims, "nbf");
  for (const char* name : {"exp", "iat"}) {
    expect_refused(valid().without_claim(name).build(), ErrorCode::invalid_claims, name);
    expect_refused(valid().claim(name, "soon").build(), ErrorCode::invalid_claims, name);
  }
  EXPECT_TRUE(verify(valid().claim("exp", in_seconds(-59)).claim("iat", in_seconds(60)).build()));
}

TEST_F(IdTokenTest, AnAddressCountsUnlessTheProviderDisownsIt) {
  const auto email = [&](OrderedJson verified, OrderedJson address = "eve@example.org") {
    return verify(valid().claim("email_verified", std::move(verified)).claim("email", address).build())
        .value()
        .email;
  };
  for (const OrderedJson& verified : {OrderedJson(true), OrderedJson("true")})
    EXPECT_EQ(email(verified), "eve@example.org");
  for (const OrderedJson& verified :
       {OrderedJson(false), OrderedJson("false"), OrderedJson(nullptr), OrderedJson(1), OrderedJson("")})
    EXPECT_EQ(email(verified), "") << verified;
  EXPECT_EQ(verify(valid().without_claim("email_verified").build())->email, "eve@example.org");
  for (const OrderedJson& address : {OrderedJson("no address"), OrderedJson("a@b@c"), OrderedJson(7)})
    EXPECT_EQ(email(true, address), "") << address;
}

TEST_F(IdTokenTest, ANameIsCutAtAWholeCharacter) {
  std::string name(254, 'n');
  name += "é";
  EXPECT_EQ(verify(valid().claim("name", name).build())->name, std::string(254, 'n'));
  EXPECT_EQ(verify(valid().without_claim("name").claim("preferred_username", "eve").build())->name, "eve");
}

}  // namespace
}  // namespace authplane::authserver
