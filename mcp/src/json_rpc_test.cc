#include "json_rpc.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "json_scan.h"
#include "json_writer.h"

namespace authplane::mcp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A message points into its text and document, so they stay together.
struct Classified {
  explicit Classified(std::string from)
      : text(std::move(from)),
        document(parse_json(text).value()),
        message(classify_message(document, text)) {}
  Classified(const Classified&) = delete;
  Classified& operator=(const Classified&) = delete;

  const std::string text;
  const Json document;
  const Message message;
};

Message::Kind kind_of(const std::string& text) {
  return Classified(text).message.kind;
}

TEST(JsonScan, MembersAreFoundAsSpelled) {
  EXPECT_EQ(raw_member(R"( { "a" : {"id":1} , "id" : 1.50 , "z":0 } )", "id"), "1.50");
  EXPECT_EQ(raw_member(R"({"a":"\"id\":9,","id":"x\u0041\""})", "id"), R"("x\u0041\"")");
  EXPECT_EQ(raw_member(R"({"a":[{"id":1},"]"],"id":-7})", "id"), "-7");
  EXPECT_EQ(raw_member(R"({"a":1})", "id"), "");
  EXPECT_EQ(raw_member(R"({})", "id"), "");
}

TEST(JsonScan, ElementsAreFoundAsSpelled) {
  EXPECT_THAT(raw_elements(R"( [ 1 , {"a":[1,2]},"],[" ,[] ] )"),
              ElementsAre("1", R"({"a":[1,2]})", R"("],[")", "[]"));
  EXPECT_THAT(raw_elements("[]"), IsEmpty());
}

TEST(JsonScan, OtherTextIsReadWithinItsBounds) {
  for (const char* text :
       {"", "{", "{\"", "{\"id", "{\"id\"", "{\"id\":", "{\"id\":\"\\", "[", "[,", "[[", "{\"a\":{", "[}"}) {
    raw_member(text, "id");
    raw_elements(text);
  }
}

TEST(JsonRpc, TheFourKindsAreTold) {
  EXPECT_EQ(kind_of(R"({"jsonrpc":"2.0","id":1,"method":"ping"})"), Message::Kind::request);
  EXPECT_EQ(kind_of(R"({"jsonrpc":"2.0","method":"ping"})"), Message::Kind::notification);
  EXPECT_EQ(kind_of(R"({"jsonrpc":"2.0","id":1,"result":{}})"), Message::Kind::response);
  EXPECT_EQ(kind_of(R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}})"), Message::Kind::response);
}

class InvalidMessage : public ::testing::TestWithParam<const char*> {};

TEST_P(InvalidMessage, IsInvalid) {
  EXPECT_EQ(kind_of(GetParam()), Message::Kind::invalid);
}

INSTANTIATE_TEST_SUITE_P(JsonRpc, InvalidMessage,
                         ::testing::Values(R"({"id":1,"method":"ping"})",
                                           R"({"jsonrpc":"1.0","id":1,"method":"ping"})",
                                           R"({"jsonrpc":2.0,"id":1,"method":"ping"})",
                                           R"({"jsonrpc":"2.0","id":1})",
                                           R"({"jsonrpc":"2.0","id":1,"method":7})",
                                           R"({"jsonrpc":"2.0","id":null,"method":"ping"})",
                                           R"({"jsonrpc":"2.0","id":{},"method":"ping"})",
                                           R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})",
                                           R"({"jsonrpc":"2.0","id":1e3,"method":"ping"})",
                                           R"({"jsonrpc":"2.0","id":true,"method":"ping"})",
                                           R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})",
                                           R"({"jsonrpc":"2.0","id":1,"result":{},"error":{}})",
                                           R"({"jsonrpc":"2.0","result":{}})", "1", "\"x\"", "null"));

class EchoedId : public ::testing::TestWithParam<const char*> {};

TEST_P(EchoedId, KeepsItsSpelling) {
  const std::string id = GetParam();
  const Classified read(R"({"jsonrpc":"2.0","method":"ping", "id" : )" + id + "}");
  ASSERT_EQ(read.message.kind, Message::Kind::request);
  EXPECT_EQ(result_message(read.message.raw_id, "{}"), R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{}})");
}

INSTANTIATE_TEST_SUITE_P(JsonRpc, EchoedId,
                         ::testing::Values("0", "-0", "1", "-9223372036854775808", "18446744073709551615",
                                           "123456789012345678901234567890", R"("")", R"("1")",
                                           R"("a\u0041\/\n")", "\"\xC3\xA4\""));

TEST(JsonRpc, AnIdWhoseNameIsEscapedIsRefused) {
  EXPECT_EQ(kind_of(R"({"jsonrpc":"2.0","i\u0064":1,"method":"ping"})"), Message::Kind::invalid);
}

TEST(JsonRpc, AnUnreadableIdIsLeftOut) {
  EXPECT_EQ(error_message({}, {-32700, "Parse \"error\"", R"({"a":1})"}),
            R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse \"error\"","data":{"a":1}}})");
}

TEST(JsonWriter, StringsAreEscapedOnlyWhereNeeded) {
  std::string out;
  append_json_string(out, std::string_view("a\"\\\n\x01\x1f \xC3\xA4", 9));
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0001\\u001f \xC3\xA4\"");
}

TEST(JsonWriter, InvalidUtf8IsReplaced) {
  std::string out;
  append_json_string(out, "a\xFF\"b");
  EXPECT_EQ(out, "\"a\xEF\xBF\xBD\\\"b\"");
}

TEST(JsonWriter, NumbersAreShort) {
  std::string out;
  append_json_number(out, 50);
  out += ' ';
  append_json_number(out, 0.1);
  EXPECT_EQ(out, "50 0.1");
}

}  // namespace
}  // namespace authplane::mcp
