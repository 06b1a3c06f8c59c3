#pragma once

#include <array>
#include <string>
#include <string_view>

#include <authplane/base/secret.h>

namespace authplane::authserver {

// What a key is for. Every purpose has a key of its own, so nothing made for one is
// ever accepted for another.
enum class KeyPurpose {
  session_cookie,
  login_nonce,
  login_form,
  consent_form,
  provider_cookie,  // of a sign-in at the identity provider, and what is derived from it
  provider_state,
  provider_nonce,
  provider_verifier,
  connections_form,
  connect_state,  // of a user who connects an account; from connect.state_secret
  connect_user,
  connect_return_url,
};
inline constexpr std::size_t kKeyPurposes = 12;

// Keys derived from `session.secret` or `connect.state_secret` by HKDF-SHA256 (RFC 5869). Thread-safe.
class SessionKeys {
 public:
  explicit SessionKeys(const SecretString& secret);

  // HMAC-SHA256 as base64url, 43 characters.
  std::string tag(KeyPurpose purpose, std::string_view message) const;
  // Whether `tag` is the tag of the message, in constant time.
  bool verify(KeyPurpose purpose, std::string_view message, std::string_view tag) const;

 private:
  std::array<SecretString, kKeyPurposes> keys_;
};

}  // namespace authplane::authserver
