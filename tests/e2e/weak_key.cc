#include "weak_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <vector>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>

namespace authplane::e2e {
namespace {

EVP_PKEY* handle(const std::shared_ptr<void>& key) {
  return static_cast<EVP_PKEY*>(key.get());
}

void require(bool worked) {
  if (!worked) throw std::runtime_error("OpenSSL refuses to make a weak key or to use it");
}

// An integer parameter of the key, big-endian, at least `size` bytes.
std::string number(EVP_PKEY* key, const char* name, int size) {
  BIGNUM* value = nullptr;
  require(EVP_PKEY_get_bn_param(key, name, &value) == 1);
  std::string bytes(static_cast<std::size_t>(std::max(size, BN_num_bytes(value))), '\0');
  BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  BN_free(value);
  return base64url_encode(bytes);
}

// The two integers of an ECDSA signature, 24 bytes each for P-192.
std::string raw_p192_signature(const std::vector<unsigned char>& der) {
  const unsigned char* at = der.data();
  const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> signature(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), ECDSA_SIG_free);
  require(signature != nullptr);
  std::string raw(48, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, 24);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + 24, 24);
  return raw;
}

}  // namespace

WeakKey::WeakKey(WeakKind kind) : kind_(kind) {
  key_ = std::shared_ptr<void>(kind == WeakKind::rsa_1024 ? EVP_RSA_gen(1024) : EVP_EC_gen("P-192"),
                               [](void* key) { EVP_PKEY_free(static_cast<EVP_PKEY*>(key)); });
  require(key_ != nullptr);
  EVP_PKEY* key = handle(key_);
  // Members in the order of RFC 7638, so that the text is what the thumbprint is made of.
  if (kind == WeakKind::rsa_1024) {
    jwk_["e"] = number(key, OSSL_PKEY_PARAM_RSA_E, 0);
    jwk_["kty"] = "RSA";
    jwk_["n"] = number(key, OSSL_PKEY_PARAM_RSA_N, 0);
  } else {
    jwk_["crv"] = "P-192";
    jwk_["kty"] = "EC";
    jwk_["x"] = number(key, OSSL_PKEY_PARAM_EC_PUB_X, 24);
    jwk_["y"] = number(key, OSSL_PKEY_PARAM_EC_PUB_Y, 24);
  }
  thumbprint_ = base64url_encode(as_bytes(sha256(jwk_.dump())));
}

std::string WeakKey::sign(testing::ProofBuilder proof) const {
  proof.header("jwk", jwk_).header("alg", kind_ == WeakKind::rsa_1024 ? "RS256" : "ES256");
  const std::string input =
      base64url_encode(proof.header_json()) + "." + base64url_encode(proof.payload_json());
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const auto* bytes = reinterpret_cast<const unsigned char*>(input.data());
  std::size_t size = 0;
  require(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, handle(key_)) == 1);
  require(EVP_DigestSign(context.get(), nullptr, &size, bytes, input.size()) == 1);
  std::vector<unsigned char> signature(size);
  require(EVP_DigestSign(context.get(), signature.data(), &size, bytes, input.size()) == 1);
  signature.resize(size);
  const std::string raw =
      kind_ == WeakKind::p192
          ? raw_p192_signature(signature)
          : std::string(reinterpret_cast<const char*>(signature.data()), signature.size());
  return input + "." + base64url_encode(raw);
}

}  // namespace authplane::e2e
