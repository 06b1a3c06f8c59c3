#include "authserver/pages/html.h"

#include <gtest/gtest.h>

#include <authplane/base/encoding.h>

namespace authplane::authserver {
namespace {

constexpr std::string_view kBroken = "\xEF\xBF\xBD";

TEST(EscapeHtml, LeavesNoSignificantCharacter) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},
      {"plain text 123", "plain text 123"},
      {"&", "&amp;"},
      {"&lt;", "&amp;lt;"},
      {"<script>", "&lt;script&gt;"},
      {"\" onfocus=\"x", "&quot; onfocus=&quot;x"},
      {"' x='", "&#39; x=&#39;"},
      {"``", "&#96;&#96;"},
      {"a\r\nb\tc", "a  b c"},
      {"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80",
       "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80"},
  };
  for (const auto& [text, escaped] : cases) EXPECT_EQ(escape_html(text), escaped);
}

TEST(EscapeHtml, ReplacesWhatDisturbsTheTextAround) {
  const std::string_view disturbing[] = {
      "\x01",         "\x1b",         "\x7f",         "\xC2\x80",     "\xC2\x9F",     "\xD8\x9C",
      "\xE2\x80\x8E", "\xE2\x80\x8F", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAA", "\xE2\x80\xAE",
      "\xE2\x81\xA6", "\xE2\x81\xA9", "\xEF\xBB\xBF", "\x80",         "\xFF",         "\xC3",
  };
  for (const std::string_view one : disturbing) {
    EXPECT_EQ(escape_html("a" + std::string(one) + "b"), "a" + std::string(kBroken) + "b") << hex_encode(one);
  }
  EXPECT_EQ(escape_html(std::string_view("\0", 1)), kBroken);
}

TEST(EscapeHtml, AlwaysGivesValidUtf8) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string text = {static_cast<char>(a), static_cast<char>(b), '<', static_cast<char>(a)};
      const std::string escaped = escape_html(text);
      ASSERT_TRUE(is_valid_utf8(escaped)) << hex_encode(text);
      ASSERT_EQ(escaped.find_first_of("<>\"'`"), std::string::npos) << hex_encode(text);
      ASSERT_NE(escaped.find("&lt;"), std::string::npos) << "a lead byte swallowed it: " << hex_encode(text);
    }
  }
}

TEST(Shorten, CutsBetweenCharacters) {
  EXPECT_EQ(shorten("abc", 3), "abc");
  EXPECT_EQ(shorten("abcd", 3), "abc\xE2\x80\xA6");
  EXPECT_EQ(shorten("\xC3\xA4\xC3\xB6\xC3\xBC", 2), "\xC3\xA4\xC3\xB6\xE2\x80\xA6");
  EXPECT_EQ(shorten("", 0), "");
  EXPECT_EQ(shorten("\xFF\xFF\xFF", 2), "\xFF\xFF\xE2\x80\xA6");
}

}  // namespace
}  // namespace authplane::authserver
