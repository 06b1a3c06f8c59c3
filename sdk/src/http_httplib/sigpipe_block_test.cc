#include "sigpipe_block.h"

#include <unistd.h>

#include <cerrno>

#include <gtest/gtest.h>

namespace authplane {
namespace {

bool is_pending() {
  sigset_t pending;
  ::sigpending(&pending);
  return sigismember(&pending, SIGPIPE) == 1;
}

bool is_blocked() {
  sigset_t blocked;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  return sigismember(&blocked, SIGPIPE) == 1;
}

// Restores what SIGPIPE did before.
class SigpipeBlockTest : public testing::Test {
 protected:
  void SetUp() override { before_ = std::signal(SIGPIPE, SIG_DFL); }
  void TearDown() override { std::signal(SIGPIPE, before_); }

  static void write_to_nobody() {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ::close(ends[0]);
    EXPECT_EQ(::write(ends[1], "x", 1), -1);
    EXPECT_EQ(errno, EPIPE);
    ::close(ends[1]);
  }

 private:
  void (*before_)(int) = SIG_DFL;
};

TEST_F(SigpipeBlockTest, AWriteToNobodyIsSurvivedAndForgotten) {
  {
    const SigpipeBlock block;
    write_to_nobody();
    EXPECT_TRUE(is_pending());
  }
  EXPECT_FALSE(is_pending());
  EXPECT_FALSE(is_blocked());
}

TEST_F(SigpipeBlockTest, ASignalOfSomebodyElseIsLeftToThem) {
  {
    const SigpipeBlock theirs;
    write_to_nobody();
    {
      const SigpipeBlock block;
      write_to_nobody();
    }
    EXPECT_TRUE(is_pending());
    EXPECT_TRUE(is_blocked());
  }
  EXPECT_FALSE(is_pending());
}

}  // namespace
}  // namespace authplane
