// A WWW-Authenticate field of a foreign server.

#include <cstdint>
#include <string_view>

#include "challenge_parser.h"
#include "check.h"

using namespace authplane;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view field(reinterpret_cast<const char*>(data), size);
  std::size_t bytes = 0;
  for (const auto& challenge : dpop::parse_challenges(field)) {
    FUZZ_CHECK(!challenge.scheme.empty());
    bytes += challenge.scheme.size();
    for (const auto& [name, value] : challenge.parameters) {
      FUZZ_CHECK(!name.empty());
      bytes += name.size() + value.size();
    }
  }
  FUZZ_CHECK(bytes <= size);  // nothing is read twice
  return 0;
}
