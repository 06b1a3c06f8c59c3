#include <authplane/base/secret.h>

#include <openssl/crypto.h>

namespace authplane {

bool constant_time_equal(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

void wipe(std::string& text) noexcept {
  // The whole buffer, not only the current length: a moved-from short string still holds its bytes.
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

}  // namespace authplane
