#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace authplane::authserver {

// A window of an ordered list. Endpoints check ranges; stores take it as it is.
struct Page {
  std::size_t limit = 50;
  std::size_t offset = 0;
};

inline constexpr Page kEverything{.limit = std::numeric_limits<std::int32_t>::max(), .offset = 0};

}  // namespace authplane::authserver
