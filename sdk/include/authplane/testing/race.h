#pragma once

#include <barrier>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

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

// Runs `work(index)` on `threads` threads, started together, and waits for all of them.
template <class Work>
void race(int threads, Work work) {
  std::barrier start(threads);
  std::vector<std::jthread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&start, &work, i] {
      start.arrive_and_wait();
      work(i);
    });
  }
}

}  // namespace authplane::testing
