#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>

#include "ecdsa_signature.h"
#include "key_impl.h"

namespace authplane {
namespace {

using detail::Deleter;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using BigNum = std::unique_ptr<BIGNUM, Deleter<BN_free>>;

// `size` 0 = as many octets as needed.
std::string encoded_number(EVP_PKEY* pkey, const char* param, int size) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(pkey, param, &raw) != 1) return {};
  BigNum number(raw);
  if (size == 0) size = BN_num_bytes(number.get());
  std::string bytes(static_cast<std::size_t>(size), '\0');
  if (BN_bn2binpad(number.get(), reinterpret_cast<unsigned char*>(bytes.data()), size) != size) return {};
  return base64url_encode(bytes);
}

using Members = std::vector<std::pair<std::string, std::string>>;

Members ec_members(EVP_PKEY* pkey) {
  // Asking for x and y one by one costs five times as much as the point in one piece. A key that was read in
  // compressed form also comes out in it.
  std::string point(65, '\0');
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
                                      reinterpret_cast<unsigned char*>(point.data()), point.size(),
                                      &size) == 1 &&
      size == point.size()) {
    const std::string_view xy = std::string_view(point).substr(1);
    return {{"crv", "P-256"},
            {"kty", "EC"},
            {"x", base64url_encode(xy.substr(0, 32))},
            {"y", base64url_encode(xy.substr(32))}};
  }
  return {{"crv", "P-256"},
          {"kty", "EC"},
          {"x", encoded_number(pkey, OSSL_PKEY_PARAM_EC_PUB_X, 32)},
          {"y", encoded_number(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, 32)}};
}

Members jwk_members(EVP_PKEY* pkey, detail::KeyKind kind) {
  switch (kind) {
    case detail::KeyKind::ec_p256:
      return ec_members(pkey);
    case detail::KeyKind::rsa:
      return {{"e", encoded_number(pkey, OSSL_PKEY_PARAM_RSA_E, 0)},
              {"kty", "RSA"},
              {"n", encoded_number(pkey, OSSL_PKEY_PARAM_RSA_N, 0)}};
    case detail::KeyKind::ed25519: {
      std::string raw(32, '\0');
      std::size_t size = raw.size();
      EVP_PKEY_get_raw_public_key(pkey, reinterpret_cast<unsigned char*>(raw.data()), &size);
      return {{"crv", "Ed25519"}, {"kty", "OKP"}, {"x", base64url_encode(raw)}};
    }
  }
  return {};
}

// RFC 7638 section 3: required members in lexicographic order, no white space. All values are plain ASCII.
std::string compute_thumbprint(const Members& members) {
  std::string text = "{";
  for (const auto& [name, value] : members) {
    if (text.size() > 1) text += ',';
    text += '"' + name + "\":\"" + value + '"';
  }
  text += '}';
  return base64url_encode(as_bytes(sha256(text)));
}

bool verify_eddsa(EVP_PKEY* pkey, std::string_view input, std::string_view signature) {
  detail::EvpMdCtx ctx(EVP_MD_CTX_new());
  return ctx && EVP_DigestVerifyInit(ctx.get(), nullptr, nullptr, nullptr, pkey) == 1 &&
         EVP_DigestVerify(ctx.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(input.data()),
                          input.size()) == 1;
}

}  // namespace

namespace detail {

Result<PublicKey> make_public_key(EvpPkey pkey) {
  auto kind = classify(pkey.get());
  if (!kind) return Err(kind.error());
  auto members = jwk_members(pkey.get(), *kind);
  std::string thumbprint = compute_thumbprint(members);
  return PublicKey(std::make_shared<const PublicKey::Impl>(
      PublicKey::Impl{std::move(pkey), *kind, next_key_id(), std::move(members), std::move(thumbprint)}));
}

}  // namespace detail

PublicKey::PublicKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Result<PublicKey> PublicKey::from_jwk(const Json& jwk) {
  auto pkey = detail::import_public_jwk(jwk);
  if (!pkey) {
    ERR_clear_error();
    return Err(pkey.error());
  }
  return detail::make_public_key(std::move(*pkey));
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  detail::EvpPkey pkey(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!pkey) {
    ERR_clear_error();
    return Err(ErrorCode::invalid_argument, "key refused: not a PEM public key (BEGIN PUBLIC KEY)");
  }
  return detail::make_public_key(std::move(pkey));
}

bool PublicKey::fits(JwsAlgorithm algorithm) const {
  return detail::kind_fits(impl_->kind, algorithm);
}

bool PublicKey::verify(JwsAlgorithm algorithm, std::string_view input, std::string_view signature) const {
  if (!fits(algorithm)) return false;
  bool valid = false;
  if (algorithm == JwsAlgorithm::EdDSA) {
    valid = verify_eddsa(impl_->pkey.get(), input, signature);
  } else {
    EVP_PKEY_CTX* ctx =
        detail::thread_context(impl_->pkey.get(), impl_->id, algorithm, detail::Purpose::verify);
    if (!ctx) return false;
    const Sha256Digest digest = sha256(input);
    if (algorithm == JwsAlgorithm::ES256) {
      const auto der = detail::raw_to_der(signature);
      valid = der && EVP_PKEY_verify(ctx, der->bytes.data(), der->size, digest.data(), digest.size()) == 1;
    } else {
      valid = EVP_PKEY_verify(ctx, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                              digest.data(), digest.size()) == 1;
    }
  }
  if (!valid) ERR_clear_error();
  return valid;
}

Json PublicKey::to_jwk() const {
  Json jwk = Json::object();
  for (const auto& [name, value] : impl_->members) jwk[name] = value;
  return jwk;
}

const std::string& PublicKey::thumbprint() const {
  return impl_->thumbprint;
}

std::string PublicKey::to_pem() const {
  Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PUBKEY(bio.get(), impl_->pkey.get()) != 1) return {};
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

}  // namespace authplane
