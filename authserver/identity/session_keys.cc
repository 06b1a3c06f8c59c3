#include "authserver/identity/session_keys.h"

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>

namespace authplane::authserver {
namespace {

// The position is the value of the enumerator. Changing a label ends every session.
constexpr std::array<std::string_view, kKeyPurposes> kLabels = {
    "session-cookie",   "login-nonce",    "login-form",     "consent-form",
    "provider-cookie",  "provider-state", "provider-nonce", "provider-verifier",
    "connections-form", "connect-state",  "connect-user",   "connect-return-url"};
static_assert(static_cast<std::size_t>(KeyPurpose::connect_return_url) + 1 == kKeyPurposes);

}  // namespace

SessionKeys::SessionKeys(const SecretString& secret) {
  const SecretString extracted{std::string(as_bytes(hmac_sha256("authplane session", secret.expose())))};
  for (std::size_t i = 0; i < kKeyPurposes; ++i) {
    // One block of HKDF-Expand is all a 32-byte key takes.
    const std::string info = std::string(kLabels[i]) + '\x01';
    keys_[i] = SecretString(std::string(as_bytes(hmac_sha256(extracted.expose(), info))));
  }
}

std::string SessionKeys::tag(KeyPurpose purpose, std::string_view message) const {
  const SecretString& key = keys_[static_cast<std::size_t>(purpose)];
  return base64url_encode(as_bytes(hmac_sha256(key.expose(), message)));
}

bool SessionKeys::verify(KeyPurpose purpose, std::string_view message, std::string_view tag) const {
  return constant_time_equal(this->tag(purpose, message), tag);
}

}  // namespace authplane::authserver
