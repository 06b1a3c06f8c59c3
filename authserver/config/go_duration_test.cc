#include "authserver/config/go_duration.h"

#include <gtest/gtest.h>

namespace authplane::authserver {
namespace {

using namespace std::chrono_literals;

TEST(GoDuration, ReadsTheUsualSpellings) {
  EXPECT_EQ(parse_go_duration("15m"), 15min);
  EXPECT_EQ(parse_go_duration("1h30m"), 90min);
  EXPECT_EQ(parse_go_duration("168h"), 168h);
  EXPECT_EQ(parse_go_duration("500ms"), 500ms);
  EXPECT_EQ(parse_go_duration("1.5h"), 90min);
  EXPECT_EQ(parse_go_duration(".5s"), 500ms);
  EXPECT_EQ(parse_go_duration("-2s"), -2s);
  EXPECT_EQ(parse_go_duration("0"), 0s);
  EXPECT_EQ(parse_go_duration("3us"), 3us);
  EXPECT_EQ(parse_go_duration("3\xC2\xB5s"), 3us);
}

TEST(GoDuration, RefusesWhatHasNoUnitOrAnUnknownOne) {
  for (const char* text :
       {"", "120", "1d", "1w", "15 m", "m", "1h30", "--1s", "-", ".s", "1..5s", "1h 30m"}) {
    EXPECT_EQ(parse_go_duration(text), std::nullopt) << text;
  }
}

TEST(GoDuration, RefusesOverflow) {
  EXPECT_EQ(parse_go_duration("99999999999999999999h"), std::nullopt);
  EXPECT_EQ(parse_go_duration("2562048h"), std::nullopt);
  EXPECT_EQ(parse_go_duration("2562047h48m"), std::nullopt);
  EXPECT_TRUE(parse_go_duration("2562047h47m"));
}

TEST(GoDuration, PrintsWithoutLeadingZeroUnits) {
  EXPECT_EQ(format_go_duration(60s), "1m0s");
  EXPECT_EQ(format_go_duration(24h), "24h0m0s");
  EXPECT_EQ(format_go_duration(90s), "1m30s");
  EXPECT_EQ(format_go_duration(1500ms), "1.5s");
  EXPECT_EQ(format_go_duration(250ms), "250ms");
  EXPECT_EQ(format_go_duration(0s), "0s");
  EXPECT_EQ(format_go_duration(-90s), "-1m30s");
}

TEST(GoDuration, WhatIsPrintedReadsBack) {
  for (Duration value :
       {Duration(1ns), Duration(1001ns), Duration(1s + 1ms), Duration(25h + 3s), Duration(-7min)}) {
    EXPECT_EQ(parse_go_duration(format_go_duration(value)), value);
  }
}

}  // namespace
}  // namespace authplane::authserver
