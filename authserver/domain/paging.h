#pragma once

#include <cstddef>

namespace authplane::authserver {

// A window of an ordered list. Endpoints check ranges; stores take it as it is.
struct Page {
  std::size_t limit = 50;
  std::size_t offset = 0;
};

}  // namespace authplane::authserver
