#include "json_writer.h"

#include <array>
#include <charconv>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/json/json.h>

namespace authplane::mcp {
namespace {

enum class Span { plain, ascii_escapes, non_ascii };

Span classify(std::string_view text) {
  auto worst = Span::plain;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) return Span::non_ascii;
    if (byte < 0x20 || c == '"' || c == '\\') worst = Span::ascii_escapes;
  }
  return worst;
}

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  const auto span = classify(text);
  if (span == Span::non_ascii && !is_valid_utf8(text)) {
    out += to_json_text(Json(std::string(text)));
    return;
  }
  out += '"';
  if (span == Span::plain) {
    out += text;
  } else {
    append_escaped(out, text);
  }
  out += '"';
}

void append_json_number(std::string& out, double value) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end.ptr);
}

}  // namespace authplane::mcp
