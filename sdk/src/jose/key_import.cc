#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>

#include "key_impl.h"

// JWK members to EVP_PKEY (RFC 7518 section 6, RFC 8037 section 2), by OSSL_PARAM only.

namespace authplane::detail {
namespace {

using BigNum = std::unique_ptr<BIGNUM, Deleter<BN_clear_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;

Unexpected<Error> bad(std::string problem) {
  return Err(ErrorCode::invalid_argument, "JWK refused: " + std::move(problem));
}

Result<std::string> bytes_member(const Json& jwk, const char* name) {
  const std::string* text = find_string(jwk, name);
  if (!text || text->empty()) return bad(std::string("member \"") + name + "\" is missing or not a string");
  auto bytes = base64url_decode(*text);
  if (!bytes || bytes->empty()) return bad(std::string("member \"") + name + "\" is not strict base64url");
  return std::move(*bytes);
}

Result<std::string> fixed_member(const Json& jwk, const char* name, std::size_t size) {
  auto bytes = bytes_member(jwk, name);
  if (bytes && bytes->size() != size) {
    return bad(std::string("member \"") + name + "\" must be " + std::to_string(size) + " bytes");
  }
  return bytes;
}

// Base64urlUInt without leading zero octets (RFC 7518 section 2).
Result<BigNum> number_member(const Json& jwk, const char* name) {
  auto bytes = bytes_member(jwk, name);
  if (!bytes) return Err(bytes.error());
  if (bytes->front() == '\0') return bad(std::string("member \"") + name + "\" has leading zero octets");
  BigNum number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes->data()),
                          static_cast<int>(bytes->size()), nullptr));
  wipe(*bytes);
  if (!number) return Err(ErrorCode::runtime_error, "out of memory while importing a key");
  return number;
}

Result<EvpPkey> from_params(const char* type, int selection, OSSL_PARAM_BLD* builder) {
  Params params(OSSL_PARAM_BLD_to_param(builder));
  EvpPkeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* pkey = nullptr;
  if (!params || !ctx || EVP_PKEY_fromdata_init(ctx.get()) != 1 ||
      EVP_PKEY_fromdata(ctx.get(), &pkey, selection, params.get()) != 1) {
    return bad("the members do not form a key");
  }
  return EvpPkey(pkey);
}

// P-256 and no key. Looking the curve up and setting it up costs more than all else about a public key, and a
// DPoP proof brings a key nobody has seen before.
Result<EvpPkey> empty_p256_key() {
  static const EvpPkey curve = [] {
    ParamBuilder builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
    auto made = from_params("EC", EVP_PKEY_KEY_PARAMETERS, builder.get());
    return made ? std::move(*made) : EvpPkey();
  }();
  EvpPkey copy(curve ? EVP_PKEY_dup(curve.get()) : nullptr);
  if (!copy) return Err(ErrorCode::runtime_error, "out of memory while importing a key");
  return copy;
}

Result<EvpPkey> import_ec_public(const std::string& point) {
  auto pkey = empty_p256_key();
  if (pkey && EVP_PKEY_set1_encoded_public_key(
                  pkey->get(), reinterpret_cast<const unsigned char*>(point.data()), point.size()) != 1) {
    return bad("the members do not form a key");
  }
  return pkey;
}

Result<EvpPkey> import_ec(const Json& jwk, bool with_private) {
  const std::string* curve = find_string(jwk, "crv");
  if (!curve || *curve != "P-256") return bad("crv must be P-256");
  auto x = fixed_member(jwk, "x", 32);
  if (!x) return Err(x.error());
  auto y = fixed_member(jwk, "y", 32);
  if (!y) return Err(y.error());
  const std::string point = "\x04" + *x + *y;
  if (!with_private) return import_ec_public(point);
  auto secret = fixed_member(jwk, "d", 32);
  if (!secret) return Err(secret.error());
  ParamBuilder builder(OSSL_PARAM_BLD_new());
  BigNum d(BN_secure_new());
  BN_bin2bn(reinterpret_cast<const unsigned char*>(secret->data()), 32, d.get());
  wipe(*secret);
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, d.get());
  return from_params("EC", EVP_PKEY_KEYPAIR, builder.get());
}

Result<EvpPkey> import_rsa(const Json& jwk, bool with_private) {
  ParamBuilder builder(OSSL_PARAM_BLD_new());
  std::vector<BigNum> numbers;  // the builder keeps pointers until to_param
  auto push = [&](const char* member, const char* param) -> Result<void> {
    auto number = number_member(jwk, member);
    if (!number) return Err(number.error());
    numbers.push_back(std::move(*number));
    OSSL_PARAM_BLD_push_BN(builder.get(), param, numbers.back().get());
    return {};
  };
  static constexpr const char* kPublic[][2] = {{"n", OSSL_PKEY_PARAM_RSA_N}, {"e", OSSL_PKEY_PARAM_RSA_E}};
  static constexpr const char* kPrivate[][2] = {
      {"d", OSSL_PKEY_PARAM_RSA_D},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
      {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
      {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
  };
  for (const auto& [member, param] : kPublic) {
    if (auto ok = push(member, param); !ok) return Err(ok.error());
  }
  if (with_private) {
    if (jwk.contains("oth")) return bad("multi-prime RSA keys are not supported");
    for (const auto& [member, param] : kPrivate) {
      if (auto ok = push(member, param); !ok) return Err(ok.error());
    }
  }
  return from_params("RSA", with_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, builder.get());
}

Result<EvpPkey> import_okp(const Json& jwk, bool with_private) {
  const std::string* curve = find_string(jwk, "crv");
  if (!curve || *curve != "Ed25519") return bad("crv must be Ed25519");
  auto x = fixed_member(jwk, "x", 32);
  if (!x) return Err(x.error());
  EvpPkey pkey;
  if (with_private) {
    auto d = fixed_member(jwk, "d", 32);
    if (!d) return Err(d.error());
    pkey.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                            reinterpret_cast<const unsigned char*>(d->data()), d->size()));
    wipe(*d);
    std::string derived(32, '\0');
    std::size_t size = derived.size();
    if (!pkey ||
        EVP_PKEY_get_raw_public_key(pkey.get(), reinterpret_cast<unsigned char*>(derived.data()), &size) !=
            1 ||
        derived != *x) {
      return bad("x and d do not belong together");
    }
  } else {
    pkey.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                           reinterpret_cast<const unsigned char*>(x->data()), x->size()));
  }
  if (!pkey) return bad("the members do not form a key");
  return pkey;
}

Result<EvpPkey> import_jwk(const Json& jwk, bool with_private) {
  if (!jwk.is_object()) return bad("not a JSON object");
  const std::string* kty = find_string(jwk, "kty");
  if (!kty) return bad("member \"kty\" is missing or not a string");
  if (*kty == "EC") return import_ec(jwk, with_private);
  if (*kty == "RSA") return import_rsa(jwk, with_private);
  if (*kty == "OKP") return import_okp(jwk, with_private);
  return bad("kty must be EC, RSA or OKP");
}

}  // namespace

Result<EvpPkey> import_public_jwk(const Json& jwk) {
  if (jwk.is_object()) {
    // RFC 9449 section 4.3 check 7 forbids them in proofs; nowhere does a public key have a use for them.
    for (const char* name : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
      if (jwk.contains(name)) return bad(std::string("carries the private member \"") + name + "\"");
    }
  }
  return import_jwk(jwk, false);
}

Result<EvpPkey> import_private_jwk(const Json& jwk) {
  auto pkey = import_jwk(jwk, true);
  if (!pkey) return pkey;
  EvpPkeyCtx check(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey->get(), nullptr));
  if (!check || EVP_PKEY_pairwise_check(check.get()) != 1)
    return bad("public and private members do not belong together");
  return pkey;
}

}  // namespace authplane::detail
