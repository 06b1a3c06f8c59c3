#include "schema_check.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace authplane::mcp {
namespace {

std::string verdict(const char* schema, const char* value) {
  return SchemaCheck(Json::parse(schema)).violation(Json::parse(value)).value_or("ok");
}

TEST(SchemaCheck, TypesAreTold) {
  EXPECT_EQ(verdict(R"({"type":"string"})", R"("x")"), "ok");
  EXPECT_EQ(verdict(R"({"type":"string"})", "1"), "the value must be string");
  EXPECT_EQ(verdict(R"({"type":"number"})", "1"), "ok");
  EXPECT_EQ(verdict(R"({"type":"number"})", "1.5"), "ok");
  EXPECT_EQ(verdict(R"({"type":"boolean"})", "0"), "the value must be boolean");
  EXPECT_EQ(verdict(R"({"type":"null"})", "null"), "ok");
  EXPECT_EQ(verdict(R"({"type":"array"})", "{}"), "the value must be array");
  EXPECT_EQ(verdict(R"({"type":["string","null"]})", "null"), "ok");
  EXPECT_EQ(verdict(R"({"type":["string","null"]})", "1"), "the value must be null or string");
}

TEST(SchemaCheck, WholeFractionsAreIntegers) {
  EXPECT_EQ(verdict(R"({"type":"integer"})", "1.0"), "ok");
  EXPECT_EQ(verdict(R"({"type":"integer"})", "-3"), "ok");
  EXPECT_EQ(verdict(R"({"type":"integer"})", "1.5"), "the value must be integer");
  EXPECT_EQ(verdict(R"({"type":"integer"})", R"("1")"), "the value must be integer");
}

TEST(SchemaCheck, RequiredMembersAreNamed) {
  EXPECT_EQ(verdict(R"({"type":"object","required":["a"]})", R"({"a":null})"), "ok");
  EXPECT_EQ(verdict(R"({"type":"object","required":["a"]})", R"({"b":1})"), "'a' is required");
}

TEST(SchemaCheck, NestedPlacesAreNamed) {
  const char* schema =
      R"({"properties":{"a":{"properties":{"b":{"items":{"type":"integer"}}},"required":["b"]}}})";
  EXPECT_EQ(verdict(schema, R"({"a":{"b":[1,2]}})"), "ok");
  EXPECT_EQ(verdict(schema, R"({"a":{"b":[1,"x"]}})"), "'a.b[1]' must be integer");
  EXPECT_EQ(verdict(schema, R"({"a":{}})"), "'a.b' is required");
}

TEST(SchemaCheck, ClosedObjectsRefuseStrangers) {
  EXPECT_EQ(verdict(R"({"properties":{"a":{}},"additionalProperties":false})", R"({"a":1})"), "ok");
  EXPECT_EQ(verdict(R"({"properties":{"a":{}},"additionalProperties":false})", R"({"b":1})"),
            "'b' is not known");
  EXPECT_EQ(verdict(R"({"patternProperties":{"^b":{}},"additionalProperties":false})", R"({"b":1})"), "ok");
}

TEST(SchemaCheck, EnumsAndBooleanSchemas) {
  EXPECT_EQ(verdict(R"({"enum":["a",1]})", R"("a")"), "ok");
  EXPECT_EQ(verdict(R"({"enum":["a",1]})", R"("b")"), "the value is none of the allowed values");
  EXPECT_EQ(verdict(R"({"properties":{"a":false}})", R"({"a":1})"), "'a' is not allowed");
  EXPECT_EQ(verdict(R"({"properties":{"a":true}})", R"({"a":1})"), "ok");
}

TEST(SchemaCheck, OtherKeywordsPassUnchecked) {
  EXPECT_EQ(verdict(R"({"$ref":"http://127.0.0.1/x","allOf":[{"type":"null"}],"minimum":5})", "1"), "ok");
  EXPECT_EQ(verdict(R"({"prefixItems":[{"type":"string"}],"items":false})", R"(["x"])"), "ok");
}

}  // namespace
}  // namespace authplane::mcp
