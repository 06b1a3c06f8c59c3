#include "authserver/logging/logger.h"

#include <authplane/testing/testing.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/base_sink.h>

#include <condition_variable>
#include <mutex>
#include <sstream>
#include <thread>
#include <vector>

#include "authserver/logging/async_logger.h"
#include "authserver/logging/format.h"

namespace authplane::authserver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const WallTime kTime = WallTime(std::chrono::microseconds(1'700'000'000'000'001));

TEST(LogFormat, JsonHasFixedMembersFirstAndTypedFields) {
  EXPECT_EQ(format_json(kTime, LogLevel::warn, "slow request",
                        {{"path", "/oauth/token"}, {"status", 503}, {"took", 1.5}, {"retried", true}}),
            R"({"ts":"2023-11-14T22:13:20.000001Z","level":"warn","msg":"slow request",)"
            R"("path":"/oauth/token","status":503,"took":1.5,"retried":true})");
}

TEST(LogFormat, NoValueCanStartALineOrAMember) {
  for (auto format : {&format_json, &format_text}) {
    std::string line =
        format(kTime, LogLevel::info, "event", {{"value", "a\nb\r\"c\" x=1"}, {"bad", "\xff\xfe"}});
    EXPECT_THAT(line, Not(HasSubstr("\n")));
    EXPECT_THAT(line, Not(HasSubstr("\r")));
    EXPECT_THAT(line, HasSubstr(R"(a\nb\r\"c\" x=1)"));
    EXPECT_THAT(line, Not(HasSubstr("\xff")));
  }
}

// Line ends of Unicode, controls of terminals, and what turns the order of a text around.
TEST(LogFormat, ALineIsAscii) {
  const std::string text = "a\u2028b\u0085c\u009bd\x7f\u202ee \u00e9\xff";
  for (const std::string& line : {format_json(WallTime(), LogLevel::info, text, {{"name", text}}),
                                  format_text(WallTime(), LogLevel::info, text, {{"name", text}})}) {
    for (const char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7F) << line;
    EXPECT_NE(line.find("\\u202e"), std::string::npos) << line;
  }
}

TEST(LogFormat, FieldsCannotReplaceFixedMembers) {
  std::string line = format_json(kTime, LogLevel::info, "event", {{"level", "error"}, {"msg", "x"}});
  EXPECT_THAT(line, HasSubstr(R"("level":"info")"));
  EXPECT_THAT(line, HasSubstr(R"("field_level":"error")"));
}

TEST(LogFormat, TextQuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(format_text(kTime, LogLevel::info, "listening",
                        {{"port", 9000}, {"name", "public"}, {"note", "two words"}, {"empty", ""}}),
            "2023-11-14T22:13:20.000001Z info listening port=9000 name=public note=\"two words\" empty=\"\"");
}

// Keeps lines; may be made to wait, as a terminal that nobody reads does.
class TestSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void block() {
    std::lock_guard lock(gate_);
    blocked_ = true;
  }
  void unblock() {
    {
      std::lock_guard lock(gate_);
      blocked_ = false;
    }
    changed_.notify_all();
  }
  // Until the writing thread waits inside the sink.
  void await_writer() {
    std::unique_lock lock(gate_);
    changed_.wait(lock, [&] { return waiting_; });
  }
  std::vector<std::string> lines;

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::unique_lock lock(gate_);
    waiting_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !blocked_; });
    std::istringstream text(std::string(message.payload.data(), message.payload.size()));
    for (std::string line; std::getline(text, line);) lines.push_back(line);
  }
  void flush_() override {}

  std::mutex gate_;
  std::condition_variable changed_;
  bool blocked_ = false, waiting_ = false;
};

TEST(AsyncLogger, WritesEverythingBeforeItIsGone) {
  testing::FakeClock clock;
  auto sink = std::make_shared<TestSink>();
  {
    AsyncLogger logger({}, clock, sink);
    for (int i = 0; i < 100; ++i) logger.info("event", {{"i", i}});
    logger.debug("below the minimum");
  }
  ASSERT_EQ(sink->lines.size(), 100u);
  EXPECT_THAT(sink->lines.back(), HasSubstr("\"i\":99"));
}

TEST(AsyncLogger, MinimumLevelFilters) {
  testing::FakeClock clock;
  AsyncLogger logger({.minimum = LogLevel::warn}, clock, std::make_shared<TestSink>());
  EXPECT_FALSE(logger.enabled(LogLevel::info));
  EXPECT_TRUE(logger.enabled(LogLevel::warn));
}

TEST(AsyncLogger, AStuckSinkDropsTheOldestAndSaysSo) {
  testing::FakeClock clock;
  auto sink = std::make_shared<TestSink>();
  sink->block();
  {
    AsyncLogger logger({.queue = 8}, clock, sink);
    logger.info("first");
    sink->await_writer();
    for (int i = 0; i < 50; ++i) logger.info("event", {{"i", i}});  // returns although nobody writes
    EXPECT_EQ(logger.dropped(), 42u);
    sink->unblock();
  }
  EXPECT_THAT(sink->lines, ::testing::Contains(HasSubstr("\"i\":49")));
  EXPECT_THAT(sink->lines.back(), HasSubstr("log lines dropped"));
}

}  // namespace
}  // namespace authplane::authserver
