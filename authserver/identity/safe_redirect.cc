#include "authserver/identity/safe_redirect.h"

#include <algorithm>

#include <authplane/base/encoding.h>

#include "authserver/identity/path_segments.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxLength = 8 * 1024;

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7F && c != '\\' && c != '#' && c != '"' && c != '<' && c != '>';
  });
}

// A proxy or router that decodes the path must not find in it what was refused in clear.
bool hides_a_separator(std::string_view path) {
  const auto decoded = percent_decode(path);
  return !decoded || !is_plain(*decoded) ||
         std::count(decoded->begin(), decoded->end(), '/') != std::count(path.begin(), path.end(), '/');
}

bool is_safe(std::string_view target) {
  if (target.size() > kMaxLength || !target.starts_with('/') || !is_plain(target)) return false;
  const std::string_view path = target.substr(0, target.find('?'));
  return percent_decode(target) && path.find("//") == std::string_view::npos && !hides_a_separator(path) &&
         !has_dot_segment(path);
}

}  // namespace

std::string safe_redirect(std::string_view target) {
  return is_safe(target) ? std::string(target) : "/";
}

}  // namespace authplane::authserver
