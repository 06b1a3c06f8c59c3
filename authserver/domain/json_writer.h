#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace authplane::authserver {

// Appends `text` as a JSON string, quotes included (RFC 8259 section 7). `text` must be valid UTF-8.
void append_json_string(std::string& out, std::string_view text);

// Writes one flat JSON object straight into a string, members in call order: what the token path uses instead
// of a document tree. The caller ends it with finish().
class JsonObjectWriter {
 public:
  explicit JsonObjectWriter(std::string& out) : out_(out) { out_ += '{'; }

  JsonObjectWriter& string(std::string_view name, std::string_view value);
  JsonObjectWriter& integer(std::string_view name, std::int64_t value);
  JsonObjectWriter& boolean(std::string_view name, bool value);
  // `json` is inserted as it is and must be one JSON value.
  JsonObjectWriter& raw(std::string_view name, std::string_view json);
  void finish() { out_ += '}'; }

 private:
  void name(std::string_view name);

  std::string& out_;
  bool first_ = true;
};

}  // namespace authplane::authserver
