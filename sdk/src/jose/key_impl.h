#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <string>

#include <authplane/base/result.h>
#include <authplane/jose/key.h>

namespace authplane::detail {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using EvpPkey = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using EvpPkeyCtx = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using EvpMdCtx = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;

enum class KeyKind { ec_p256, rsa, ed25519 };

bool kind_fits(KeyKind kind, JwsAlgorithm algorithm);

// Checks that the key is one of the three supported kinds and sizes, and tells which. Errors:
// invalid_argument.
Result<KeyKind> classify(EVP_PKEY* pkey);

// A number no other key of this process ever had: names a key in the per-thread context caches, where an
// address could be reused.
std::uint64_t next_key_id();

// The context of this thread for (key id, algorithm, purpose), prepared once and then reused. Importing a key
// or preparing a context for each signature costs about a quarter of a P-256 verification. nullptr on
// failure.
enum class Purpose { sign, verify };
EVP_PKEY_CTX* thread_context(EVP_PKEY* pkey, std::uint64_t key_id, JwsAlgorithm algorithm, Purpose purpose);

Result<EvpPkey> import_public_jwk(const Json& jwk);
Result<EvpPkey> import_private_jwk(const Json& jwk);
Result<PublicKey> make_public_key(EvpPkey pkey);

}  // namespace authplane::detail

namespace authplane {

struct PublicKey::Impl {
  detail::EvpPkey pkey;
  detail::KeyKind kind;
  std::uint64_t id;
  // Base64url members in RFC 7638 order: {"crv","kty","x","y"}, {"e","kty","n"} or {"crv","kty","x"}.
  std::vector<std::pair<std::string, std::string>> members;
  std::string thumbprint;
};

struct PrivateKey::Impl {
  detail::EvpPkey pkey;
  detail::KeyKind kind;
  JwsAlgorithm algorithm;
  std::uint64_t id;
  PublicKey public_key;
};

}  // namespace authplane
