#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace authplane::detail {

// The two spellings of a P-256 ECDSA signature: JWS carries R||S of 64 bytes (RFC 7518 section 3.4), OpenSSL
// speaks DER SEQUENCE { INTEGER r, INTEGER s } of at most 72 bytes.
struct DerSignature {
  std::array<unsigned char, 72> bytes;
  std::size_t size = 0;
};

// `raw` must be exactly 64 bytes, else nullopt.
std::optional<DerSignature> raw_to_der(std::string_view raw);
// Errors (nullopt): anything that is not the DER of two integers of at most 32 bytes.
std::optional<std::string> der_to_raw(const unsigned char* der, std::size_t size);

}  // namespace authplane::detail
