#pragma once

#include <cstdint>
#include <mutex>
#include <random>

#include <authplane/base/random.h>

namespace authplane::testing {

// The same bytes every run. For tests only: predictable by design.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed = 1) : engine_(seed) {}
  void fill(unsigned char* out, std::size_t size) override {
    std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<unsigned char>(engine_() & 0xff);
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace authplane::testing
