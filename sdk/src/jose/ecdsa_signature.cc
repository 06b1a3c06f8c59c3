#include "ecdsa_signature.h"

#include <cstring>

namespace authplane::detail {
namespace {

constexpr std::size_t kHalf = 32;

// Appends INTEGER with the minimal two's-complement encoding of an unsigned big-endian number.
void append_integer(DerSignature& out, const unsigned char* number) {
  std::size_t skip = 0;
  while (skip + 1 < kHalf && number[skip] == 0) ++skip;
  const bool pad = (number[skip] & 0x80) != 0;
  const std::size_t length = kHalf - skip + (pad ? 1 : 0);
  out.bytes[out.size++] = 0x02;
  out.bytes[out.size++] = static_cast<unsigned char>(length);
  if (pad) out.bytes[out.size++] = 0;
  std::memcpy(out.bytes.data() + out.size, number + skip, kHalf - skip);
  out.size += kHalf - skip;
}

bool read_integer(const unsigned char*& at, const unsigned char* end, unsigned char* number) {
  if (end - at < 2 || at[0] != 0x02) return false;
  std::size_t length = at[1];
  at += 2;
  if (length == 0 || length > kHalf + 1 || static_cast<std::size_t>(end - at) < length) return false;
  const unsigned char* digits = at;
  at += length;
  if (length == kHalf + 1) {
    if (digits[0] != 0) return false;
    ++digits;
    --length;
  }
  std::memset(number, 0, kHalf);
  std::memcpy(number + (kHalf - length), digits, length);
  return true;
}

}  // namespace

std::optional<DerSignature> raw_to_der(std::string_view raw) {
  if (raw.size() != 2 * kHalf) return std::nullopt;
  const auto* digits = reinterpret_cast<const unsigned char*>(raw.data());
  DerSignature out;
  out.size = 2;
  append_integer(out, digits);
  append_integer(out, digits + kHalf);
  out.bytes[0] = 0x30;
  out.bytes[1] = static_cast<unsigned char>(out.size - 2);
  return out;
}

std::optional<std::string> der_to_raw(const unsigned char* der, std::size_t size) {
  if (size < 8 || der[0] != 0x30 || der[1] != size - 2) return std::nullopt;
  const unsigned char* at = der + 2;
  const unsigned char* end = der + size;
  std::array<unsigned char, 2 * kHalf> raw;
  if (!read_integer(at, end, raw.data()) || !read_integer(at, end, raw.data() + kHalf) || at != end) {
    return std::nullopt;
  }
  return std::string(reinterpret_cast<const char*>(raw.data()), raw.size());
}

}  // namespace authplane::detail
