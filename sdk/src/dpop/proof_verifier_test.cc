#include <atomic>
#include <thread>
#include <vector>

#include "test_support.h"

// ProofVerifier against verify_proof(): what it remembers may save time and change nothing. The broken proofs
// of proof_test.cc go through it there.

namespace authplane::dpop {
namespace {

using test::kNow;
using test::outcome;
using test::ProofParts;
using test::target;

Result<Proof> verify(const ProofVerifier& verifier, const std::string& compact) {
  return verifier.verify(compact, target(), kNow);
}

class KnownKey : public ::testing::TestWithParam<JwsAlgorithm> {};

TEST_P(KnownKey, GivesTheSameProof) {
  const ProofVerifier verifier{ProofRules{}};
  ProofParts parts(GetParam());
  ASSERT_EQ(outcome(verify(verifier, parts.build())), "ok");
  ASSERT_EQ(verifier.known_keys(), 1U);
  parts.claims["jti"] = "jti-2";
  parts.claims["nonce"] = "n-1";
  const auto known = verify(verifier, parts.build());
  ASSERT_EQ(outcome(known), "ok");
  EXPECT_EQ(known->jti, "jti-2");
  EXPECT_EQ(known->thumbprint, parts.key.public_key().thumbprint());
  EXPECT_EQ(known->issued_at, kNow);
  EXPECT_EQ(known->nonce, "n-1");
  EXPECT_EQ(verifier.known_keys(), 1U);
}

INSTANTIATE_TEST_SUITE_P(ProofVerifier, KnownKey,
                         ::testing::Values(JwsAlgorithm::ES256, JwsAlgorithm::RS256, JwsAlgorithm::PS256));

TEST(ProofVerifier, EveryByteStillCounts) {
  const ProofVerifier verifier{ProofRules{}};
  const std::string good = ProofParts().build();
  ASSERT_EQ(outcome(verify(verifier, good)), "ok");
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = good[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(outcome(verify(verifier, changed)), "invalid_dpop_proof") << "byte " << i;
    EXPECT_EQ(outcome(verify(verifier, good.substr(0, i))), "invalid_dpop_proof") << "cut at " << i;
  }
  for (const std::string& text : {good + ".", good + ".x", good + "=", " " + good})
    EXPECT_EQ(outcome(verify(verifier, text)), "invalid_dpop_proof");
  EXPECT_EQ(outcome(verify(verifier, good)), "ok");
  EXPECT_EQ(verifier.known_keys(), 1U);
}

// The same key and header members, spelled in another way: the signature covers the other spelling.
TEST(ProofVerifier, SignatureOverOtherHeaderBytesIsRefused) {
  const ProofVerifier verifier{ProofRules{}};
  ProofParts parts;
  const std::string first = parts.build();
  parts.raw_header = parts.header.dump(1);
  const std::string respelled = parts.build();
  ASSERT_EQ(outcome(verify(verifier, first)), "ok");
  ASSERT_EQ(outcome(verify(verifier, respelled)), "ok");
  const std::string swapped = first.substr(0, first.find('.')) + respelled.substr(respelled.find('.'));
  EXPECT_EQ(outcome(verify(verifier, swapped)), "invalid_dpop_proof");
  EXPECT_EQ(verifier.known_keys(), 2U);
}

TEST(ProofVerifier, KnownHeaderWithTheSignatureOfAnotherKeyIsRefused) {
  const ProofVerifier verifier{ProofRules{}};
  ProofParts parts;
  ASSERT_EQ(outcome(verify(verifier, parts.build())), "ok");
  parts.key = testing::test_key(JwsAlgorithm::ES256, 1);
  EXPECT_EQ(outcome(verify(verifier, parts.build())), "invalid_dpop_proof");
}

TEST(ProofVerifier, RulesOfOneAreNotThoseOfAnother) {
  ProofRules narrow;
  narrow.algorithms = {JwsAlgorithm::RS256};
  ProofRules any_case;
  any_case.typ_any_case = true;
  const ProofVerifier plain{ProofRules{}}, rsa_only{narrow}, relaxed{any_case};
  ProofParts parts;
  const std::string proof = parts.build();
  parts.header["typ"] = "DPoP+JWT";
  const std::string in_other_case = parts.build();
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(outcome(verify(plain, proof)), "ok");
    EXPECT_EQ(outcome(verify(rsa_only, proof)), "invalid_dpop_proof");
    EXPECT_EQ(outcome(verify(relaxed, proof)), "ok");
    EXPECT_EQ(outcome(verify(relaxed, in_other_case)), "ok");
    EXPECT_EQ(outcome(verify(plain, in_other_case)), "invalid_dpop_proof");
  }
  EXPECT_EQ(plain.known_keys(), 1U);
  EXPECT_EQ(rsa_only.known_keys(), 0U);
  EXPECT_EQ(relaxed.known_keys(), 2U);
}

TEST(ProofVerifier, RefusedProofsLeaveNothing) {
  const ProofVerifier verifier{ProofRules{}};
  ProofParts forged;
  forged.key = testing::test_key(JwsAlgorithm::ES256, 1);
  EXPECT_EQ(outcome(verify(verifier, forged.build())), "invalid_dpop_proof");
  ProofParts elsewhere;
  elsewhere.claims["htm"] = "POST";
  EXPECT_EQ(outcome(verify(verifier, elsewhere.build())), "invalid_dpop_proof");
  EXPECT_EQ(verifier.known_keys(), 0U);
}

TEST(ProofVerifier, LongHeaderPassesAndIsNotKept) {
  const ProofVerifier verifier{ProofRules{}};
  ProofParts parts;
  parts.header["padding"] = std::string(2000, 'x');
  EXPECT_EQ(outcome(verify(verifier, parts.build())), "ok");
  EXPECT_EQ(outcome(verify(verifier, parts.build())), "ok");
  EXPECT_EQ(verifier.known_keys(), 0U);
}

TEST(ProofVerifier, SizeIsLimitedForAKnownKeyToo) {
  const ProofVerifier verifier{ProofRules{}};
  ProofParts parts;
  ASSERT_EQ(outcome(verify(verifier, parts.build())), "ok");
  parts.claims["padding"] = std::string(7000, 'x');
  EXPECT_EQ(outcome(verify(verifier, parts.build())), "invalid_dpop_proof");
}

TEST(ProofVerifier, CopiesShareWhatIsKnown) {
  const ProofVerifier verifier{ProofRules{}};
  const ProofVerifier copy = verifier;
  ASSERT_EQ(outcome(verify(copy, ProofParts().build())), "ok");
  EXPECT_EQ(verifier.known_keys(), 1U);
}

// Finding and adding at once.
TEST(ProofVerifier, ManyThreads) {
  const ProofVerifier verifier{ProofRules{}};
  constexpr int kHeaders = 12;
  std::vector<std::string> good, forged;
  for (int i = 0; i < kHeaders; ++i) {
    ProofParts parts;
    parts.header["kid"] = std::to_string(i);
    good.push_back(parts.build());
    parts.key = testing::test_key(JwsAlgorithm::ES256, 1);
    forged.push_back(parts.build());
  }
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 3 * kHeaders; ++i) {
        const auto place = static_cast<std::size_t>((i + t) % kHeaders);
        const auto passed = verify(verifier, good[place]);
        if (!passed || verify(verifier, forged[place])) ++wrong;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(verifier.known_keys(), static_cast<std::size_t>(kHeaders));
}

}  // namespace
}  // namespace authplane::dpop
