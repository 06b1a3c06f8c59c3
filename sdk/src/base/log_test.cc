#include <authplane/base/log.h>

#include <gtest/gtest.h>

#include <authplane/base/error.h>

namespace authplane {
namespace {

std::string logged(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  testing::internal::CaptureStderr();
  StderrLogger().write(level, event, fields);
  return testing::internal::GetCapturedStderr();
}

TEST(StderrLogger, WritesOneLineOfKeyValuePairs) {
  EXPECT_EQ(
      logged(
          LogLevel::warn, "key rotated",
          {{"kid", "abc"}, {"count", 3}, {"ok", true}, {"ratio", 0.5}, {"note", "two words"}, {"none", ""}}),
      "warn key rotated kid=abc count=3 ok=true ratio=0.5 note=\"two words\" none=\"\"\n");
}

TEST(StderrLogger, AValueCannotForgeALineOrAField) {
  EXPECT_EQ(logged(LogLevel::info, "seen", {{"v", "a\nerror forged"}, {"w", "x\" y=\"z"}, {"u", "k=v"}}),
            "info seen v=\"a\\x0aerror forged\" w=\"x\\\" y=\\\"z\" u=\"k=v\"\n");
}

TEST(StderrLogger, DropsEventsBelowItsLevel) {
  StderrLogger logger(LogLevel::warn);
  testing::internal::CaptureStderr();
  logger.info("quiet");
  logger.error("loud");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "error loud\n");
}

TEST(ErrorCode, NamesItselfAsWritten) {
  EXPECT_EQ(to_string(ErrorCode::token_missing), "token_missing");
  EXPECT_EQ(to_string(ErrorCode::consent_required), "consent_required");
}

}  // namespace
}  // namespace authplane
