#include <authplane/jose/jws.h>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/jose/jwks.h>
#include <authplane/testing/token_builder.h>

#include "ecdsa_signature.h"

namespace authplane {
namespace {

using testing::test_key;

constexpr const char* kRfc7515A3 =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

TEST(Jws, VerifiesTheExampleOfRfc7515AppendixA3) {
  auto key = PublicKey::from_jwk({{"kty", "EC"},
                                  {"crv", "P-256"},
                                  {"x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"},
                                  {"y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}})
                 .value();
  auto jws = parse_unverified_jws(kRfc7515A3).value();
  EXPECT_EQ(jws.header["alg"], "ES256");
  EXPECT_TRUE(key.verify(JwsAlgorithm::ES256, jws.signing_input, jws.signature));
}

TEST(Jws, RefusesMalformedTexts) {
  const std::string head = base64url_encode(R"({"alg":"ES256"})");
  const char* const bad[] = {"", ".", "..", "a.b", "a.b.c.d", "a.b.c.d.e"};
  for (const char* text : bad) EXPECT_FALSE(parse_unverified_jws(text)) << text;
  EXPECT_FALSE(parse_unverified_jws(head + "=.e30.AA"));
  EXPECT_FALSE(parse_unverified_jws(head + ".e30.AB")) << "non-zero trailing bits";
  EXPECT_FALSE(parse_unverified_jws(head + ".e3 0.AA"));
  EXPECT_FALSE(parse_unverified_jws(base64url_encode("[]") + ".e30.AA"));
  EXPECT_FALSE(parse_unverified_jws(base64url_encode(R"({"alg":"ES256","alg":"none"})") + ".e30.AA"));
  EXPECT_FALSE(parse_unverified_jws(head + ".e30.AA", {.max_bytes = 8}));
  EXPECT_TRUE(parse_unverified_jws(head + ".e30.AA"));
}

TEST(Jws, SignerOutputVerifiesAndHasTheFixedHeader) {
  const auto& key = test_key();
  JwsSigner signer(key, "at+jwt", "kid-1");
  auto text = signer.sign(R"({"iss":"x"})").value();
  auto jws = parse_unverified_jws(text).value();
  EXPECT_EQ(base64url_decode(text.substr(0, text.find('.'))),
            R"({"alg":"ES256","typ":"at+jwt","kid":"kid-1"})");
  EXPECT_EQ(jws.payload, R"({"iss":"x"})");
  EXPECT_TRUE(key.public_key().verify(JwsAlgorithm::ES256, jws.signing_input, jws.signature));
}

TEST(Jws, SignRefusesAHeaderThatNamesAnotherAlgorithm) {
  EXPECT_FALSE(sign_jws({{"alg", "RS256"}}, "{}", test_key()));
  EXPECT_FALSE(sign_jws({{"typ", "x"}}, "{}", test_key()));
  EXPECT_TRUE(sign_jws({{"alg", "ES256"}}, "{}", test_key()));
}

TEST(EcdsaSignature, RoundTripsThroughDerForEveryLeadingByte) {
  for (int first = 0; first < 256; ++first) {
    std::string raw(64, '\x01');
    raw[0] = static_cast<char>(first);
    raw[32] = static_cast<char>(255 - first);
    auto der = detail::raw_to_der(raw);
    ASSERT_TRUE(der);
    EXPECT_EQ(detail::der_to_raw(der->bytes.data(), der->size), raw);
  }
}

TEST(EcdsaSignature, RefusesWhatIsNotTwoIntegers) {
  EXPECT_FALSE(detail::raw_to_der(std::string(63, 'x')));
  EXPECT_FALSE(detail::raw_to_der(std::string(65, 'x')));
  auto der = *detail::raw_to_der(std::string(64, '\x7f'));
  for (std::size_t size = 0; size < der.size; ++size)
    EXPECT_FALSE(detail::der_to_raw(der.bytes.data(), size));
  der.bytes[2] = 0x04;
  EXPECT_FALSE(detail::der_to_raw(der.bytes.data(), der.size));
}

Json ec_entry(const char* kid) {
  return public_jwk(test_key().public_key(), kid, JwsAlgorithm::ES256);
}

TEST(JwkSet, FindsByKidAndAlgorithm) {
  Json document = {{"keys", {ec_entry("a")}}};
  auto set = JwkSet::parse(document.dump()).value();
  EXPECT_NE(set.find("a", JwsAlgorithm::ES256), nullptr);
  EXPECT_EQ(set.find("a", JwsAlgorithm::RS256), nullptr);
  EXPECT_EQ(set.find("b", JwsAlgorithm::ES256), nullptr);
  EXPECT_EQ(set.find("", JwsAlgorithm::ES256), nullptr);
}

TEST(JwkSet, HonoursUseKeyOpsAndAlg) {
  const auto usable = [](std::function<void(Json&)> change) {
    Json entry = ec_entry("a");
    change(entry);
    Json document = {{"keys", Json::array({entry})}};
    return JwkSet::parse(document.dump()).value().find("a", JwsAlgorithm::ES256) != nullptr;
  };
  EXPECT_TRUE(usable([](Json& j) {
    j.erase("use");
    j.erase("alg");
  }));
  EXPECT_FALSE(usable([](Json& j) { j["use"] = "enc"; }));
  EXPECT_FALSE(usable([](Json& j) { j["use"] = 1; }));
  EXPECT_TRUE(usable([](Json& j) { j["key_ops"] = {"verify"}; }));
  EXPECT_FALSE(usable([](Json& j) { j["key_ops"] = {"sign"}; }));
  EXPECT_FALSE(usable([](Json& j) { j["key_ops"] = "verify"; }));
  EXPECT_FALSE(usable([](Json& j) { j["alg"] = "RS256"; }));
}

TEST(JwkSet, TakesTheFirstFittingKeyOfARepeatedKid) {
  Json unusable = ec_entry("a");
  unusable["use"] = "enc";
  Json document = {{"keys", {unusable, ec_entry("a")}}};
  EXPECT_NE(JwkSet::parse(document.dump()).value().find("a", JwsAlgorithm::ES256), nullptr);
}

TEST(JwkSet, FindsEveryKeyForATokenWithoutKidAndTwoOfAKid) {
  Json unnamed = ec_entry("x"), odd = ec_entry("y");
  unnamed.erase("kid");
  odd["kid"] = 7;
  Json document = {{"keys", {ec_entry("a"), ec_entry("a"), ec_entry("a"), ec_entry(""), unnamed, odd}}};
  const auto set = JwkSet::parse(document.dump()).value();
  EXPECT_EQ(set.find_all("", JwsAlgorithm::ES256).size(), 5u);
  EXPECT_EQ(set.find_all("a", JwsAlgorithm::ES256).size(), 2u);
  EXPECT_TRUE(set.find_all("b", JwsAlgorithm::ES256).empty());
  EXPECT_TRUE(set.find_all("", JwsAlgorithm::RS256).empty());
  EXPECT_EQ(set.size(), 3u);
  EXPECT_FALSE(set.has_kid(""));
}

TEST(JwkSet, SkipsKeysItCannotUse) {
  Json document = {
      {"keys",
       {1, Json::object(), {{"kty", "oct"}, {"kid", "s"}, {"k", "AA"}}, ec_entry("a"), ec_entry("")}}};
  EXPECT_EQ(JwkSet::parse(document.dump()).value().size(), 1u);
}

TEST(JwkSet, RefusesADocumentWithoutKeys) {
  for (const char* text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[],"keys":[]})"}) {
    auto set = JwkSet::parse(text);
    ASSERT_FALSE(set) << text;
    EXPECT_EQ(set.error().code, ErrorCode::protocol_error);
  }
}

}  // namespace
}  // namespace authplane
