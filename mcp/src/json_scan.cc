#include "json_scan.h"

namespace authplane::mcp {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  void skip() {
    if (!at_end()) ++at_;
  }

  void skip_space() {
    while (!at_end() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) ++at_;
  }

  // With quotes.
  std::string_view string() {
    const auto begin = at_++;
    while (!at_end() && peek() != '"') at_ += peek() == '\\' ? 2 : 1;
    ++at_;
    return slice(begin);
  }

  std::string_view value() {
    const auto begin = at_;
    if (peek() == '"') return string();
    if (peek() != '{' && peek() != '[') return scalar();
    int depth = 0;
    while (!at_end()) {
      const char c = peek();
      if (c == '"') {
        string();
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) break;
    }
    return slice(begin);
  }

 private:
  std::string_view scalar() {
    const auto begin = at_;
    while (!at_end() && std::string_view(",]} \t\r\n").find(peek()) == std::string_view::npos) ++at_;
    return slice(begin);
  }

  std::string_view slice(std::size_t begin) {
    if (at_ > text_.size()) at_ = text_.size();
    return text_.substr(begin, at_ - begin);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string_view raw_member(std::string_view object, std::string_view name) {
  Scanner scan(object);
  scan.skip_space();
  if (scan.peek() != '{') return {};
  scan.skip();
  while (!scan.at_end()) {
    scan.skip_space();
    if (scan.peek() != '"') return {};
    const auto key = scan.string();
    scan.skip_space();
    scan.skip();  // ':'
    scan.skip_space();
    const auto value = scan.value();
    if (key.size() == name.size() + 2 && key.substr(1, name.size()) == name) return value;
    scan.skip_space();
    if (scan.peek() != ',') return {};
    scan.skip();
  }
  return {};
}

std::vector<std::string_view> raw_elements(std::string_view array) {
  std::vector<std::string_view> elements;
  Scanner scan(array);
  scan.skip_space();
  if (scan.peek() != '[') return elements;
  scan.skip();
  scan.skip_space();
  while (!scan.at_end() && scan.peek() != ']') {
    elements.push_back(scan.value());
    if (elements.back().empty()) break;  // not JSON: stop rather than turn in place
    scan.skip_space();
    if (scan.peek() != ',') break;
    scan.skip();
    scan.skip_space();
  }
  return elements;
}

}  // namespace authplane::mcp
