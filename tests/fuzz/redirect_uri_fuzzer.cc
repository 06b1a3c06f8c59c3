// Redirect URIs. An input is a registered one, a line break, and the one of a request.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/encoding.h>

#include "authserver/identity/redirect_uri.h"
#include "check.h"

using namespace authplane;
using namespace authplane::authserver;

namespace {

// The text without its port, when it starts with http and a loopback host.
std::optional<std::string> plain_loopback(std::string_view text) {
  for (const std::string_view start : {"http://localhost", "http://127.0.0.1", "http://[::1]"}) {
    if (!equals_ignore_case(text.substr(0, start.size()), start)) continue;
    std::string_view rest = text.substr(start.size());
    if (rest.starts_with(':')) {
      rest.remove_prefix(1);
      rest.remove_prefix(std::min(rest.find_first_not_of("0123456789"), rest.size()));
    }
    if (rest.empty() || rest.front() == '/' || rest.front() == '?') {
      return std::string(text.substr(0, start.size())).append(rest);
    }
  }
  return std::nullopt;
}

// A port with zeros in front, which nobody who was given one spells like that.
bool has_padded_port(std::string_view text) {
  const std::size_t colon = text.rfind(':', text.find_first_of("/?", text.find("://") + 3));
  return colon != std::string_view::npos && text.substr(colon).starts_with(":0");
}

bool may_register(std::string_view text) {
  const auto url = check_redirect_uri(text);
  if (!url) {
    FUZZ_CHECK(url.error().code == ErrorCode::invalid_argument);
    return false;
  }
  FUZZ_CHECK(url->text() == text && text.size() <= 2048);
  const bool https = equals_ignore_case(text.substr(0, 8), "https://");
  FUZZ_CHECK(https || plain_loopback(text));
  for (const char c : text) FUZZ_CHECK(c > 0x20 && c < 0x7F && c != '#' && c != '\\');
  const std::size_t start = text.find("://") + 3;
  const std::string_view authority = text.substr(start, text.find_first_of("/?", start) - start);
  FUZZ_CHECK(!authority.empty() && authority.find_first_of("@%") == std::string_view::npos);
  FUZZ_CHECK(ascii_lower(url->path() + "/").find("/%2e%2e/") == std::string::npos);
  FUZZ_CHECK((url->path() + "/").find("/../") == std::string::npos);
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line_break = std::min(input.find('\n'), input.size());
  const std::string_view registered = input.substr(0, line_break);
  const std::string_view requested = input.substr(std::min(line_break + 1, input.size()));

  const bool both = may_register(registered) && may_register(requested);
  const auto known = plain_loopback(registered);
  const bool same = registered == requested;
  const bool but_for_the_port = known && known == plain_loopback(requested);
  const bool expected = both && (same || (but_for_the_port && !has_padded_port(requested)));
  FUZZ_CHECK(redirect_uri_matches(registered, requested) == expected);
  FUZZ_CHECK(redirect_uri_matches(requested, registered) ==
             (both && (same || (but_for_the_port && !has_padded_port(registered)))));
  FUZZ_CHECK(redirect_uri_matches(requested, requested) == may_register(requested));
  FUZZ_CHECK(redirect_uri_matches_any({"https://other.example/", std::string(registered)}, requested) ==
             (expected || requested == "https://other.example/"));
  return 0;
}
