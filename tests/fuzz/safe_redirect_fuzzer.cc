// The target of a login, read once more as browsers read the field Location.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <authplane/base/encoding.h>
#include <authplane/base/url.h>

#include "authserver/identity/safe_redirect.h"
#include "check.h"

using namespace authplane;
using namespace authplane::authserver;

namespace {

// The first steps of a browser (URL standard, section 4.4): spaces around and line breaks within go, and a
// backslash is a slash.
std::string as_browsers_read(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '\t' && c != '\r' && c != '\n') out += c == '\\' ? '/' : c;
  }
  const auto is_blank = [](char c) { return static_cast<unsigned char>(c) <= 0x20; };
  out.erase(out.begin(), std::find_if_not(out.begin(), out.end(), is_blank));
  return out;
}

bool stays_here(std::string_view text) {
  return text.starts_with('/') && !text.starts_with("//");
}

// No segment of the path is one that goes up.
void check_segments(std::string_view path) {
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    FUZZ_CHECK(path.substr(0, end) != "..");
    path.remove_prefix(std::min(end + 1, path.size()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string target = safe_redirect(input);
  FUZZ_CHECK(target == input || target == "/");
  FUZZ_CHECK(safe_redirect(target) == target);
  FUZZ_CHECK(stays_here(target) && as_browsers_read(target) == target);
  const std::string path = target.substr(0, target.find('?'));
  // A proxy in front may decode the path before it sends it on.
  const std::string decoded = percent_decode(path).value();
  FUZZ_CHECK(stays_here(decoded) && as_browsers_read(decoded) == decoded);
  check_segments(decoded);
  if (const auto url = Url::parse("https://as.example" + target)) {
    FUZZ_CHECK(url->host() == "as.example" && !url->has_userinfo() && !url->has_fragment());
  }
  return 0;
}
