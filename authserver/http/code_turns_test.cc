#include "authserver/http/code_turns.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include <authplane/base/hash.h>

namespace authplane::authserver {
namespace {

TEST(CodeTurns, OthersWaitForTheFirstAndThenGoTogether) {
  CodeTurns turns;
  const TokenHash code = sha256("code");
  std::atomic<bool> first_is_done = false;
  auto first = turns.enter(code);
  ASSERT_TRUE(first);
  std::vector<std::jthread> others;
  std::atomic<int> too_early = 0;
  for (int i = 0; i < 8; ++i) {
    others.emplace_back([&] {
      const auto turn = turns.enter(code);
      too_early += !first_is_done;
    });
  }
  first_is_done = true;
  first.reset();
  others.clear();
  EXPECT_EQ(too_early, 0);
  EXPECT_TRUE(turns.enter(code));
}

TEST(CodeTurns, DifferentCodesDoNotWaitForEachOther) {
  CodeTurns turns;
  const auto one = turns.enter(sha256("one"));
  EXPECT_TRUE(one);
  EXPECT_TRUE(turns.enter(sha256("two")));
}

TEST(CodeTurns, ATurnMayOutliveTheObject) {
  std::shared_ptr<const void> turn;
  {
    CodeTurns turns;
    turn = turns.enter(sha256("code"));
  }
  EXPECT_TRUE(turn);
}

}  // namespace
}  // namespace authplane::authserver
