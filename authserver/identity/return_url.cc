#include "authserver/identity/return_url.h"

#include <algorithm>
#include <array>

#include <authplane/base/encoding.h>
#include <authplane/base/url.h>

#include "authserver/identity/path_segments.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxLength = 2048;
constexpr std::array<std::string_view, 4> kPatterns = {"http://localhost:*", "https://localhost:*",
                                                       "http://127.0.0.1:*", "https://127.0.0.1:*"};

bool is_pattern(std::string_view entry) {
  return std::find(kPatterns.begin(), kPatterns.end(), entry) != kPatterns.end();
}

// A decoded path that no program takes for more than a path.
bool is_plain_path(std::string_view path) {
  const auto decoded = percent_decode(path);
  return decoded && !has_dot_segment(path) && std::all_of(decoded->begin(), decoded->end(), [](char c) {
           return static_cast<unsigned char>(c) > 0x20 && c != 0x7F && c != '\\';
         });
}

// Compares text, not parts: what another parser reads differently does not begin like this.
bool fits(const Url& url, std::string_view pattern) {
  pattern.remove_suffix(1);  // the star
  if (!url.text().starts_with(pattern) || !url.has_explicit_port()) return false;
  const std::string_view rest = std::string_view(url.text()).substr(pattern.size());
  const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  return digits > 0 && rest.substr(digits) == url.path() && is_plain_path(url.path());
}

}  // namespace

bool is_allowed_return_url(std::string_view url, const std::vector<std::string>& allowed) {
  if (url.size() > kMaxLength) return false;
  const auto parsed = Url::parse(url);
  return parsed && std::any_of(allowed.begin(), allowed.end(), [&](const std::string& entry) {
           return is_pattern(entry) ? fits(*parsed, entry) : entry == url;
         });
}

bool is_return_url_entry(std::string_view entry) {
  return is_pattern(entry) || (entry.size() <= kMaxLength && Url::parse(entry).has_value());
}

}  // namespace authplane::authserver
