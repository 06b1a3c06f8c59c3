#include "authserver/domain/json_members.h"

#include <nlohmann/json.hpp>

#include <authplane/json/json.h>

namespace authplane::authserver {
namespace {

// Walks text that is known to be JSON.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  std::size_t at() const { return at_; }
  char peek() const { return text_[at_]; }
  void step() { ++at_; }
  std::string_view since(std::size_t start) const { return text_.substr(start, at_ - start); }

  void skip_space() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') step();
  }
  void skip_string() {
    for (step(); peek() != '"'; step()) {
      if (peek() == '\\') step();
    }
    step();
  }
  void skip_value() {
    if (peek() == '"') return skip_string();
    if (peek() == '{' || peek() == '[') return skip_nested();
    at_ = std::min(text_.find_first_of(",]} \t\n\r", at_), text_.size());
  }

 private:
  void skip_nested() {
    std::size_t depth = 0;
    do {
      if (peek() == '"') {
        skip_string();
        continue;
      }
      if (peek() == '{' || peek() == '[') ++depth;
      if (peek() == '}' || peek() == ']') --depth;
      step();
    } while (depth > 0);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// The name may be written with escapes.
std::string unquoted(std::string_view quoted) {
  return parse_json(quoted, {.max_bytes = quoted.size()}).value().get<std::string>();
}

}  // namespace

std::vector<RawMember> raw_members(std::string_view object) {
  std::vector<RawMember> members;
  Cursor cursor(object);
  cursor.skip_space();
  cursor.step();
  for (cursor.skip_space(); cursor.peek() != '}'; cursor.skip_space()) {
    if (cursor.peek() == ',') {
      cursor.step();
      cursor.skip_space();
    }
    RawMember member;
    const std::size_t start = cursor.at();
    cursor.skip_string();
    member.name = unquoted(cursor.since(start));
    cursor.skip_space();
    cursor.step();
    cursor.skip_space();
    const std::size_t value = cursor.at();
    cursor.skip_value();
    member.value = cursor.since(value);
    member.text = cursor.since(start);
    members.push_back(std::move(member));
  }
  return members;
}

std::string object_of(const std::vector<RawMember>& members) {
  std::string object = "{";
  for (const RawMember& member : members) {
    if (object.size() > 1) object += ',';
    object += member.text;
  }
  return object + "}";
}

}  // namespace authplane::authserver
