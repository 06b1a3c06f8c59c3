#include "field_syntax.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

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

constexpr std::array<bool, 256> forbidden_table() {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0; byte < 0x20; ++byte) table[byte] = byte != '\t';
  table[0x7F] = true;
  return table;
}

constexpr std::array<bool, 256> kForbiddenInValue = forbidden_table();

// Eight bytes at a time; an access token makes a value of sixty such words.
using Word = std::uint64_t;
constexpr Word kOnes = 0x0101010101010101U;
constexpr Word kHighBits = kOnes * 0x80;

Word load(const char* bytes) {
  Word word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// The high bit of each byte that is below a space or DEL. Nothing carries from one byte into the next.
Word controls_in(Word word) {
  const Word low = word & ~kHighBits;
  return ((low + kOnes) | ~(low + kOnes * 0x60)) & ~word & kHighBits;
}

bool may_hold_controls(std::string_view text) {
  if (text.size() < sizeof(Word)) return true;                          // too short to tell
  const char* const last = text.data() + (text.size() - sizeof(Word));  // may overlap the word before it
  Word controls = controls_in(load(last));
  for (const char* at = text.data(); at < last; at += sizeof(Word)) controls |= controls_in(load(at));
  return controls != 0;
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return kTokenTable[static_cast<unsigned char>(c)]; });
}

bool is_field_value(std::string_view text) {
  // A tab is a control character that may stand here, so the bytes have the last word.
  return !may_hold_controls(text) || std::none_of(text.begin(), text.end(), [](char c) {
    return kForbiddenInValue[static_cast<unsigned char>(c)];
  });
}

}  // namespace authplane
