#include "authserver/identity/path_segments.h"

#include <algorithm>

#include <authplane/base/encoding.h>

namespace authplane::authserver {

bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const auto segment = percent_decode(path.substr(0, end));
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return false;
}

}  // namespace authplane::authserver
