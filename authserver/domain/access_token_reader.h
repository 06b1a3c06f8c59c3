#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <authplane/base/clock.h>
#include <authplane/base/result.h>
#include <authplane/json/json.h>

#include "authserver/domain/signing_key_store.h"

namespace authplane::authserver {

// Reads the access tokens this server signed, when one comes back. Thread-safe.
class AccessTokenReader {
 public:
  // The references outlive the reader.
  AccessTokenReader(std::string issuer, const SigningKeyStore& keys, const Clock& clock)
      : issuer_(std::move(issuer)), keys_(keys), clock_(clock) {}

  // The claims of a token that one of the published keys signed, that names this issuer and has not expired.
  // `jti`, `sub` and `client_id` are strings, `iat` and `exp` integers. What the records say about the token,
  // a revocation above all, is for the caller to look up. Errors: invalid_signature, invalid_claims,
  // token_expired.
  Result<Json> read(std::string_view token) const;
  // Whether a token that was refused says, unproven, that another server issued it. For the log.
  bool claims_other_issuer(std::string_view token) const;

 private:
  const std::string issuer_;
  const SigningKeyStore& keys_;
  const Clock& clock_;
};

}  // namespace authplane::authserver
