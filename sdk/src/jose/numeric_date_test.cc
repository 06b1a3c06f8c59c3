#include <authplane/jose/numeric_date.h>

#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace authplane {
namespace {

std::optional<std::int64_t> micros(const Json& value) {
  const auto date = parse_numeric_date(value);
  return date ? std::optional(date->time_since_epoch().count()) : std::nullopt;
}

TEST(NumericDate, SecondsAndFractions) {
  EXPECT_EQ(micros(0), 0);
  EXPECT_EQ(micros(1'767'225'600), 1'767'225'600'000'000);
  EXPECT_EQ(micros(-2), -2'000'000);
  EXPECT_EQ(micros(1.5), 1'500'000);
  EXPECT_EQ(micros(-0.5), -500'000);
  EXPECT_EQ(micros(253'402'300'799), 253'402'300'799'000'000);
}

TEST(NumericDate, WhatIsNone) {
  for (const Json& value : {Json(nullptr), Json(true), Json("1"), Json::array({1}), Json::object()})
    EXPECT_EQ(micros(value), std::nullopt) << value;
  for (const Json& value :
       {Json(253'402'300'800), Json(-253'402'300'800), Json(std::numeric_limits<std::uint64_t>::max()),
        Json(std::numeric_limits<std::int64_t>::min()), Json(1e300), Json(-1e300),
        Json(std::numeric_limits<double>::infinity()), Json(std::numeric_limits<double>::quiet_NaN())})
    EXPECT_EQ(micros(value), std::nullopt) << value;
}

}  // namespace
}  // namespace authplane
