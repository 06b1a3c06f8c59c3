#include "authserver/identity/redirect_uri.h"

#include <algorithm>

#include "authserver/identity/path_segments.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxLength = 2048;

Unexpected<Error> refuse(const Url& url, std::string_view problem) {
  return Err(ErrorCode::invalid_argument, "redirect URI at '" + url.origin() + "': " + std::string(problem));
}

// Where ":port" stands in the text of a URL without userinfo; of size 0 when it names none.
struct PortSpan {
  std::size_t from = 0, size = 0;
};
PortSpan port_span(const Url& url) {
  if (!url.has_explicit_port()) return {};
  const std::size_t authority = url.text().find("://") + 3;
  const std::size_t end = std::min(url.text().find_first_of("/?", authority), url.text().size());
  const std::size_t colon = url.text().rfind(':', end - 1);
  return {colon, end - colon};
}

std::string without_port(const Url& url) {
  const PortSpan port = port_span(url);
  return std::string(url.text()).erase(port.from, port.size);
}

// A port as it is spelled by whoever was given one: without zeros in front.
bool has_plain_port(const Url& url) {
  const PortSpan port = port_span(url);
  return port.size == 0 || url.text()[port.from + 1] != '0';
}

}  // namespace

bool is_loopback_host(const Url& url) {
  return url.host_is_ipv6() ? url.host() == "::1" : url.host() == "localhost" || url.host() == "127.0.0.1";
}

Result<Url> check_redirect_uri(std::string_view text) {
  if (text.size() > kMaxLength) {
    return Err(ErrorCode::invalid_argument, "redirect URI: is longer than 2048 bytes");
  }
  auto url = Url::parse(text);
  if (!url) return url;
  const bool https = url->scheme() == "https";
  if (!https && url->scheme() != "http")
    return refuse(*url, "the scheme has to be https, or http on loopback");
  if (!https && !is_loopback_host(*url)) {
    return refuse(*url, "http is for localhost, 127.0.0.1 and [::1] only; use https");
  }
  if (url->has_userinfo()) return refuse(*url, "has userinfo, which hides the real host; remove it");
  if (url->has_fragment()) return refuse(*url, "has a fragment; remove it");
  if (has_dot_segment(url->path())) return refuse(*url, "has a '.' or '..' in its path; write the path out");
  return url;
}

bool redirect_uri_matches(std::string_view registered, std::string_view requested) {
  const auto wanted = check_redirect_uri(requested);
  if (!wanted) return false;
  if (registered == requested) return true;
  const auto known = check_redirect_uri(registered);
  return known && known->scheme() == "http" && wanted->scheme() == "http" && has_plain_port(*wanted) &&
         without_port(*known) == without_port(*wanted);
}

bool redirect_uri_matches_any(const std::vector<std::string>& registered, std::string_view requested) {
  return std::any_of(registered.begin(), registered.end(),
                     [&](const std::string& one) { return redirect_uri_matches(one, requested); });
}

}  // namespace authplane::authserver
