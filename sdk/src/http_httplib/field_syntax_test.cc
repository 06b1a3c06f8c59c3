#include "field_syntax.h"

#include <string>

#include <gtest/gtest.h>

namespace authplane {
namespace {

// RFC 9110 section 5.6.2, spelled as its opposite: the delimiters.
bool is_tchar(int byte) {
  return byte > 0x20 && byte < 0x7F &&
         std::string_view("\"(),/:;<=>?@[\\]{}").find(static_cast<char>(byte)) == std::string_view::npos;
}

bool may_stand_in_value(int byte) {
  return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
}

TEST(FieldSyntax, ATokenIsMadeOfTokenCharacters) {
  EXPECT_FALSE(is_token(""));
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    EXPECT_EQ(is_token(std::string(1, c)), is_tchar(byte)) << byte;
    EXPECT_EQ(is_token("X-" + std::string(1, c)), is_tchar(byte)) << byte;
    EXPECT_EQ(is_token(std::string(1, c) + "-X"), is_tchar(byte)) << byte;
  }
}

TEST(FieldSyntax, AValueHoldsNoControlCharacterAtAnyPlace) {
  EXPECT_TRUE(is_field_value(""));
  for (std::size_t size = 1; size <= 40; ++size) {
    std::string text(size, 'a');
    for (std::size_t at = 0; at < size; ++at) {
      for (const char forbidden : {'\0', '\r', '\n', '\x1f', '\x7f'}) {
        text[at] = forbidden;
        ASSERT_FALSE(is_field_value(text)) << size << " " << at;
      }
      for (const char allowed : {'\t', ' ', '~', '\x80', '\xff'}) {
        text[at] = allowed;
        ASSERT_TRUE(is_field_value(text)) << size << " " << at;
      }
      text[at] = 'a';
    }
  }
}

TEST(FieldSyntax, EveryByteIsJudgedAlikeInAndBehindTheWords) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    EXPECT_EQ(is_field_value(one), may_stand_in_value(byte)) << byte;
    EXPECT_EQ(is_field_value(std::string(21, 'a') + one), may_stand_in_value(byte)) << byte;
    EXPECT_EQ(is_field_value(one + std::string(19, 'a')), may_stand_in_value(byte)) << byte;
    EXPECT_EQ(is_field_value(std::string(16, static_cast<char>(byte))), may_stand_in_value(byte)) << byte;
  }
}

}  // namespace
}  // namespace authplane
