#include "challenge_parser.h"

#include <optional>

#include <authplane/base/encoding.h>

namespace authplane::dpop {
namespace {

bool is_token_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip(std::string_view characters) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
  }
  std::string_view token() {
    std::size_t size = 0;
    while (size < rest_.size() && is_token_char(rest_[size])) ++size;
    return cut(size);
  }
  // Base64 text that some schemes send instead of parameters; nothing here reads it.
  bool skip_token68() {
    const Scanner before = *this;
    std::size_t size = 0;
    while (size < rest_.size() && (is_token_char(rest_[size]) || rest_[size] == '/')) ++size;
    cut(size);
    skip("=");
    const bool padded_or_last = [&] {
      Scanner after = *this;
      after.skip(" \t");
      return size > 0 && (after.done() || after.rest_.front() == ',');
    }();
    if (!padded_or_last) *this = before;
    return padded_or_last;
  }
  std::optional<std::string> quoted() {
    std::string value;
    while (!rest_.empty()) {
      char c = take_any();
      if (c == '"') return value;
      if (c == '\\') {
        if (rest_.empty()) break;
        c = take_any();
      }
      value += c;
    }
    return std::nullopt;
  }
  // name [ws] "=" [ws] ( token / quoted-string ); nothing is consumed when it is something else.
  std::optional<std::pair<std::string, std::string>> parameter() {
    const Scanner before = *this;
    std::string name = ascii_lower(token());
    skip(" \t");
    if (!name.empty() && take('=')) {
      skip(" \t");
      if (!take('"')) {
        if (const auto value = token(); !value.empty()) return std::pair(std::move(name), std::string(value));
      } else if (auto value = quoted()) {
        return std::pair(std::move(name), std::move(*value));
      }
    }
    *this = before;
    return std::nullopt;
  }

 private:
  char take_any() { return cut(1).front(); }
  std::string_view cut(std::size_t size) {
    const auto part = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return part;
  }

  std::string_view rest_;
};

void read_parameters(Scanner& scanner, Challenge& challenge) {
  for (;;) {
    auto parameter = scanner.parameter();
    if (!parameter) return;
    challenge.parameters.push_back(std::move(*parameter));
    scanner.skip(" \t");
    const Scanner before_commas = scanner;
    if (!scanner.take(',')) return;
    scanner.skip(" \t,");
    Scanner ahead = scanner;
    if (ahead.parameter()) continue;
    scanner = before_commas;  // the comma ends the challenge
    return;
  }
}

}  // namespace

std::string_view Challenge::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return {};
}

std::vector<Challenge> parse_challenges(std::string_view field) {
  std::vector<Challenge> challenges;
  Scanner scanner(field);
  for (;;) {
    scanner.skip(" \t,");
    const std::string_view scheme = scanner.token();
    if (scheme.empty()) return challenges;
    Challenge& challenge = challenges.emplace_back();
    challenge.scheme = ascii_lower(scheme);
    scanner.skip(" \t");
    if (!scanner.skip_token68()) read_parameters(scanner, challenge);
    scanner.skip(" \t");
    if (!scanner.done() && !scanner.take(',')) return challenges;
  }
}

}  // namespace authplane::dpop
