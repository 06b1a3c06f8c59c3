#include <authplane/json/json.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace authplane {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using testing::Not;

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(ParseJson, BuildsWhatTheTextSays) {
  const std::string text =
      R"({"a":[1,-2,3.5,{"b":[],"c":{}},[[true]]],"d":null,"e":"\u00e9\n","f":18446744073709551615,"a2":false})";
  const auto parsed = parse_json(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, nlohmann::json::parse(text));
}

TEST(ParseJson, AcceptsScalarsAndWhiteSpaceAround) {
  EXPECT_EQ(parse_json(" 7\n")->get<int>(), 7);
  EXPECT_EQ(*parse_json("\"x\"")->get_ptr<const std::string*>(), "x");
  EXPECT_TRUE(parse_json("null")->is_null());
}

TEST(ParseJson, RefusesDuplicateNamesAtEveryLevel) {
  for (const char* text : {R"({"a":1,"a":1})", R"({"x":{"a":1,"b":2,"a":3}})", R"([{"a":1,"a":2}])",
                           R"({"a":1,"\u0061":2})", R"({"":1,"":2})"}) {
    const auto parsed = parse_json(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::protocol_error);
    EXPECT_THAT(parsed.error().message, HasSubstr("duplicate member name at byte ")) << text;
  }
  EXPECT_TRUE(parse_json(R"({"a":{"a":1},"b":{"a":2},"A":3})"));
}

TEST(ParseJson, LimitsDepth) {
  EXPECT_TRUE(parse_json(nested(32)));
  const auto deep = parse_json(nested(33));
  ASSERT_FALSE(deep);
  EXPECT_THAT(deep.error().message, HasSubstr("nested too deeply at byte 33"));
  EXPECT_FALSE(parse_json(std::string(100'000, '[')));
  EXPECT_TRUE(parse_json("1", {.max_depth = 0}));
  EXPECT_FALSE(parse_json("[]", {.max_depth = 0}));
}

TEST(ParseJson, CountsDepthNotContainers) {
  std::string wide = "[";
  for (int i = 0; i < 100; ++i) wide += "[],{},";
  wide += "0]";
  EXPECT_TRUE(parse_json(wide, {.max_depth = 2}));
}

TEST(ParseJson, LimitsSize) {
  EXPECT_TRUE(parse_json("[10]", {.max_bytes = 4}));
  const auto parsed = parse_json("[100]", {.max_bytes = 4});
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message, HasSubstr("longer than 4 bytes"));
}

TEST(ParseJson, RefusesWhatTheGrammarDoesNotKnow) {
  const std::string cases[] = {"",
                               " ",
                               "{",
                               "[1,]",
                               "{\"a\":1,}",
                               "{a:1}",
                               "'a'",
                               "[1] x",
                               "{}{}",
                               "01",
                               "+1",
                               "1.",
                               ".5",
                               "1e",
                               "NaN",
                               "Infinity",
                               "// c\n1",
                               "/**/1",
                               "tru",
                               "\"a",
                               "\"\t\"",
                               "\"\\x41\"",
                               "\"\\ud800\"",
                               "\"\\udc00\\ud800\"",
                               "\"\xff\"",
                               "\"\xc0\xaf\"",
                               "\"\xed\xa0\x80\"",
                               "\xef\xbb\xbf{}",
                               "\xfe\xff{}",
                               "[1 2]",
                               "{\"a\" 1}",
                               "]"};
  for (const std::string& text : cases) {
    const auto parsed = parse_json(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::protocol_error);
  }
}

TEST(ParseJson, ANulByteDoesNotEndTheDocument) {
  EXPECT_FALSE(parse_json("{}\0"s));
  EXPECT_FALSE(parse_json("{}\0garbage"s));
  EXPECT_FALSE(parse_json("[\0]"s));
  EXPECT_TRUE(parse_json("\"\\u0000\""));
}

TEST(ParseJson, NumbersOutsideTheRangeOfDoubleAreErrors) {
  const auto parsed = parse_json("1e999");
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message, HasSubstr("number out of range"));
}

TEST(ParseJson, ErrorsNeverQuoteTheInput) {
  EXPECT_THAT(parse_json(R"({"secret-name":1,"secret-name":2})").error().message, Not(HasSubstr("secret")));
  EXPECT_THAT(parse_json("{\"a\": secret}").error().message, Not(HasSubstr("secret")));
}

TEST(ParseJsonObject, RefusesOtherDocuments) {
  EXPECT_TRUE(parse_json_object("{}"));
  for (const char* text : {"[]", "1", "null", "\"{}\""}) EXPECT_FALSE(parse_json_object(text)) << text;
}

TEST(ToJsonText, IsCompactAndNeverThrows) {
  EXPECT_EQ(to_json_text(parse_json(R"({ "b" : [1, 2], "a" : "x" })").value()), R"({"a":"x","b":[1,2]})");
  OrderedJson ordered;
  ordered["z"] = 1;
  ordered["a"] = "\xff";
  EXPECT_EQ(to_json_text(ordered), "{\"z\":1,\"a\":\"\xef\xbf\xbd\"}");
}

TEST(FindMember, DemandsTheExactType) {
  const Json object = parse_json(R"({"s":"x","o":{},"a":[],"n":1,"t":true,"null":null})").value();
  ASSERT_NE(find_string(object, "s"), nullptr);
  EXPECT_EQ(*find_string(object, "s"), "x");
  EXPECT_NE(find_object(object, "o"), nullptr);
  EXPECT_NE(find_array(object, "a"), nullptr);
  EXPECT_NE(find_member(object, "null"), nullptr);
  for (const char* name : {"o", "a", "n", "t", "null", "absent"})
    EXPECT_EQ(find_string(object, name), nullptr) << name;
  EXPECT_EQ(find_object(object, "a"), nullptr);
  EXPECT_EQ(find_array(object, "o"), nullptr);
  EXPECT_EQ(find_member(object, "absent"), nullptr);
  EXPECT_EQ(find_member(Json::array(), "0"), nullptr);
}

}  // namespace
}  // namespace authplane
