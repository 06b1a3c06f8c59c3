#pragma once

#include <string_view>

namespace authplane::mcp {

// What differs between revisions in the shapes of results. One place, so that protocol code asks for a
// feature and never compares dates.
struct Dialect {
  bool structured_output =
      true;                     // structuredContent, outputSchema, title and resource_link: since 2025-06-18
  bool url_elicitation = true;  // the error -32042: 2025-11-25

  static Dialect of(std::string_view protocol_version) {
    return {.structured_output = protocol_version >= "2025-06-18",
            .url_elicitation = protocol_version >= "2025-11-25"};
  }
};

}  // namespace authplane::mcp
