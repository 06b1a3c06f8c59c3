#include "cpp_lexer.h"

#include <cctype>

namespace authplane::loccount {
namespace {

bool is_identifier_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

// Whether the quote at `at` opens a raw string: an R just before it that ends the encoding prefix.
bool opens_raw_string(std::string_view line, std::size_t at) {
  if (at == 0 || line[at - 1] != 'R') return false;
  std::size_t start = at - 1;
  while (start > 0 && is_identifier_char(line[start - 1])) --start;
  const auto prefix = line.substr(start, at - start);
  return prefix == "R" || prefix == "LR" || prefix == "uR" || prefix == "UR" || prefix == "u8R";
}

}  // namespace

bool CppLexer::feed(std::string_view line) {
  bool code = in_raw_string_;
  std::size_t at = 0;
  while (at < line.size()) {
    if (in_comment_ || in_raw_string_) {
      const std::string_view end = in_comment_ ? std::string_view("*/") : std::string_view(raw_end_);
      const auto found = line.find(end, at);
      if (found == std::string_view::npos) return code;
      at = found + end.size();
      in_comment_ = in_raw_string_ = false;
      continue;
    }
    const char c = line[at];
    if (std::isspace(static_cast<unsigned char>(c))) {
      ++at;
    } else if (line.substr(at).starts_with("//")) {
      return code;
    } else if (line.substr(at).starts_with("/*")) {
      in_comment_ = true;
      at += 2;
    } else {
      code = true;
      if (c == '"' && opens_raw_string(line, at)) {
        at = enter_raw_string(line, at);
      } else if (c == '"') {
        at = skip_quoted(line, at);
      } else if (c == '\'' && (at == 0 || !is_identifier_char(line[at - 1]))) {  // not a digit separator
        at = skip_quoted(line, at);
      } else {
        ++at;
      }
    }
  }
  return code;
}

std::size_t CppLexer::skip_quoted(std::string_view line, std::size_t at) const {
  const char quote = line[at++];
  while (at < line.size() && line[at] != quote) at += line[at] == '\\' ? 2 : 1;
  return at + 1;
}

std::size_t CppLexer::enter_raw_string(std::string_view line, std::size_t quote) {
  const auto open = line.find('(', quote);
  if (open == std::string_view::npos || open - quote > 17) return quote + 1;  // not a raw string after all
  raw_end_ = ")" + std::string(line.substr(quote + 1, open - quote - 1)) + "\"";
  in_raw_string_ = true;
  return open + 1;
}

}  // namespace authplane::loccount
