#include <authplane/base/media_type.h>

#include <authplane/base/encoding.h>

namespace authplane {

std::string media_type(const Headers& headers) {
  std::string_view type = headers.get("Content-Type").value_or("");
  type = type.substr(0, type.find(';'));
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!type.empty() && is_space(type.back())) type.remove_suffix(1);
  while (!type.empty() && is_space(type.front())) type.remove_prefix(1);
  return ascii_lower(type);
}

}  // namespace authplane
