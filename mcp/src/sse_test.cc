#include "sse.h"

#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace authplane::mcp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> data_of(std::string_view stream) {
  std::vector<std::string> data;
  SseParser parser([&](const SseEvent& event) { data.push_back(event.data); });
  EXPECT_TRUE(parser.feed(stream));
  return data;
}

TEST(SseWriter, OneLineBecomesOneEvent) {
  std::string out;
  append_sse_event(out, R"({"a":1})");
  EXPECT_EQ(out, "data: {\"a\":1}\n\n");
}

TEST(SseWriter, LineBreaksBecomeDataLines) {
  std::string out;
  append_sse_event(out, "a\nb\r\nc\rd");
  EXPECT_EQ(out, "data: a\ndata: b\ndata: c\ndata: d\n\n");
}

TEST(SseParser, EveryLineEndingIsUnderstood) {
  EXPECT_THAT(data_of("data: a\n\ndata: b\r\n\r\ndata: c\r\r"), ElementsAre("a", "b", "c"));
}

TEST(SseParser, DataLinesAreJoined) {
  EXPECT_THAT(data_of("data: a\ndata:b\ndata\n\n"), ElementsAre("a\nb\n"));
}

TEST(SseParser, OnlyOneLeadingSpaceIsDropped) {
  EXPECT_THAT(data_of("data:  a\n\n"), ElementsAre(" a"));
}

TEST(SseParser, CommentsAndUnknownFieldsAreIgnored) {
  EXPECT_THAT(data_of(": hello\nfoo: bar\ndata: a\nretry: 10\n\n: bye\n\n"), ElementsAre("a"));
}

TEST(SseParser, AnUnfinishedEventIsDropped) {
  EXPECT_THAT(data_of("data: a\n"), IsEmpty());
}

TEST(SseParser, AByteOrderMarkIsSkippedOnlyAtTheStart) {
  EXPECT_THAT(data_of("\xEF\xBB\xBF"
                      "data: a\n\n\xEF\xBB\xBF"
                      "data: b\n\n"),
              ElementsAre("a"));
}

TEST(SseParser, TypeAndIdAreTold) {
  std::vector<SseEvent> events;
  SseParser parser([&](const SseEvent& event) { events.push_back(event); });
  parser.feed("id: 7\nevent: ping\ndata: x\n\ndata: y\n\n");
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].type, "ping");
  EXPECT_EQ(events[0].id, "7");
  EXPECT_EQ(events[1].type, "message");
  EXPECT_EQ(events[1].id, "7");
}

TEST(SseParser, APrimingEventHasEmptyData) {
  EXPECT_THAT(data_of("id: 1\ndata:\n\n"), ElementsAre(""));
}

TEST(SseParser, ALineOverTheBoundEndsTheStream) {
  int events = 0;
  SseParser parser([&](const SseEvent&) { ++events; }, 10);
  EXPECT_FALSE(parser.feed("data: 0123456789\n\n"));
  EXPECT_FALSE(parser.feed("data: a\n\n"));
  EXPECT_EQ(events, 0);
}

TEST(SseParser, ManySmallLinesOverTheBoundEndTheStream) {
  SseParser parser([](const SseEvent&) {}, 10);
  EXPECT_FALSE(parser.feed("data: 1234\ndata: 1234\ndata: 1234\n\n"));
}

// What was written is read back, wherever the stream was cut.
TEST(SseProperty, WritingThenReadingInRandomPiecesGivesTheSameData) {
  std::mt19937 random(20251125);
  const std::string alphabet = "ab: \r\n{}\"\xC3\xA4\0x";
  for (int round = 0; round < 2'000; ++round) {
    std::vector<std::string> expected;
    std::string stream;
    for (auto left = random() % 5; left > 0; --left) {
      std::string data;
      for (auto size = random() % 30; size > 0; --size) data += alphabet[random() % alphabet.size()];
      append_sse_event(stream, data);
      std::string normal;  // every line ending reads back as a line feed
      for (std::size_t i = 0; i < data.size(); ++i) {
        if (data[i] == '\r' && i + 1 < data.size() && data[i + 1] == '\n') continue;
        normal += data[i] == '\r' ? '\n' : data[i];
      }
      expected.push_back(normal);
    }
    std::vector<std::string> seen;
    SseParser parser([&](const SseEvent& event) { seen.push_back(event.data); });
    for (std::size_t at = 0; at < stream.size();) {
      const auto piece = 1 + random() % 7;
      ASSERT_TRUE(parser.feed(std::string_view(stream).substr(at, piece)));
      at += piece;
    }
    ASSERT_EQ(seen, expected) << "round " << round;
  }
}

// Any bytes: same events in one piece or byte by byte, and never more data than came in.
TEST(SseProperty, CutsDoNotChangeTheEventsOfArbitraryBytes) {
  std::mt19937 random(7);
  const std::vector<std::string> words = {"data",         ":", " ",   "\r", "\n", "\r\n", "id", "event",
                                          "\xEF\xBB\xBF", "x", "\xFF"};
  for (int round = 0; round < 3'000; ++round) {
    std::string stream;
    for (auto left = random() % 40; left > 0; --left) stream += words[random() % words.size()];
    std::vector<std::string> whole, pieces;
    std::size_t total = 0;
    SseParser one([&](const SseEvent& e) {
      whole.push_back(e.type + "|" + e.id + "|" + e.data);
      total += e.data.size();
    });
    SseParser many([&](const SseEvent& e) { pieces.push_back(e.type + "|" + e.id + "|" + e.data); });
    ASSERT_TRUE(one.feed(stream));
    for (const char c : stream) ASSERT_TRUE(many.feed(std::string_view(&c, 1)));
    ASSERT_EQ(whole, pieces) << "round " << round;
    ASSERT_LE(total, stream.size());
  }
}

}  // namespace
}  // namespace authplane::mcp
