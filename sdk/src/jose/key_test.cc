#include <authplane/jose/key.h>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include <authplane/base/encoding.h>
#include <authplane/testing/token_builder.h>

namespace authplane {
namespace {

using testing::test_key;

constexpr JwsAlgorithm kAll[] = {JwsAlgorithm::ES256, JwsAlgorithm::RS256, JwsAlgorithm::PS256,
                                 JwsAlgorithm::EdDSA};

Json p256_jwk() {
  return {{"kty", "EC"},
          {"crv", "P-256"},
          {"x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"},
          {"y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}};
}

TEST(Key, EachAlgorithmSignsWhatItVerifies) {
  for (auto algorithm : kAll) {
    const auto& key = test_key(algorithm);
    const auto signature = key.sign("input").value();
    EXPECT_TRUE(key.public_key().verify(algorithm, "input", signature)) << to_string(algorithm);
    EXPECT_FALSE(key.public_key().verify(algorithm, "inputs", signature)) << to_string(algorithm);
    EXPECT_FALSE(test_key(algorithm, 1).public_key().verify(algorithm, "input", signature))
        << to_string(algorithm);
  }
}

TEST(Key, EveryFlippedBitOfAnEs256SignatureFails) {
  const auto& key = test_key();
  const auto signature = key.sign("input").value();
  ASSERT_EQ(signature.size(), 64u);
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    std::string broken = signature;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(key.public_key().verify(JwsAlgorithm::ES256, "input", broken)) << bit;
  }
}

TEST(Key, EveryTruncatedSignatureFails) {
  for (auto algorithm : kAll) {
    const auto& key = test_key(algorithm);
    const auto signature = key.sign("input").value();
    for (std::size_t size = 0; size < signature.size(); ++size) {
      EXPECT_FALSE(key.public_key().verify(algorithm, "input", signature.substr(0, size)));
    }
    EXPECT_FALSE(key.public_key().verify(algorithm, "input", signature + '\0'));
  }
}

TEST(Key, ZeroSignatureOfTheRightSizeFails) {
  EXPECT_FALSE(test_key().public_key().verify(JwsAlgorithm::ES256, "input", std::string(64, '\0')));
}

TEST(Key, AKeyServesOnlyItsOwnAlgorithms) {
  const auto& ec = test_key(JwsAlgorithm::ES256).public_key();
  const auto& rsa = test_key(JwsAlgorithm::RS256).public_key();
  EXPECT_FALSE(ec.fits(JwsAlgorithm::RS256));
  EXPECT_TRUE(rsa.fits(JwsAlgorithm::PS256));
  EXPECT_FALSE(rsa.fits(JwsAlgorithm::ES256));
  const auto pkcs1 = test_key(JwsAlgorithm::RS256).sign("input").value();
  EXPECT_FALSE(rsa.verify(JwsAlgorithm::PS256, "input", pkcs1)) << "padding must be the algorithm's";
}

TEST(Key, PublicJwkRoundTripKeepsTheKey) {
  for (auto algorithm : kAll) {
    const auto& key = test_key(algorithm);
    auto copy = PublicKey::from_jwk(key.public_key().to_jwk()).value();
    EXPECT_EQ(copy.thumbprint(), key.public_key().thumbprint());
    EXPECT_TRUE(copy.verify(algorithm, "input", key.sign("input").value()));
    auto pem = PublicKey::from_pem(key.public_key().to_pem()).value();
    EXPECT_EQ(pem.thumbprint(), key.public_key().thumbprint());
  }
}

TEST(Key, PrivatePemRoundTripKeepsTheKey) {
  for (auto algorithm : kAll) {
    const auto& key = test_key(algorithm);
    auto copy = PrivateKey::from_pem(key.to_pem().expose()).value();
    EXPECT_EQ(copy.public_key().thumbprint(), key.public_key().thumbprint());
    EXPECT_TRUE(key.public_key().verify(copy.algorithm(), "input", copy.sign("input").value()));
  }
}

TEST(Key, ACompressedPointIsTheSameKey) {
  const auto whole = PublicKey::from_pem(
      "-----BEGIN PUBLIC KEY-----\n"
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEjSU25evbXebV9346MvoQ+TS/1HwP\n"
      "S10LXq1S0qUpHyi6M8R+dAcnp84D1Q4+QTs5RD/zHdSI1n8nbsadcJvVlg==\n"
      "-----END PUBLIC KEY-----\n");
  const auto compressed = PublicKey::from_pem(
      "-----BEGIN PUBLIC KEY-----\n"
      "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACjSU25evbXebV9346MvoQ+TS/1HwP\n"
      "S10LXq1S0qUpHyg=\n"
      "-----END PUBLIC KEY-----\n");
  ASSERT_TRUE(whole && compressed);
  EXPECT_EQ(compressed->to_jwk(), whole->to_jwk());
  EXPECT_EQ(compressed->thumbprint(), whole->thumbprint());
  EXPECT_EQ(compressed->to_jwk()["y"].get<std::string>().size(), 43U);
}

TEST(Key, Rfc7638ThumbprintOfTheExampleKey) {
  Json jwk = {{"kty", "RSA"},
              {"n",
               "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
               "BJECPebWKRXjBZCiFV4"
               "n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
               "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0"
               "zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
               "xBniIqbw0Ls1jF44-c"
               "sFCur-kEgU8awapJzKnqDKgw"},
              {"e", "AQAB"},
              {"alg", "RS256"},
              {"kid", "2011-04-29"}};
  EXPECT_EQ(PublicKey::from_jwk(jwk).value().thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

TEST(Key, Rfc8037ThumbprintAndPrivateKeyOfTheExample) {
  Json jwk = {{"kty", "OKP"},
              {"crv", "Ed25519"},
              {"d", "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"},
              {"x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}};
  auto key = PrivateKey::from_jwk(jwk).value();
  EXPECT_EQ(key.public_key().thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  EXPECT_EQ(base64url_encode(key.sign("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc").value()),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
}

TEST(Key, PrivateJwkMustMatchItsPublicMembers) {
  Json jwk = p256_jwk();
  jwk["d"] = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";  // RFC 7515 appendix A.3
  EXPECT_TRUE(PrivateKey::from_jwk(jwk));
  jwk["d"] = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LM";
  EXPECT_FALSE(PrivateKey::from_jwk(jwk));
}

TEST(Key, RefusesEveryPrivateMemberInAPublicJwk) {
  for (const char* member : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
    Json jwk = p256_jwk();
    jwk[member] = "AQAB";
    auto key = PublicKey::from_jwk(jwk);
    ASSERT_FALSE(key) << member;
    EXPECT_NE(key.error().message.find(member), std::string::npos);
  }
}

TEST(Key, RefusesMalformedJwks) {
  struct Case {
    const char* what;
    std::function<void(Json&)> change;
  };
  const Case cases[] = {
      {"kty missing", [](Json& j) { j.erase("kty"); }},
      {"kty unknown", [](Json& j) { j["kty"] = "oct"; }},
      {"kty no string", [](Json& j) { j["kty"] = 1; }},
      {"curve unknown", [](Json& j) { j["crv"] = "P-384"; }},
      {"x missing", [](Json& j) { j.erase("x"); }},
      {"x short", [](Json& j) { j["x"] = "AQAB"; }},
      {"x padded", [](Json& j) { j["x"] = j["x"].get<std::string>() + "="; }},
      {"off the curve", [](Json& j) { j["y"] = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1"; }},
      {"point at zero", [](Json& j) { j["x"] = j["y"] = base64url_encode(std::string(32, '\0')); }},
  };
  for (const auto& c : cases) {
    Json jwk = p256_jwk();
    c.change(jwk);
    EXPECT_FALSE(PublicKey::from_jwk(jwk)) << c.what;
  }
  EXPECT_FALSE(PublicKey::from_jwk(Json::array()));
}

TEST(Key, RefusesWeakOrOddRsaKeys) {
  const Json good = test_key(JwsAlgorithm::RS256).public_key().to_jwk();
  Json short_modulus = good;
  short_modulus["n"] = base64url_encode(std::string(128, '\x81'));
  EXPECT_FALSE(PublicKey::from_jwk(short_modulus));
  for (const char* e : {"AQ", "Ag", "AAEAAQ"}) {  // 1, 2, 65537 with a leading zero
    Json jwk = good;
    jwk["e"] = e;
    EXPECT_FALSE(PublicKey::from_jwk(jwk)) << e;
  }
}

TEST(Key, RefusesWhatIsNoPem) {
  EXPECT_FALSE(PublicKey::from_pem("hello"));
  EXPECT_FALSE(PrivateKey::from_pem(""));
  EXPECT_FALSE(PrivateKey::from_pem(test_key().public_key().to_pem()));
}

TEST(Key, ManyThreadsUseOneKey) {
  const auto& key = test_key();
  std::vector<std::jthread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string input = std::to_string(t * 1000 + i);
        good += key.public_key().verify(JwsAlgorithm::ES256, input, key.sign(input).value());
      }
    });
  }
  threads.clear();
  EXPECT_EQ(good, 400);
}

TEST(Key, MoreKeysThanCachedContextsStillVerify) {
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < 12; ++i) {
      const auto& key = test_key(JwsAlgorithm::ES256, i);
      EXPECT_TRUE(key.public_key().verify(JwsAlgorithm::ES256, "x", key.sign("x").value()));
    }
  }
}

}  // namespace
}  // namespace authplane
