#pragma once

#include <string_view>
#include <vector>

// Finds the spelling of a part of a JSON text. The input must already have passed parse_json(); on other
// input the answer is meaningless, but reads stay inside it.

namespace authplane::mcp {

// The value of the top-level member `name`, as spelled; "" when there is none or when the member's name is
// written with escapes.
std::string_view raw_member(std::string_view object, std::string_view name);

// The elements of an array, as spelled.
std::vector<std::string_view> raw_elements(std::string_view array);

}  // namespace authplane::mcp
