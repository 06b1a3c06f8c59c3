#include <authplane/base/random.h>

#include <array>
#include <climits>
#include <stdexcept>

#include <openssl/rand.h>

#include <authplane/base/encoding.h>

namespace authplane {

std::string Random::bytes(std::size_t size) {
  std::string out(size, '\0');
  fill(reinterpret_cast<unsigned char*>(out.data()), out.size());
  return out;
}

std::string Random::token(std::size_t size) {
  return base64url_encode(bytes(size));
}

void SystemRandom::fill(unsigned char* out, std::size_t size) {
  if (size > INT_MAX || RAND_bytes(out, static_cast<int>(size)) != 1) {
    throw std::runtime_error("the system's random source failed; cannot go on safely");
  }
}

std::string uuid_v4(Random& random) {
  std::array<unsigned char, 16> raw;
  random.fill(raw.data(), raw.size());
  raw[6] = static_cast<unsigned char>((raw[6] & 0x0F) | 0x40);
  raw[8] = static_cast<unsigned char>((raw[8] & 0x3F) | 0x80);
  std::string text = hex_encode({reinterpret_cast<const char*>(raw.data()), raw.size()});
  for (const std::size_t at : {8, 13, 18, 23}) text.insert(at, 1, '-');
  return text;
}

}  // namespace authplane
