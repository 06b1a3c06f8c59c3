#pragma once

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace authplane::testing {

// How often a test repeats its race: `usual`, or what AUTHPLANE_TEST_RACE_ROUNDS asks of all of them, as
// `make race` does. Not thread-safe with setenv.
inline int race_rounds(int usual) {
  const char* text = std::getenv("AUTHPLANE_TEST_RACE_ROUNDS");  // NOLINT(concurrency-mt-unsafe)
  int asked = 0;
  if (text != nullptr) {
    const std::string_view digits = text;
    std::from_chars(digits.data(), digits.data() + digits.size(), asked);
  }
  return asked > 0 ? asked : usual;
}

}  // namespace authplane::testing
