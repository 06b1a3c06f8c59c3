#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "stack.h"

namespace authplane::e2e {
namespace {

constexpr int kRounds = 20;
constexpr int kCallers = 8;
constexpr std::size_t kTokensPerRound = 150;

// The server is killed while callers hold unanswered requests; whatever was answered must be in the store
// after.
TEST(Crash, EveryAcknowledgedTokenSurvivesKill9) {
  TempFolder folder;
  AuthServer as(folder.path());
  as.start();
  ASSERT_FALSE(HasFatalFailure());
  const std::string resource = "http://localhost:1/mcp";
  as.register_resource("r", resource, {"s"});
  const auto client = as.register_client("c", "s");
  const auto keys = http("GET", as.url("/.well-known/jwks.json")).body;

  std::size_t total = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::mutex mutex;
    std::vector<std::string> acknowledged;
    std::atomic<bool> dead{false};
    std::vector<std::jthread> callers;
    for (int i = 0; i < kCallers; ++i) {
      callers.emplace_back([&] {
        while (!dead) {
          const auto reply = as.token(client, "s", resource);
          if (reply.status != 200) continue;
          std::lock_guard lock(mutex);
          acknowledged.push_back(jwt_part(reply.json()["access_token"], 1)["jti"]);
        }
      });
    }
    EXPECT_TRUE(eventually(std::chrono::seconds(20), [&] {
      std::lock_guard lock(mutex);
      return acknowledged.size() >= kTokensPerRound;
    }));
    as.kill();
    dead = true;
    callers.clear();

    as.start();
    ASSERT_FALSE(HasFatalFailure()) << "round " << round;
    for (const auto& jti : acknowledged) {
      ASSERT_EQ(as.admin("GET", "/admin/issuances?jti=" + jti).json().value("count", 0), 1)
          << "round " << round << ": token " << jti << " was answered but is not in the store";
    }
    EXPECT_EQ(http("GET", as.url("/.well-known/jwks.json")).body, keys);
    total += acknowledged.size();
  }
  RecordProperty("acknowledged_tokens", static_cast<int>(total));
  EXPECT_EQ(as.stop(), 0);
}

}  // namespace
}  // namespace authplane::e2e
