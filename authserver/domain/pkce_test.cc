#include "authserver/domain/pkce.h"

#include <gtest/gtest.h>

#include <string>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>

namespace authplane::authserver {
namespace {

// RFC 7636 appendix B.
constexpr std::string_view kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
constexpr std::string_view kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

std::string challenge_of(std::string_view verifier) {
  return base64url_encode(as_bytes(sha256(verifier)));
}

TEST(Pkce, VerifierOfTheRfcMatchesItsChallenge) {
  EXPECT_TRUE(code_verifier_matches(kVerifier, kChallenge));
  EXPECT_FALSE(code_verifier_matches(kVerifier, ""));
  EXPECT_FALSE(code_verifier_matches(kChallenge, kChallenge));
  for (std::size_t i = 0; i < kVerifier.size(); ++i) {
    std::string other(kVerifier);
    other[i] = other[i] == 'a' ? 'b' : 'a';
    EXPECT_FALSE(code_verifier_matches(other, kChallenge));
  }
}

TEST(Pkce, VerifierHas43To128UnreservedCharacters) {
  for (const std::size_t size : {43u, 128u}) {
    const std::string verifier(size, '~');
    EXPECT_TRUE(code_verifier_matches(verifier, challenge_of(verifier)));
  }
  for (const std::string& verifier :
       {std::string(), std::string(42, 'a'), std::string(129, 'a'), std::string(42, 'a') + "+",
        std::string(42, 'a') + "=", std::string(42, 'a') + " ", std::string(42, 'a') + "\xC3\xA4",
        std::string(42, 'a') + std::string(1, '\0')}) {
    EXPECT_FALSE(code_verifier_matches(verifier, challenge_of(verifier))) << verifier;
  }
}

TEST(Pkce, ChallengeIsBase64urlOf32Bytes) {
  EXPECT_TRUE(is_code_challenge(kChallenge));
  EXPECT_FALSE(is_code_challenge(""));
  EXPECT_FALSE(is_code_challenge(std::string(kChallenge) + "="));
  EXPECT_FALSE(is_code_challenge(kChallenge.substr(1)));
  EXPECT_FALSE(is_code_challenge(std::string(43, '+')));
  EXPECT_FALSE(is_code_challenge(std::string(42, 'A') + "B"));  // bits that encode nothing
}

}  // namespace
}  // namespace authplane::authserver
