#include <atomic>
#include <barrier>
#include <latch>
#include <thread>
#include <vector>

#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {
namespace {

constexpr std::chrono::seconds kLifetime{60};

}  // namespace

TEST_P(StorageConformance, ProofIsSpentByItsTokenAndByNoOther) {
  stored_client("client-1");
  const auto spend = [&](const char* name) {
    return issuances().append(make_issuance("client-1"), make_event("a"),
                              SpentProof::of(name, now_seconds(), kLifetime));
  };
  ASSERT_TRUE(spend("key.jti-1"));
  EXPECT_TRUE(failed_with(spend("key.jti-1"), DomainErrorCode::invalid_dpop_proof));
  EXPECT_TRUE(spend("key.jti-2"));
  EXPECT_TRUE(spend("other.jti-1"));
  EXPECT_TRUE(issuances().append(make_issuance("client-1"), make_event("a")));
  EXPECT_EQ(audit().query({}).value().size(), 4U);
  EXPECT_EQ(issuances().query({{}, "client-1", {}}).value().size(), 4U);
}

TEST_P(StorageConformance, ProofIsRememberedUntilItsExpiryAndNotLonger) {
  stored_client("client-1");
  const auto spend = [&] {
    return issuances().append(make_issuance("client-1"), make_event("a"),
                              SpentProof::of("key.jti", now_seconds(), kLifetime));
  };
  ASSERT_TRUE(spend());
  clock_.advance(2 * kLifetime);
  EXPECT_TRUE(failed_with(spend(), DomainErrorCode::invalid_dpop_proof));
  clock_.advance(std::chrono::seconds(1));
  EXPECT_TRUE(spend());
  EXPECT_TRUE(failed_with(spend(), DomainErrorCode::invalid_dpop_proof));
}

TEST_P(StorageConformance, RefusedTokenLeavesItsProofUnspent) {
  stored_client("client-1");
  const SpentProof proof = SpentProof::of("key.jti", now_seconds(), kLifetime);
  const Issuance first = make_issuance("client-1");
  const AuditEvent event = make_event("a");
  ASSERT_TRUE(issuances().append(first, event));

  EXPECT_TRUE(failed_with(issuances().append(make_issuance("nobody"), make_event("a"), proof),
                          DomainErrorCode::invalid_client));
  Issuance nowhere = make_issuance("client-1");
  nowhere.resource_id = "nothing";
  EXPECT_TRUE(
      failed_with(issuances().append(nowhere, make_event("a"), proof), DomainErrorCode::invalid_target));
  EXPECT_TRUE(failed_with(issuances().append(first, make_event("a"), proof), DomainErrorCode::conflict));
  EXPECT_TRUE(
      failed_with(issuances().append(make_issuance("client-1"), event, proof), DomainErrorCode::conflict));
  EXPECT_TRUE(issuances().append(make_issuance("client-1"), make_event("a"), proof));
}

TEST_P(StorageConformance, RefusedProofLeavesNothingOfItsToken) {
  stored_client("client-1");
  const SpentProof proof = SpentProof::of("key.jti", now_seconds(), kLifetime);
  ASSERT_TRUE(issuances().append(make_issuance("client-1"), make_event("a"), proof));
  const Issuance refused = make_issuance("client-1");
  ASSERT_FALSE(issuances().append(refused, make_event("a"), proof));
  EXPECT_TRUE(failed_with(issuances().get(refused.id), DomainErrorCode::not_found));
  EXPECT_EQ(audit().query({}).value().size(), 1U);
}

TEST_P(StorageConformance, PurgeForgetsExpiredProofsOnly) {
  stored_client("client-1");
  const auto spend = [&](const std::string& name) {
    return issuances()
        .append(make_issuance("client-1"), make_event("a"), SpentProof::of(name, now_seconds(), kLifetime))
        .has_value();
  };
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(spend("early." + std::to_string(i)));
  EXPECT_EQ(issuances().purge_spent_proofs(clock_.now()).value(), 0U);
  clock_.advance(2 * kLifetime + std::chrono::seconds(1));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(spend("late." + std::to_string(i)));
  EXPECT_EQ(issuances().purge_spent_proofs(clock_.now()).value(), 10U);
  EXPECT_EQ(issuances().purge_spent_proofs(clock_.now()).value(), 0U);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(spend("late." + std::to_string(i)));
  EXPECT_TRUE(spend("early.0"));
}

// A hundred requests with one proof reach the store together, a thousand times over.
TEST_P(StorageConformance, OneProofSentByManyAtOnceGivesOneToken) {
  constexpr int kThreads = 100, kBatches = 10, kRounds = 100;
  stored_client("client-1");
  std::atomic<int> recorded = 0, refused = 0, other = 0;
  std::vector<std::atomic<int>> winners(kBatches * kRounds);
  std::barrier together(kThreads);
  const auto send = [&](int batch) {
    std::latch answered(kRounds);
    for (int round = batch * kRounds; round < (batch + 1) * kRounds; ++round) {
      const SpentProof proof = SpentProof::of("key." + std::to_string(round), now_seconds(), kLifetime);
      issuances().append_async(
          {make_issuance("client-1"), make_event("a"), proof}, [&, round](Outcome<void> outcome) {
            winners[static_cast<std::size_t>(round)] += outcome.has_value();
            recorded += outcome.has_value();
            refused += failed_with(outcome, DomainErrorCode::invalid_dpop_proof);
            other += !outcome && outcome.error().code != DomainErrorCode::invalid_dpop_proof;
            answered.count_down();
          });
    }
    answered.wait();
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int batch = 0; batch < kBatches; ++batch) {
          together.arrive_and_wait();
          send(batch);
        }
      });
    }
  }
  EXPECT_EQ(other, 0);
  EXPECT_EQ(refused, (kThreads - 1) * kBatches * kRounds);
  EXPECT_EQ(recorded, kBatches * kRounds);
  for (const std::atomic<int>& winner : winners) ASSERT_EQ(winner, 1);
  const auto rows = issuances().query({{}, "client-1", {}, {}, 1'000'000}).value();
  EXPECT_EQ(rows.size(), static_cast<std::size_t>(kBatches * kRounds));
}

}  // namespace authplane::authserver
