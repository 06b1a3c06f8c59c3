#include "authserver/domain/client_secret.h"

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>

namespace authplane::authserver {
namespace {

constexpr std::string_view kScheme = "hmac-sha256$";

}  // namespace

std::string hash_client_secret(const SecretString& pepper, std::string_view secret) {
  const Sha256Digest digest = hmac_sha256(pepper.expose(), secret);
  return std::string(kScheme) + base64url_encode(as_bytes(digest));
}

bool client_secret_matches(const SecretString& pepper, std::string_view secret, std::string_view stored) {
  const std::string expected = hash_client_secret(pepper, secret);
  const bool comparable = stored.size() == expected.size();
  const bool equal = constant_time_equal(expected, comparable ? stored : std::string_view(expected));
  return comparable && equal;
}

}  // namespace authplane::authserver
