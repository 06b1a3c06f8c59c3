#pragma once

#include <array>
#include <string>
#include <string_view>

namespace authplane {

using Sha256Digest = std::array<unsigned char, 32>;

// Throw std::runtime_error only when the crypto library itself is broken (out of memory, no provider).
Sha256Digest sha256(std::string_view bytes);
Sha256Digest hmac_sha256(std::string_view key, std::string_view bytes);

inline std::string_view as_bytes(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace authplane
