#include "field_syntax.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace authplane {
namespace {

constexpr std::array<bool, 256> token_table() {
  std::array<bool, 256> table{};
  for (const char c :
       std::string_view("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}

constexpr std::array<bool, 256> kTokenTable = token_table();

// A block this size compiles to a few vector instructions; access tokens make values of many blocks.
constexpr std::size_t kBlock = 32;

constexpr unsigned char forbidden_in_value(unsigned char byte) {
  return static_cast<unsigned char>(((byte < 0x20) & (byte != '\t')) | (byte == 0x7F));
}

bool is_clean(const char* bytes, std::size_t size) {
  unsigned char forbidden = 0;
  for (std::size_t i = 0; i < size; ++i) {
    forbidden =
        static_cast<unsigned char>(forbidden | forbidden_in_value(static_cast<unsigned char>(bytes[i])));
  }
  return forbidden == 0;
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return kTokenTable[static_cast<unsigned char>(c)]; });
}

bool is_field_value(std::string_view text) {
  for (; text.size() >= kBlock; text.remove_prefix(kBlock)) {
    if (!is_clean(text.data(), kBlock)) return false;
  }
  return is_clean(text.data(), text.size());
}

}  // namespace authplane
