#include "token_verifier.h"

#include <algorithm>

#include <authplane/jose/jws.h>

#include "quoting.h"

namespace authplane::detail {
namespace {

Unexpected<Error> bad_header(std::string message) {
  return Err(ErrorCode::invalid_claims, std::move(message));
}

Unexpected<Error> bad_signature(std::string_view kid) {
  return Err(ErrorCode::invalid_signature, "the signature does not verify with key " + in_quotes(kid, 64));
}

}  // namespace

struct TokenVerifier::CheckedHeader {
  JwsAlgorithm algorithm;
  const std::string* kid;  // into the header's JSON
};

// All of it before any cryptography: an attacker chooses the header, so nothing in it may choose the code
// that runs.
Result<TokenVerifier::CheckedHeader> TokenVerifier::check_header(const Json& header) const {
  for (std::string_view name : {"crit", "b64"}) {
    if (find_member(header, name))
      return bad_header("header parameter " + std::string(name) + " is not supported");
  }
  const std::string* alg = find_string(header, "alg");
  if (!alg) return bad_header("header parameter alg is missing or not a string");
  const auto algorithm = parse_jws_algorithm(*alg);
  if (!algorithm ||
      std::find(rules_.algorithms.begin(), rules_.algorithms.end(), *algorithm) == rules_.algorithms.end()) {
    return bad_header("header parameter alg " + in_quotes(*alg, 32) + " is not allowed here");
  }
  const std::string* typ = find_string(header, "typ");
  if (!typ || *typ != "at+jwt") {
    return bad_header("header parameter typ is " + (typ ? in_quotes(*typ, 32) : "missing") +
                      ", an access token has 'at+jwt' (is this an ID token?)");
  }
  const std::string* kid = find_string(header, "kid");
  if (!kid || kid->empty()) return bad_header("header parameter kid is missing, empty or not a string");
  return CheckedHeader{*algorithm, kid};
}

Result<std::shared_ptr<const ClaimsData>> TokenVerifier::verify(
    std::string_view token, std::optional<std::uint64_t> generation) const {
  const std::string_view encoded_header = token.substr(0, token.find('.'));
  if (generation) {
    if (const auto known = known_headers_.find(encoded_header, *generation))
      return verify_with(*known, token);
  }
  auto jws = parse_unverified_jws(token, {.max_bytes = kMaxTokenBytes});
  if (!jws) return Err(std::move(jws.error()));
  auto header = check_header(jws->header);
  if (!header) return Err(std::move(header.error()));
  auto key = keys_->find_key(*header->kid, header->algorithm);
  if (!key) return Err(unknown_key(std::move(key.error()), jws->payload));
  if (!key->verify(header->algorithm, jws->signing_input, jws->signature)) return bad_signature(*header->kid);
  if (generation) {
    known_headers_.remember(
        {std::string(encoded_header), header->algorithm, *header->kid, *key, *generation});
  }
  return check_payload(jws->payload, *header->kid);
}

// The same checks in the same order for a header that is known to be good.
Result<std::shared_ptr<const ClaimsData>> TokenVerifier::verify_with(const KnownHeader& header,
                                                                     std::string_view token) const {
  auto jws = split_unverified_jws(token, {.max_bytes = kMaxTokenBytes});
  if (!jws) return Err(std::move(jws.error()));
  if (!header.key.verify(header.algorithm, jws->signing_input, jws->signature))
    return bad_signature(header.kid);
  return check_payload(jws->payload, header.kid);
}

Result<std::shared_ptr<const ClaimsData>> TokenVerifier::check_payload(std::string_view payload,
                                                                       std::string_view kid) const {
  auto claims = parse_claims(payload, kid);
  if (!claims) return claims;
  if (auto issuer = check_issuer(**claims, rules_.issuer); !issuer) return Err(std::move(issuer.error()));
  if (auto audience = check_audience(**claims, rules_.audience); !audience)
    return Err(std::move(audience.error()));
  return claims;
}

// A token of another authorization server fails at its kid, long before its issuer is compared. Saying what
// issuer the token claims turns an opaque refusal into the likely cause; nothing is decided by it.
Error TokenVerifier::unknown_key(Error error, std::string_view payload) const {
  if (error.code != ErrorCode::invalid_signature) return error;
  const auto claims = parse_json_object(payload);
  const std::string* iss = claims ? find_string(*claims, "iss") : nullptr;
  if (iss && *iss != rules_.issuer) {
    error.message += "; the token names the issuer " + in_quotes(*iss) + ", this resource expects " +
                     in_quotes(rules_.issuer);
  }
  return error;
}

}  // namespace authplane::detail
