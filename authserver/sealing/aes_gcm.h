#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/secret.h>

namespace authplane::authserver {

inline constexpr std::size_t kGcmNonceBytes = 12;
inline constexpr std::size_t kGcmTagBytes = 16;

// AES-256-GCM (NIST SP 800-38D). Requires a key of 32 and a nonce of kGcmNonceBytes bytes that was never used
// with that key before. Ciphertext and tag. Throws std::runtime_error when the crypto library is broken.
std::string gcm_encrypt(std::string_view key, std::string_view nonce, std::string_view additional,
                        std::string_view text);
// nullopt when the tag does not fit.
std::optional<SecretString> gcm_decrypt(std::string_view key, std::string_view nonce,
                                        std::string_view additional, std::string_view ciphertext_and_tag);

}  // namespace authplane::authserver
