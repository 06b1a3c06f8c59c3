#pragma once

#include <string>
#include <utility>

#include <authplane/json/json.h>

namespace authplane::mcp {

// A JSON value as text, kept byte for byte: what is given as text goes to the wire untouched, member order
// included. Made from a literal, from a string or from a Json value. Not checked here; whoever takes one says
// when it is.
class JsonText {
 public:
  JsonText() = default;
  JsonText(const char* text) : text_(text) {}                         // NOLINT: implicit on purpose
  JsonText(std::string text) : text_(std::move(text)) {}              // NOLINT
  JsonText(const Json& value) : text_(to_json_text(value)) {}         // NOLINT
  JsonText(const OrderedJson& value) : text_(to_json_text(value)) {}  // NOLINT

  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

}  // namespace authplane::mcp
