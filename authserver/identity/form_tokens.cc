#include "authserver/identity/form_tokens.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kNonceBytes = 32;
constexpr std::size_t kNonceLength = 43;  // of 32 bytes in base64url, and of a tag

// The nonce of a cookie that is ours.
std::optional<std::string_view> open_nonce(const SessionKeys& keys, std::string_view cookie) {
  if (cookie.size() != 2 * kNonceLength + 1 || cookie[kNonceLength] != '.') return std::nullopt;
  const std::string_view nonce = cookie.substr(0, kNonceLength);
  if (!keys.verify(KeyPurpose::login_nonce, nonce, cookie.substr(kNonceLength + 1))) return std::nullopt;
  return nonce;
}

// The length in front keeps two different pairs from reading the same.
std::string consent_message(std::string_view session_cookie, std::string_view authorization_id) {
  return std::to_string(session_cookie.size()) + ":" + std::string(session_cookie) +
         std::string(authorization_id);
}

}  // namespace

std::string make_login_nonce(const SessionKeys& keys, Random& random) {
  const std::string nonce = random.token(kNonceBytes);
  return nonce + "." + keys.tag(KeyPurpose::login_nonce, nonce);
}

std::optional<std::string> login_form_token(const SessionKeys& keys, std::string_view nonce_cookie) {
  const auto nonce = open_nonce(keys, nonce_cookie);
  if (!nonce) return std::nullopt;
  return keys.tag(KeyPurpose::login_form, *nonce);
}

bool is_login_form_token(const SessionKeys& keys, std::string_view nonce_cookie, std::string_view token) {
  const auto nonce = open_nonce(keys, nonce_cookie);
  return nonce && keys.verify(KeyPurpose::login_form, *nonce, token);
}

std::string consent_form_token(const SessionKeys& keys, std::string_view session_cookie,
                               std::string_view authorization_id) {
  return keys.tag(KeyPurpose::consent_form, consent_message(session_cookie, authorization_id));
}

bool is_consent_form_token(const SessionKeys& keys, std::string_view session_cookie,
                           std::string_view authorization_id, std::string_view token) {
  return keys.verify(KeyPurpose::consent_form, consent_message(session_cookie, authorization_id), token);
}

std::string connections_form_token(const SessionKeys& keys, std::string_view session_cookie) {
  return keys.tag(KeyPurpose::connections_form, session_cookie);
}

bool is_connections_form_token(const SessionKeys& keys, std::string_view session_cookie,
                               std::string_view token) {
  return keys.verify(KeyPurpose::connections_form, session_cookie, token);
}

}  // namespace authplane::authserver
