#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <nlohmann/json.hpp>

#include <authplane/base/hash.h>

#include "ecdsa_signature.h"
#include "key_impl.h"

namespace authplane {
namespace {

using detail::Deleter;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;

JwsAlgorithm default_algorithm(detail::KeyKind kind) {
  switch (kind) {
    case detail::KeyKind::ec_p256:
      return JwsAlgorithm::ES256;
    case detail::KeyKind::rsa:
      return JwsAlgorithm::RS256;
    case detail::KeyKind::ed25519:
      break;
  }
  return JwsAlgorithm::EdDSA;
}

Result<PublicKey> public_half(EVP_PKEY* pkey) {
  Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PUBKEY(bio.get(), pkey) != 1) {
    ERR_clear_error();
    return Err(ErrorCode::runtime_error, "the key has no exportable public half");
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return PublicKey::from_pem({data, static_cast<std::size_t>(size)});
}

Result<PrivateKey> make_private_key(detail::EvpPkey pkey) {
  auto kind = detail::classify(pkey.get());
  if (!kind) return Err(kind.error());
  auto public_key = public_half(pkey.get());
  if (!public_key) return Err(public_key.error());
  return PrivateKey(std::make_shared<const PrivateKey::Impl>(PrivateKey::Impl{
      std::move(pkey), *kind, default_algorithm(*kind), detail::next_key_id(), std::move(*public_key)}));
}

Unexpected<Error> signing_failed() {
  ERR_clear_error();
  return Err(ErrorCode::runtime_error, "signing failed in the crypto library");
}

Result<std::string> sign_eddsa(EVP_PKEY* pkey, std::string_view input) {
  detail::EvpMdCtx ctx(EVP_MD_CTX_new());
  std::string signature(64, '\0');
  std::size_t size = signature.size();
  if (!ctx || EVP_DigestSignInit(ctx.get(), nullptr, nullptr, nullptr, pkey) != 1 ||
      EVP_DigestSign(ctx.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(input.data()), input.size()) != 1) {
    return signing_failed();
  }
  return signature;
}

// No passphrase prompt: an encrypted key is refused instead of blocking a service on a terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

}  // namespace

PrivateKey::PrivateKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Result<PrivateKey> PrivateKey::generate(JwsAlgorithm algorithm) {
  EVP_PKEY* raw = nullptr;
  switch (algorithm) {
    case JwsAlgorithm::ES256:
      raw = EVP_EC_gen("prime256v1");
      break;
    case JwsAlgorithm::RS256:
    case JwsAlgorithm::PS256:
      raw = EVP_RSA_gen(2048);
      break;
    case JwsAlgorithm::EdDSA:
      raw = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      break;
  }
  if (!raw) {
    ERR_clear_error();
    return Err(ErrorCode::runtime_error, "key generation failed in the crypto library");
  }
  auto key = make_private_key(detail::EvpPkey(raw));
  if (key && algorithm == JwsAlgorithm::PS256) return key->with_algorithm(algorithm);
  return key;
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  detail::EvpPkey pkey(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr);
  if (!pkey) {
    ERR_clear_error();
    return Err(ErrorCode::invalid_argument, "key refused: not an unencrypted PEM private key");
  }
  return make_private_key(std::move(pkey));
}

Result<PrivateKey> PrivateKey::from_jwk(const Json& jwk) {
  auto pkey = detail::import_private_jwk(jwk);
  if (!pkey) {
    ERR_clear_error();
    return Err(pkey.error());
  }
  return make_private_key(std::move(*pkey));
}

JwsAlgorithm PrivateKey::algorithm() const {
  return impl_->algorithm;
}

Result<PrivateKey> PrivateKey::with_algorithm(JwsAlgorithm algorithm) const {
  if (!detail::kind_fits(impl_->kind, algorithm)) {
    return Err(ErrorCode::invalid_argument, "this key cannot sign " + std::string(to_string(algorithm)));
  }
  EVP_PKEY_up_ref(impl_->pkey.get());
  return PrivateKey(std::make_shared<const Impl>(
      Impl{detail::EvpPkey(impl_->pkey.get()), impl_->kind, algorithm, impl_->id, impl_->public_key}));
}

Result<std::string> PrivateKey::sign(std::string_view input) const {
  if (impl_->algorithm == JwsAlgorithm::EdDSA) return sign_eddsa(impl_->pkey.get(), input);
  EVP_PKEY_CTX* ctx =
      detail::thread_context(impl_->pkey.get(), impl_->id, impl_->algorithm, detail::Purpose::sign);
  if (!ctx) return signing_failed();
  const Sha256Digest digest = sha256(input);
  if (impl_->algorithm == JwsAlgorithm::ES256) {
    unsigned char der[80];
    std::size_t size = sizeof der;
    if (EVP_PKEY_sign(ctx, der, &size, digest.data(), digest.size()) != 1) return signing_failed();
    auto raw = detail::der_to_raw(der, size);
    if (!raw) return signing_failed();
    return std::move(*raw);
  }
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(impl_->pkey.get())), '\0');
  std::size_t size = signature.size();
  if (EVP_PKEY_sign(ctx, reinterpret_cast<unsigned char*>(signature.data()), &size, digest.data(),
                    digest.size()) != 1) {
    return signing_failed();
  }
  signature.resize(size);
  return signature;
}

const PublicKey& PrivateKey::public_key() const {
  return impl_->public_key;
}

SecretString PrivateKey::to_pem() const {
  Bio bio(BIO_new(BIO_s_secmem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), impl_->pkey.get(), nullptr, nullptr, 0, nullptr,
                                            nullptr) != 1) {
    ERR_clear_error();
    return SecretString();
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return SecretString(std::string(data, static_cast<std::size_t>(size)));
}

}  // namespace authplane
