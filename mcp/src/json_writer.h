#pragma once

#include <string>
#include <string_view>

namespace authplane::mcp {

// Appends `text` as a JSON string with its quotes. Invalid UTF-8 is replaced.
void append_json_string(std::string& out, std::string_view text);
// Appends the shortest decimal form that reads back as the same number; `value` must be finite.
void append_json_number(std::string& out, double value);

}  // namespace authplane::mcp
