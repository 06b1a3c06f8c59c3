// Normalisation of htu: of a claim, of an outgoing URL and of a request path.

#include <cstdint>
#include <string_view>

#include <authplane/dpop/target_uri.h>

#include "check.h"

using namespace authplane;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto once = dpop::normalize_htu(text)) {
    const auto twice = dpop::normalize_htu(*once);
    FUZZ_CHECK(twice && *twice == *once);
    FUZZ_CHECK(once->find_first_of("?#") == std::string::npos);
    const Url url = Url::parse(*once).value();
    FUZZ_CHECK(!url.has_userinfo() && dpop::htu_of(url) == *once);
    // A server that is called there comes to the same.
    FUZZ_CHECK(dpop::htu_of(url.origin(), url.path()) == *once);
  }
  const std::string of_request = dpop::htu_of("https://rs.example", text);
  FUZZ_CHECK(of_request.starts_with("https://rs.example/"));
  if (const auto normalized = dpop::normalize_htu(of_request)) FUZZ_CHECK(*normalized == of_request);
  return 0;
}
