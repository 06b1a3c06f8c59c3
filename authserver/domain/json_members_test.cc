#include "authserver/domain/json_members.h"

#include <iterator>
#include <random>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <authplane/json/json.h>

namespace authplane::authserver {
namespace {

TEST(RawMembers, KeepEveryByte) {
  const std::string text =
      " {\"a\" : 1.50 ,\n\"b\":\t{\"x\":[\"}]\\\"\",{}], \"y\":null}\r\n, \"c\\u0064\" : \"\\\\\" , \"e\":[ "
      "] ,"
      "\"f\":true}\n";
  ASSERT_TRUE(parse_json_object(text));
  const auto members = raw_members(text);
  ASSERT_EQ(members.size(), 5u);
  EXPECT_EQ(members[0].name, "a");
  EXPECT_EQ(members[0].text, "\"a\" : 1.50");
  EXPECT_EQ(members[0].value, "1.50");
  EXPECT_EQ(members[1].value, "{\"x\":[\"}]\\\"\",{}], \"y\":null}");
  EXPECT_EQ(members[2].name, "cd");
  EXPECT_EQ(members[2].text, "\"c\\u0064\" : \"\\\\\"");
  EXPECT_EQ(members[2].value, "\"\\\\\"");
  EXPECT_EQ(members[3].value, "[ ]");
  EXPECT_EQ(members[4].value, "true");
  EXPECT_EQ(object_of({members[0], members[4]}), "{\"a\" : 1.50,\"f\":true}");
}

TEST(RawMembers, AreThoseOfTheParser) {
  for (const std::string text : {"{}", " { } ", "{\"\":\"\"}", "{\"a\":-0.1e5}",
                                 "{\"a\":[[],{}],\"b\":\"{\"}", "{\"\\\"\":\"\\u007d\",\"}\":false}"}) {
    const auto parsed = parse_json_object(text);
    ASSERT_TRUE(parsed) << text;
    const auto members = raw_members(text);
    EXPECT_EQ(members.size(), parsed->size()) << text;
    for (const RawMember& member : members) {
      ASSERT_NE(find_member(*parsed, member.name), nullptr) << text;
      EXPECT_EQ(parse_json(member.value).value(), *find_member(*parsed, member.name)) << text;
    }
    EXPECT_EQ(parse_json(object_of(members)).value(), *parsed) << text;
  }
}

// Objects made of the characters that matter, as they come.
TEST(RawMembers, AgreeWithTheParserOnWhateverItTakes) {
  constexpr std::string_view kPieces[] = {"{", "}",  "[", "]", "\"", "\"",  ":",
                                          ",", "\\", " ", "1", "a",  "null"};
  std::mt19937 random(7);
  std::size_t compared = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text = "{\"k\":";
    for (std::size_t length = random() % 9; length > 0; --length)
      text += kPieces[random() % std::size(kPieces)];
    text += "}";
    const auto parsed = parse_json_object(text);
    if (!parsed) continue;
    ++compared;
    const auto members = raw_members(text);
    ASSERT_EQ(members.size(), parsed->size()) << text;
    for (const RawMember& member : members) {
      ASSERT_NE(find_member(*parsed, member.name), nullptr) << text;
      ASSERT_EQ(parse_json(member.value).value(), *find_member(*parsed, member.name)) << text;
    }
  }
  EXPECT_GT(compared, 1'000u);
}

}  // namespace
}  // namespace authplane::authserver
