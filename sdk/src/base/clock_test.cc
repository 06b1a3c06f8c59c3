#include <authplane/base/clock.h>

#include <gtest/gtest.h>

namespace authplane {
namespace {

using namespace std::chrono_literals;

constexpr WallTime at(std::int64_t micros) {
  return WallTime(std::chrono::microseconds(micros));
}

TEST(FormatRfc3339, WritesUtcWithAndWithoutMicroseconds) {
  EXPECT_EQ(format_rfc3339(at(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(at(1'767'323'045'678'901)), "2026-01-02T03:04:05Z");
  EXPECT_EQ(format_rfc3339(at(1'767'323'045'678'901), Fraction::micros), "2026-01-02T03:04:05.678901Z");
  EXPECT_EQ(format_rfc3339(at(-1), Fraction::micros), "1969-12-31T23:59:59.999999Z");
}

TEST(ParseRfc3339, AcceptsOffsetsFractionsAndLowerCase) {
  const WallTime expected = at(1'767'323'045'000'000);
  for (const char* text : {"2026-01-02T03:04:05Z", "2026-01-02t03:04:05z", "2026-01-02T03:04:05.000Z",
                           "2026-01-02T04:04:05+01:00", "2026-01-01T22:34:05-04:30",
                           "2026-01-02T03:04:05-00:00", "2026-01-03T03:03:05+23:59"}) {
    EXPECT_EQ(parse_rfc3339(text), expected) << text;
  }
  EXPECT_EQ(parse_rfc3339("2026-01-02T03:04:05.5Z"), expected + 500ms);
  EXPECT_EQ(parse_rfc3339("2026-01-02T03:04:05.123456999Z"), expected + 123'456us);
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59.999999Z"), at(-1));
}

TEST(ParseRfc3339, KnowsLeapDaysAndLeapSeconds) {
  EXPECT_TRUE(parse_rfc3339("2024-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2100-02-29T00:00:00Z"));
  EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z"), parse_rfc3339("2017-01-01T00:00:00Z"));
  EXPECT_EQ(parse_rfc3339("2017-01-01T00:59:60+01:00"), parse_rfc3339("2017-01-01T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2016-12-31T23:58:60Z"));
  EXPECT_FALSE(parse_rfc3339("2016-12-31T23:59:60+01:00"));
}

TEST(ParseRfc3339, RefusesEverythingElse) {
  for (const char* text : {"",
                           "2026",
                           "2026-01-02",
                           "2026-01-02 03:04:05Z",
                           "2026-01-02T03:04:05",
                           "2026-01-02T03:04Z",
                           "2026-13-02T03:04:05Z",
                           "2026-00-02T03:04:05Z",
                           "2026-01-00T03:04:05Z",
                           "2026-01-32T03:04:05Z",
                           "2026-04-31T03:04:05Z",
                           "2026-01-02T24:00:00Z",
                           "2026-01-02T03:60:05Z",
                           "2026-01-02T03:04:61Z",
                           "2026-01-02T03:04:05.Z",
                           "2026-01-02T03:04:05,5Z",
                           "2026-01-02T03:04:05+0100",
                           "2026-01-02T03:04:05+24:00",
                           "2026-01-02T03:04:05+01:60",
                           "2026-01-02T03:04:05+01",
                           "2026-1-02T03:04:05Z",
                           "+2026-01-02T03:04:05Z",
                           "-026-01-02T03:04:05Z",
                           "2026-01-02T03:04:05ZZ",
                           " 2026-01-02T03:04:05Z",
                           "2026-01-02T03:04:05Z ",
                           "2026-01-02T03:04:05.-1Z",
                           "20260102T030405Z",
                           "2026-01-02T03:04:05 01:00"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(ParseRfc3339, InvertsFormatOverTheWholeRange) {
  for (const char* text :
       {"0000-01-01T00:00:00.000000Z", "1582-10-15T12:00:00.000001Z", "9999-12-31T23:59:59.999999Z"}) {
    const auto parsed = parse_rfc3339(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(format_rfc3339(*parsed, Fraction::micros), text);
  }
}

}  // namespace
}  // namespace authplane
