#include "authserver/identity/path_segments.h"

#include <algorithm>

#include <authplane/base/encoding.h>

namespace authplane::authserver {

bool has_dot_segment(std::string_view path) {
  const auto decoded = percent_decode(path);
  std::string_view rest = decoded ? std::string_view(*decoded) : path;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view segment = rest.substr(0, end);
    if (segment == "." || segment == "..") return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

}  // namespace authplane::authserver
