#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <array>
#include <atomic>
#include <cstring>

#include "key_impl.h"

namespace authplane::detail {
namespace {

using BigNum = std::unique_ptr<BIGNUM, Deleter<BN_free>>;

Unexpected<Error> unsupported(std::string problem) {
  return Err(ErrorCode::invalid_argument, "key refused: " + std::move(problem));
}

Result<KeyKind> classify_ec(EVP_PKEY* pkey) {
  char group[64] = {};
  std::size_t size = 0;
  if (EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, &size) != 1 ||
      std::strcmp(group, "prime256v1") != 0) {
    return unsupported("the elliptic curve must be P-256");
  }
  EvpPkeyCtx check(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey, nullptr));
  // The quick check leaves out only that the order times the point is infinity. P-256 has cofactor 1, so that
  // holds for every point on it, and it costs as much as a verification: a DPoP proof brings a new key each.
  if (!check || EVP_PKEY_public_check_quick(check.get()) != 1)
    return unsupported("the point is not on P-256");
  return KeyKind::ec_p256;
}

Result<KeyKind> classify_rsa(EVP_PKEY* pkey) {
  const int bits = EVP_PKEY_get_bits(pkey);
  if (bits < 2048 || bits > 8192) return unsupported("the RSA modulus must have 2048 to 8192 bits");
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &raw) != 1)
    return unsupported("RSA key without exponent");
  BigNum e(raw);
  // An even or tiny exponent is no RSA; a huge one only makes verification slow.
  if (!BN_is_odd(e.get()) || BN_is_one(e.get()) || BN_num_bits(e.get()) > 64)
    return unsupported("bad RSA exponent");
  raw = nullptr;
  if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &raw) != 1)
    return unsupported("RSA key without modulus");
  BigNum n(raw);
  if (!BN_is_odd(n.get())) return unsupported("bad RSA modulus");
  return KeyKind::rsa;
}

bool prepare(EVP_PKEY_CTX* ctx, JwsAlgorithm algorithm, Purpose purpose) {
  const int started = purpose == Purpose::sign ? EVP_PKEY_sign_init(ctx) : EVP_PKEY_verify_init(ctx);
  if (started != 1) return false;
  if (algorithm == JwsAlgorithm::RS256 || algorithm == JwsAlgorithm::PS256) {
    const int padding = algorithm == JwsAlgorithm::RS256 ? RSA_PKCS1_PADDING : RSA_PKCS1_PSS_PADDING;
    if (EVP_PKEY_CTX_set_rsa_padding(ctx, padding) != 1) return false;
    if (EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1) return false;
    // RFC 7518 section 3.5: the salt is as long as the hash.
    if (padding == RSA_PKCS1_PSS_PADDING &&
        EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) != 1)
      return false;
    return true;
  }
  return EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1;
}

struct CachedContext {
  std::uint64_t key_id = 0;
  JwsAlgorithm algorithm{};
  Purpose purpose{};
  EvpPkeyCtx ctx;
};

}  // namespace

bool kind_fits(KeyKind kind, JwsAlgorithm algorithm) {
  switch (algorithm) {
    case JwsAlgorithm::ES256:
      return kind == KeyKind::ec_p256;
    case JwsAlgorithm::RS256:
    case JwsAlgorithm::PS256:
      return kind == KeyKind::rsa;
    case JwsAlgorithm::EdDSA:
      return kind == KeyKind::ed25519;
  }
  return false;
}

Result<KeyKind> classify(EVP_PKEY* pkey) {
  switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_EC:
      return classify_ec(pkey);
    case EVP_PKEY_RSA:
      return classify_rsa(pkey);
    case EVP_PKEY_ED25519:
      return KeyKind::ed25519;
    default:
      return unsupported("only EC P-256, RSA and Ed25519 keys are supported");
  }
}

std::uint64_t next_key_id() {
  static std::atomic<std::uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

EVP_PKEY_CTX* thread_context(EVP_PKEY* pkey, std::uint64_t key_id, JwsAlgorithm algorithm, Purpose purpose) {
  // A process has a handful of keys in use; the oldest slot is given up when more pass by (DPoP proofs do).
  thread_local std::array<CachedContext, 8> cache;
  thread_local std::size_t oldest = 0;
  for (auto& slot : cache) {
    if (slot.ctx && slot.key_id == key_id && slot.algorithm == algorithm && slot.purpose == purpose)
      return slot.ctx.get();
  }
  EvpPkeyCtx ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey, nullptr));
  if (!ctx || !prepare(ctx.get(), algorithm, purpose)) {
    ERR_clear_error();
    return nullptr;
  }
  auto& slot = cache[oldest];
  oldest = (oldest + 1) % cache.size();
  slot = CachedContext{key_id, algorithm, purpose, std::move(ctx)};
  return slot.ctx.get();
}

}  // namespace authplane::detail
