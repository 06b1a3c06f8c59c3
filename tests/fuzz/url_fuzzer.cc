// A URL of a foreign party, and the target of a request with its query.

#include <cstdint>
#include <string>
#include <string_view>

#include <authplane/base/http.h>
#include <authplane/base/url.h>

#include "check.h"

using namespace authplane;

namespace {

void check_accepted(std::string_view text, const Url& url) {
  FUZZ_CHECK(url.text() == text && !url.scheme().empty() && !url.host().empty());
  for (const char c : text) FUZZ_CHECK(c > 0x20 && c < 0x7F && c != '\\');
  FUZZ_CHECK(url.host().find_first_of("@/?#%\\") == std::string::npos);
  FUZZ_CHECK(!url.has_explicit_port() || url.port() != 0);
  FUZZ_CHECK(url.has_fragment() == (text.find('#') != std::string_view::npos));
  FUZZ_CHECK(url.path().empty() || url.path().starts_with('/'));
  FUZZ_CHECK(url.path().find_first_of("?#") == std::string::npos);
  FUZZ_CHECK(url.has_query() || url.query().empty());

  // Who writes the same URL out again is at the same place.
  const auto again = Url::parse(url.origin() + url.request_target());
  FUZZ_CHECK(again && again->origin() == url.origin() && again->request_target() == url.request_target());
  FUZZ_CHECK(again->port() == url.port() && again->host_is_ipv6() == url.host_is_ipv6());
  FUZZ_CHECK(!again->has_userinfo() && !again->has_fragment());
}

// A server and a client split the same target in the same way.
void check_target(const std::string& target) {
  const HttpRequest request{
      .method = "GET", .target = target, .headers = {}, .body = {}, .remote_address = {}};
  const bool has_query = target.find('?') != std::string::npos;
  std::string joined(request.path());
  if (has_query) joined.append("?").append(request.query());
  FUZZ_CHECK(joined == target && request.path().find('?') == std::string_view::npos);
  const auto url = Url::parse("https://as.example" + target);
  if (!url || !target.starts_with('/')) return;
  FUZZ_CHECK(url->host() == "as.example" && !url->has_userinfo());
  if (url->has_fragment()) return;  // no request has one
  FUZZ_CHECK(url->path() == request.path() && url->query() == request.query());
  FUZZ_CHECK(url->request_target() == target);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto url = Url::parse(text)) {
    check_accepted(text, *url);
  } else {
    FUZZ_CHECK(url.error().code == ErrorCode::invalid_argument);
    for (const char c : url.error().message) FUZZ_CHECK(c >= 0x20 && c < 0x7F);
  }
  check_target(std::string(text));
  return 0;
}
