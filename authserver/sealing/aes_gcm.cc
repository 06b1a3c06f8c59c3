#include "authserver/sealing/aes_gcm.h"

#include <memory>
#include <stdexcept>

#include <openssl/evp.h>

namespace authplane::authserver {
namespace {

struct CipherContextFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, CipherContextFree>;

[[noreturn]] void broken(const char* what) {
  throw std::runtime_error(std::string("OpenSSL: ") + what +
                           " failed; check that the default provider is loaded");
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

CipherContext context_for(std::string_view key, std::string_view nonce, std::string_view additional,
                          bool encrypting) {
  CipherContext context(EVP_CIPHER_CTX_new());
  int length = 0;
  // The nonce of this cipher has 12 bytes unless told otherwise.
  if (!context ||
      EVP_CipherInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes(key), bytes(nonce),
                        encrypting ? 1 : 0) != 1 ||
      (!additional.empty() && EVP_CipherUpdate(context.get(), nullptr, &length, bytes(additional),
                                               static_cast<int>(additional.size())) != 1)) {
    broken("AES-256-GCM");
  }
  return context;
}

}  // namespace

std::string gcm_encrypt(std::string_view key, std::string_view nonce, std::string_view additional,
                        std::string_view text) {
  const CipherContext context = context_for(key, nonce, additional, true);
  std::string sealed(text.size() + kGcmTagBytes, '\0');
  int length = 0, rest = 0;
  if ((!text.empty() && EVP_CipherUpdate(context.get(), bytes(sealed), &length, bytes(text),
                                         static_cast<int>(text.size())) != 1) ||
      EVP_CipherFinal_ex(context.get(), bytes(sealed) + length, &rest) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kGcmTagBytes),
                          bytes(sealed) + text.size()) != 1) {
    broken("AES-256-GCM encryption");
  }
  return sealed;
}

std::optional<SecretString> gcm_decrypt(std::string_view key, std::string_view nonce,
                                        std::string_view additional, std::string_view ciphertext_and_tag) {
  if (ciphertext_and_tag.size() < kGcmTagBytes) return std::nullopt;
  const std::string_view ciphertext = ciphertext_and_tag.substr(0, ciphertext_and_tag.size() - kGcmTagBytes);
  std::string tag(ciphertext_and_tag.substr(ciphertext.size()));
  const CipherContext context = context_for(key, nonce, additional, false);
  std::string text(ciphertext.size(), '\0');
  int length = 0, rest = 0;
  if ((!ciphertext.empty() && EVP_CipherUpdate(context.get(), bytes(text), &length, bytes(ciphertext),
                                               static_cast<int>(ciphertext.size())) != 1) ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kGcmTagBytes), tag.data()) !=
          1) {
    broken("AES-256-GCM decryption");
  }
  const bool intact = EVP_CipherFinal_ex(context.get(), bytes(text) + length, &rest) == 1;
  SecretString opened(std::move(text));  // wiped when it is not given out
  if (!intact) return std::nullopt;
  return opened;
}

}  // namespace authplane::authserver
