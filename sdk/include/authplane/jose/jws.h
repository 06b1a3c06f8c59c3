#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <authplane/base/result.h>
#include <authplane/jose/key.h>
#include <authplane/json/json.h>

namespace authplane {

// A compact JWS taken apart but NOT verified (RFC 7515 section 7.1). Nothing in it may be trusted. The name
// says so on purpose; only verifiers should hold one. Views point into the text handed to
// parse_unverified_jws.
struct UnverifiedJws {
  Json header;                     // JSON object, no duplicate names
  std::string_view signing_input;  // header.payload as received
  std::string payload;             // decoded bytes, not parsed
  std::string signature;           // decoded bytes
};

struct JwsLimits {
  std::size_t max_bytes = 16 * 1024;
};

// The same with the header left as it came, for who has read that very header before.
struct SplitJws {
  std::string_view encoded_header;
  std::string_view signing_input;
  std::string payload;
  std::string signature;
};

// Exactly three parts, the last two strict base64url without padding; does not look at the first. Errors: as
// parse_unverified_jws.
Result<SplitJws> split_unverified_jws(std::string_view compact, const JwsLimits& limits = {});

// Exactly three strict base64url parts without padding, header a JSON object. Five parts (JWE) are malformed.
// Does not look at alg, typ, kid, crit. Errors: invalid_signature (malformed) with the reason.
Result<UnverifiedJws> parse_unverified_jws(std::string_view compact, const JwsLimits& limits = {});

// Signs: base64url(header) "." base64url(payload) "." base64url(signature). `header` must already hold alg;
// it is checked against the key. Errors: invalid_argument, runtime_error.
Result<std::string> sign_jws(const OrderedJson& header, std::string_view payload, const PrivateKey& key);

// The fast path of an issuer: the encoded header is computed once per key, not per token.
class JwsSigner {
 public:
  // Header members in this order: alg, typ, kid.
  JwsSigner(PrivateKey key, std::string_view typ, std::string_view kid);
  Result<std::string> sign(std::string_view payload) const;  // thread-safe
  const PrivateKey& key() const { return key_; }
  const std::string& kid() const { return kid_; }

 private:
  PrivateKey key_;
  std::string kid_;
  std::string encoded_header_;
};

}  // namespace authplane
