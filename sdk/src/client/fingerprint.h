#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include <authplane/base/hash.h>

namespace authplane {

// The first 64 bits of SHA-256: equal for equal texts, and in practice only for those.
inline std::uint64_t fingerprint(std::string_view text) {
  const Sha256Digest digest = sha256(text);
  std::uint64_t value = 0;
  std::memcpy(&value, digest.data(), sizeof value);
  return value;
}

}  // namespace authplane
