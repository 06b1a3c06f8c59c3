#include <authplane/dpop/target_uri.h>

#include <authplane/base/encoding.h>

namespace authplane::dpop {
namespace {

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

// A path with a malformed triplet stays as it is: no accepted htu has one, so nothing can equal it. Decoding
// the rest could put a "%" in front of two digits it did not belong to.
std::string normalize_path(std::string_view path) {
  if (path.find('%') == std::string_view::npos) return path.empty() ? "/" : std::string(path);
  std::string out;
  out.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      out += path[i];
      continue;
    }
    const auto decoded = hex_decode(path.substr(i + 1, 2));
    if (!decoded || decoded->empty()) return std::string(path);
    out += is_unreserved(decoded->front()) ? *decoded : percent_encode(*decoded);
    i += 2;
  }
  return out;
}

}  // namespace

Result<std::string> normalize_htu(std::string_view htu) {
  auto url = Url::parse(htu);
  if (!url) return Err(std::move(url.error()));
  if (url->scheme() != "https" && url->scheme() != "http")
    return Err(ErrorCode::invalid_argument, "the URL's scheme must be https or http");
  if (url->has_userinfo()) return Err(ErrorCode::invalid_argument, "the URL must have no userinfo");
  return htu_of(*url);
}

std::string htu_of(const Url& url) {
  return url.origin() + normalize_path(url.path());
}

std::string htu_of(std::string_view origin, std::string_view raw_path) {
  std::string out(origin);
  raw_path = raw_path.substr(0, raw_path.find_first_of("?#"));
  // What does not begin with a slash must not continue the host name.
  if (!raw_path.starts_with('/')) out += '/';
  return raw_path.empty() ? out : out += normalize_path(raw_path);
}

}  // namespace authplane::dpop
