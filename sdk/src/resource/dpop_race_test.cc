#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

#include <authplane/testing/race.h>

#include "dpop_test_support.h"

// One proof presented by many at once passes once.

namespace authplane {
namespace {

using resource_test::outcome;

#ifdef __SANITIZE_THREAD__
constexpr int kUsualRounds = 200;  // each signature takes ten times as long
#else
constexpr int kUsualRounds = 1'000;
#endif

class DpopRace : public resource_test::DpopTest {
 protected:
  // How many of `threads` got through in each of the rounds; every round has a proof of its own.
  std::vector<int> winners(const std::vector<Resource>& resources, int threads, int rounds,
                           const PrivateKey& key = client_key()) {
    const std::string bound = bound_to(key).build();
    std::vector<std::string> proofs;
    for (int round = 0; round < rounds; ++round) proofs.push_back(proof(bound).key(key).build());
    std::vector<std::atomic<int>> passed(proofs.size());
    std::atomic<int> other_outcomes = 0;
    std::barrier together(threads);
    std::vector<std::jthread> crowd;
    for (int t = 0; t < threads; ++t) {
      crowd.emplace_back([&, t] {
        const Resource& resource = resources[static_cast<std::size_t>(t) % resources.size()];
        for (std::size_t round = 0; round < proofs.size(); ++round) {
          together.arrive_and_wait();
          auto result = present(resource, bound, proofs[round]);
          if (result) {
            ++passed[round];
          } else if (result.error().code != ErrorCode::dpop_replay_detected) {
            ++other_outcomes;
          }
        }
      });
    }
    crowd.clear();
    EXPECT_EQ(other_outcomes, 0);
    return {passed.begin(), passed.end()};
  }
};

// With RSA, whose signatures are verified several times as fast.
TEST_F(DpopRace, OneOfAHundredThreadsWins) {
  const PrivateKey& key = testing::test_key(JwsAlgorithm::RS256);
  const int rounds = testing::race_rounds(kUsualRounds);
  EXPECT_EQ(winners({make(with({}))}, 100, rounds, key),
            std::vector<int>(static_cast<std::size_t>(rounds), 1));
}

TEST_F(DpopRace, OneWinsAcrossResourcesThatShareAStore) {
  const auto store = dpop::MemoryReplayStore::create({.clock = clock});
  EXPECT_EQ(winners({make(with({.replay_store = store})), make(with({.replay_store = store}))}, 8, 100),
            std::vector<int>(100, 1));
}

}  // namespace
}  // namespace authplane
