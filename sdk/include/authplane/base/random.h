#pragma once

#include <cstddef>
#include <string>

namespace authplane {

// Source of unpredictable bytes. Thread-safe. Failure of the operating system's source throws
// std::runtime_error: no caller could go on safely.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(unsigned char* out, std::size_t size) = 0;
  std::string bytes(std::size_t size);
  // `size` random bytes as base64url: 16 bytes give 22 characters, 32 give 43.
  std::string token(std::size_t size);
};

class SystemRandom final : public Random {
 public:
  void fill(unsigned char* out, std::size_t size) override;
};

// UUID version 4 (RFC 9562), lower case with hyphens.
std::string uuid_v4(Random& random);

}  // namespace authplane
