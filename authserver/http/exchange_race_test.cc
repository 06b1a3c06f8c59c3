// T26: consent, or the token itself, is revoked while a hundred exchange what came of it, at several depths,
// over every storage.

#include <atomic>
#include <mutex>
#include <thread>

#include <authplane/testing/race.h>

#include "authserver/http/exchange_fixture.h"
#include "authserver/http/race_storage.h"

namespace authplane::authserver {
namespace {

constexpr int kThreads = 100;
constexpr std::size_t kDepths = 4;

// SQLite waits for the disk in every one.
int rounds() {
  return testing::race_rounds(12);
}

class ExchangeRace : public RaceBase, public ExchangeTest {
 protected:
  ExchangeRace() : ExchangeTest(GetParam()(surroundings_)) {}

  // Tokens that came one of the other, the first of "app" at "demo".
  std::vector<std::string> fresh_chain() {
    allow("app", "target", "mcp:echo mcp:add");
    allow("agent", "target", "mcp:echo mcp:add");
    std::vector<std::string> chain = {subject()};
    while (chain.size() < kDepths) chain.push_back(access_of(exchange(chain.back())));
    return chain;
  }
  bool is_live(const std::string& access_token) {
    return server.storage.issuances()
               .token_state(claims_of(access_token)["jti"].get<std::string>(), server.clock.now())
               .value() == TokenState::live;
  }

  // `revoke` is called once, while everybody else exchanges tokens of the chain and what they get for them,
  // until they are refused. Nothing that came of the chain may be alive when it has returned, nor afterwards.
  template <class Revoke>
  void race_against(Revoke revoke, int exchanges_before) {
    const std::vector<std::string> chain = fresh_chain();
    std::mutex mutex;
    std::vector<std::string> issued(chain.begin() + 1, chain.end());
    std::atomic<bool> is_revoked = false;
    std::atomic<int> late = 0, exchanged = 0, refused = 0;
    testing::race(kThreads, [&](int i) {
      if (i == 0) {
        while (exchanged < exchanges_before) std::this_thread::yield();
        revoke(chain.front());
        is_revoked = true;
        return;
      }
      std::string base = chain[static_cast<std::size_t>(i) % kDepths];
      while (true) {
        const bool was_revoked = is_revoked;
        const HttpResponse response = exchange(base);
        if (response.status != 200) {
          const std::string error = json_of(response)["error"];
          refused += error == "invalid_grant" || error == "consent_required";
          return;
        }
        late += was_revoked;
        ++exchanged;
        base = access_of(response);
        const std::lock_guard lock(mutex);
        issued.push_back(base);
      }
    });
    EXPECT_EQ(late, 0);
    EXPECT_EQ(refused, kThreads - 1);
    int survivors = 0;
    for (const std::string& text : issued) survivors += is_live(text);
    EXPECT_EQ(survivors, 0) << "of " << issued.size();
  }
};

TEST_P(ExchangeRace, T26_NothingSurvivesTheConsentItAllCameFrom) {
  for (int round = 0; round < rounds() && !HasFailure(); ++round) {
    race_against([this](const std::string&) { revoke_consent("app", "demo"); }, round % 50);
  }
}

TEST_P(ExchangeRace, T26_NothingSurvivesTheConsentAtTheTarget) {
  for (int round = 0; round < rounds() && !HasFailure(); ++round) {
    race_against([this](const std::string&) { revoke_consent("app", "target"); }, round % 50);
  }
}

TEST_P(ExchangeRace, T26_NothingSurvivesTheTokenItWasHadFor) {
  for (int round = 0; round < rounds() && !HasFailure(); ++round) {
    race_against([this](const std::string& root) { EXPECT_EQ(revoke(root, "app").status, 200); }, round % 50);
  }
}

INSTANTIATE_TEST_SUITE_P(Over, ExchangeRace, ::testing::Values(&open_memory, &open_file),
                         [](const auto& tested) {
                           return tested.param == &open_memory ? "Memory" : "Sqlite";
                         });

}  // namespace
}  // namespace authplane::authserver
