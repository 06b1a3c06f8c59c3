#include "authserver/cli/open_files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <authplane/testing/recording_logger.h>

namespace authplane::authserver::cli {
namespace {

class OpenFiles : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0); }
  void TearDown() override { setrlimit(RLIMIT_NOFILE, &before_); }
  void set_soft(rlim_t soft) {
    rlimit limit = before_;
    limit.rlim_cur = soft;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  }
  static rlim_t soft() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
  }
  rlimit before_{};
  testing::RecordingLogger log_;
};

TEST_F(OpenFiles, SoftLimitIsRaisedToWhatIsWanted) {
  set_soft(64);
  raise_open_files_limit(128, log_);
  EXPECT_EQ(soft(), 128u);
  EXPECT_EQ(log_.text(), "");
}
TEST_F(OpenFiles, AHigherLimitIsLeftAlone) {
  set_soft(128);
  raise_open_files_limit(64, log_);
  EXPECT_EQ(soft(), 128u);
}
TEST_F(OpenFiles, AHardLimitThatIsTooLowIsNamedWithTheFix) {
  // In a process of its own, because a lowered hard limit cannot be raised again by everybody.
  const auto lowered = [this] {
    const rlimit low{64, 256};
    setrlimit(RLIMIT_NOFILE, &low);
    raise_open_files_limit(1000, log_);
    return soft() == 256 && log_.contains("LimitNOFILE");
  };
  EXPECT_EXIT(_exit(lowered() ? 0 : 1), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace authplane::authserver::cli
