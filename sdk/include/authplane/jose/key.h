#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <authplane/base/random.h>
#include <authplane/base/result.h>
#include <authplane/base/secret.h>
#include <authplane/jose/algorithm.h>
#include <authplane/json/json.h>

namespace authplane {

// A public key, imported once and then shared between threads. Cheap to copy (shared handle).
// Supported: EC P-256, RSA with a modulus of 2048 to 8192 bits, Ed25519.
class PublicKey {
 public:
  // From the public members of a JWK (RFC 7517, RFC 7518 section 6, RFC 8037). Refuses a JWK that carries any
  // private member (d p q dp dq qi oth k), unknown kty or curve, wrong coordinate sizes, points off the
  // curve. Errors: invalid_argument.
  static Result<PublicKey> from_jwk(const Json& jwk);
  // SubjectPublicKeyInfo in PEM.
  static Result<PublicKey> from_pem(std::string_view pem);

  // Whether this key can be used with that algorithm (ES256: P-256; RS256 and PS256: RSA; EdDSA: Ed25519).
  bool fits(JwsAlgorithm algorithm) const;

  // Checks a JWS signature over `signing_input`. `signature` is raw bytes: R||S of 64 bytes for ES256, never
  // DER. False for anything but a valid signature. Thread-safe; keeps one verification context per thread.
  bool verify(JwsAlgorithm algorithm, std::string_view signing_input, std::string_view signature) const;

  // Public members only, in RFC 7638 order; without kid, use and alg.
  Json to_jwk() const;
  // RFC 7638 SHA-256 thumbprint, base64url.
  const std::string& thumbprint() const;
  std::string to_pem() const;

  struct Impl;
  explicit PublicKey(std::shared_ptr<const Impl> impl);

 private:
  std::shared_ptr<const Impl> impl_;
};

// A signing key. Copyable shared handle; sign() may be called from many threads at once.
class PrivateKey {
 public:
  // ES256 gives P-256, RS256 and PS256 give RSA 2048, EdDSA gives Ed25519. Errors: runtime_error.
  static Result<PrivateKey> generate(JwsAlgorithm algorithm);
  // PKCS#8 or traditional PEM, unencrypted. Errors: invalid_argument.
  static Result<PrivateKey> from_pem(std::string_view pem);
  static Result<PrivateKey> from_jwk(const Json& jwk);

  // The algorithm this key signs with. An RSA key loaded from PEM or JWK signs RS256 unless with_algorithm()
  // says PS256.
  JwsAlgorithm algorithm() const;
  Result<PrivateKey> with_algorithm(JwsAlgorithm algorithm) const;

  // Raw JWS signature bytes (R||S for ES256). Errors: runtime_error.
  Result<std::string> sign(std::string_view signing_input) const;

  const PublicKey& public_key() const;
  SecretString to_pem() const;  // PKCS#8

  struct Impl;
  explicit PrivateKey(std::shared_ptr<const Impl> impl);

 private:
  std::shared_ptr<const Impl> impl_;
};

}  // namespace authplane
