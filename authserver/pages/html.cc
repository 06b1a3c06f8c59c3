#include "authserver/pages/html.h"

#include <algorithm>

#include <authplane/base/encoding.h>

namespace authplane::authserver {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

// The first character: its bytes, or one byte that begins none.
std::string_view first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  const std::string_view character = text.substr(0, length);
  return character.size() == length && is_valid_utf8(character) ? character : text.substr(0, 1);
}

bool is_between(std::string_view character, std::string_view first, std::string_view last) {
  return character.size() == first.size() && character >= first && character <= last;
}

// C1 controls, U+061C, U+200E/F, U+2028 to U+202E, U+2066 to U+2069, U+FEFF.
bool is_disturbing(std::string_view character) {
  return is_between(character, "\xC2\x80", "\xC2\x9F") || character == "\xD8\x9C" ||
         is_between(character, "\xE2\x80\x8E", "\xE2\x80\x8F") ||
         is_between(character, "\xE2\x80\xA8", "\xE2\x80\xAE") ||
         is_between(character, "\xE2\x81\xA6", "\xE2\x81\xA9") || character == "\xEF\xBB\xBF";
}

std::string_view escaped_ascii(std::string_view character) {
  switch (character.front()) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    case '`':
      return "&#96;";
    case '\t':
    case '\n':
    case '\r':
      return " ";
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(character.front());
  return byte < 0x20 || byte >= 0x7F ? kReplacement : character;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const std::string_view character = first_character(text);
    if (character.size() == 1) {
      out += escaped_ascii(character);
    } else {
      out += is_disturbing(character) ? kReplacement : character;
    }
    text.remove_prefix(character.size());
  }
  return out;
}

std::string shorten(std::string_view text, std::size_t max) {
  std::string_view rest = text;
  for (std::size_t count = 0; count < max && !rest.empty(); ++count) {
    rest.remove_prefix(first_character(rest).size());
  }
  std::string out(text.substr(0, text.size() - rest.size()));
  if (!rest.empty()) out += kEllipsis;
  return out;
}

}  // namespace authplane::authserver
