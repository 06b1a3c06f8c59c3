#include <authplane/base/encoding.h>

#include <gtest/gtest.h>

namespace authplane {
namespace {

using namespace std::string_literals;

TEST(Base64Url, FollowsTheVectorsOfRfc4648WithoutPadding) {
  const std::pair<std::string, std::string> vectors[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "-__-"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(base64url_encode(bytes), text);
    EXPECT_EQ(base64url_decode(text), bytes);
  }
}

TEST(Base64Url, RoundTripsEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
}

TEST(Base64Url, RefusesEverySecondSpelling) {
  for (const std::string text :
       {"Zg==", "Zg=", "Zh", "Zm9=", "Zm9", "Z", "Zm9vY", "Zm 9v", "Zm9v\n", "+/+/", "Zm\xc3\xa9v"}) {
    EXPECT_FALSE(base64url_decode(text)) << text;
  }
  EXPECT_FALSE(base64url_decode("Zm9v\0"s));
}

TEST(Base64, PadsAndDemandsPadding) {
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_EQ(base64_encode("f"), "Zg==");
  EXPECT_EQ(base64_encode(""), "");
  EXPECT_EQ(base64_decode("Zm8="), "fo");
  EXPECT_EQ(base64_decode("Zg=="), "f");
  EXPECT_EQ(base64_decode("+/+/"), "\xfb\xff\xbf");
  EXPECT_EQ(base64_decode(""), "");
  for (const std::string text :
       {"Zm8", "Zg", "Z===", "====", "Zg=A", "Zh==", "Zm9=", "Zm8=Zm8=", "-_-_", "Zm9v="}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
}

TEST(Hex, EncodesLowerCaseAndReadsBothCases) {
  EXPECT_EQ(hex_encode("\x00\x7f\xff"s), "007fff");
  EXPECT_EQ(hex_decode("007fFF"), "\x00\x7f\xff"s);
  for (const std::string text : {"0", "0g", "g0", "0x", " 0"}) EXPECT_FALSE(hex_decode(text)) << text;
}

TEST(Percent, EncodesEverythingButUnreserved) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("a b/+%\xc3\xa9"), "a%20b%2F%2B%25%C3%A9");
}

TEST(Percent, DecodesStrictly) {
  EXPECT_EQ(percent_decode("a%2fb%2F+"), "a/b/+");
  EXPECT_EQ(percent_decode("%00"), "\0"s);
  for (const std::string text : {"%", "%2", "a%", "%zz", "%2g", "%%20", "%-1"})
    EXPECT_FALSE(percent_decode(text)) << text;
}

TEST(Utf8, AcceptsExactlyWellFormedSequences) {
  for (const std::string text :
       {"", "plain", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_valid_utf8(text)) << hex_encode(text);
  }
  for (const std::string text :
       {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xe2\x28\xa1", "\xff", "a\xc3("}) {
    EXPECT_FALSE(is_valid_utf8(text)) << hex_encode(text);
  }
}

TEST(AsciiCase, IgnoresTheLocaleAndLeavesOtherBytes) {
  EXPECT_EQ(ascii_lower("AbZ-\xc3\x89"), "abz-\xc3\x89");
  EXPECT_TRUE(equals_ignore_case("Content-TYPE", "content-type"));
  EXPECT_FALSE(equals_ignore_case("a", "aa"));
  EXPECT_FALSE(equals_ignore_case("[", "{"));  // differ by the case bit only
}

TEST(HeaderSafe, CannotLeaveAQuotedString) {
  EXPECT_EQ(header_safe("plain text"), "plain text");
  EXPECT_EQ(header_safe("a\r\nSet-Cookie: x"), "a Set-Cookie: x");
  EXPECT_EQ(header_safe("say \"hi\" \\ now"), "say  hi    now");
  EXPECT_EQ(header_safe("caf\xc3\xa9!"), "caf !");
  EXPECT_EQ(header_safe("\n  \t"), "");
  EXPECT_EQ(header_safe(" a "), "a");
  EXPECT_EQ(header_safe("\x7f"
                        "b\x01"),
            "b");
}

}  // namespace
}  // namespace authplane
