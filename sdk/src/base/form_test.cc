#include <authplane/base/form.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace authplane {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(FormParse, KeepsOrderRepetitionAndEmptyValues) {
  const auto form = Form::parse("b=2&a=1&b=&c&=x&a=1%3D2=3");
  ASSERT_TRUE(form);
  EXPECT_THAT(form->fields(), ElementsAre(Pair("b", "2"), Pair("a", "1"), Pair("b", ""), Pair("c", ""),
                                          Pair("", "x"), Pair("a", "1=2=3")));
}

TEST(FormParse, DecodesBothSides) {
  const auto form = Form::parse("na%6De=a+b%2Bc%20d%C3%A9");
  ASSERT_TRUE(form);
  EXPECT_EQ(form->get("name"), "a b+c d\xc3\xa9");
}

TEST(FormParse, SkipsEmptyPiecesOnly) {
  EXPECT_TRUE(Form::parse("")->empty());
  EXPECT_TRUE(Form::parse("&&&")->empty());
  EXPECT_THAT(Form::parse("&a=1&&b=2&")->fields(), ElementsAre(Pair("a", "1"), Pair("b", "2")));
}

TEST(FormParse, RefusesMalformedInput) {
  const std::pair<const char*, const char*> cases[] = {{"a=%", "percent-encoding"},
                                                       {"a=%2", "percent-encoding"},
                                                       {"%zz=1", "percent-encoding"},
                                                       {"a=x%00y", "NUL"},
                                                       {"%00=1", "NUL"},
                                                       {"a=%ff", "UTF-8"},
                                                       {"%c3=1", "UTF-8"},
                                                       {"a=\xed\xa0\x80", "UTF-8"}};
  for (const auto& [text, problem] : cases) {
    const auto form = Form::parse(text);
    ASSERT_FALSE(form) << text;
    EXPECT_EQ(form.error().code, ErrorCode::invalid_request);
    EXPECT_THAT(form.error().message, HasSubstr(problem)) << text;
  }
}

TEST(FormParse, LimitsTheNumberOfFields) {
  EXPECT_TRUE(Form::parse("a=1&b=2&c=3&", 3));
  EXPECT_FALSE(Form::parse("a=1&b=2&c=3&d=4", 3));
}

TEST(FormAccess, TellsAbsentFromRepeated) {
  const auto form = Form::parse("one=1&two=a&two=b&resource=x&resource=y").value();
  EXPECT_EQ(form.get("one"), "1");
  EXPECT_EQ(form.get("two"), std::nullopt);
  EXPECT_EQ(form.get("none"), std::nullopt);
  EXPECT_EQ(form.count("two"), 2U);
  EXPECT_EQ(form.count("none"), 0U);
  EXPECT_THAT(form.all("resource"), ElementsAre("x", "y"));
  EXPECT_EQ(form.first_repeated(), "two");
}

TEST(FormAccess, OnlyTheAllowedNameMayRepeat) {
  const auto form = Form::parse("resource=x&resource=y&scope=s").value();
  EXPECT_EQ(form.first_repeated("resource"), std::nullopt);
  EXPECT_EQ(form.first_repeated(), "resource");
  EXPECT_EQ(Form::parse("=1&=2").value().first_repeated("resource"), "");
  EXPECT_EQ(Form::parse("=1&=2").value().first_repeated(), "");
}

TEST(FormEncode, RoundTripsEveryValue) {
  Form form;
  form.add("a b", "1&2=3+4%");
  form.add("e", "\xc3\xa9*-._~");
  EXPECT_EQ(form.encode(), "a+b=1%262%3D3%2B4%25&e=%C3%A9*-._%7E");
  EXPECT_EQ(Form::parse(form.encode())->fields(), form.fields());
}

TEST(FormDecode, IsStrict) {
  EXPECT_EQ(form_decode("a+b%20c"), "a b c");
  EXPECT_EQ(form_decode("+%"), std::nullopt);
}

}  // namespace
}  // namespace authplane
