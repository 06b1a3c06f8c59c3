#include "authserver/domain/pkce.h"

#include <algorithm>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>
#include <authplane/base/secret.h>

namespace authplane::authserver {
namespace {

constexpr std::size_t kShortestVerifier = 43;
constexpr std::size_t kLongestVerifier = 128;

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

bool is_code_verifier(std::string_view text) {
  return text.size() >= kShortestVerifier && text.size() <= kLongestVerifier &&
         std::all_of(text.begin(), text.end(), is_unreserved);
}

}  // namespace

bool is_code_challenge(std::string_view text) {
  const auto bytes = base64url_decode(text);
  return bytes && bytes->size() == sizeof(Sha256Digest);
}

bool code_verifier_matches(std::string_view verifier, std::string_view challenge) {
  if (!is_code_verifier(verifier)) return false;
  return constant_time_equal(base64url_encode(as_bytes(sha256(verifier))), challenge);
}

}  // namespace authplane::authserver
