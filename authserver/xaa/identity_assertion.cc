#include "authserver/xaa/identity_assertion.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/jose/jws.h>
#include <authplane/jose/numeric_date.h>
#include <authplane/json/json.h>

namespace authplane::authserver {
namespace {

constexpr std::string_view kType = "oauth-id-jag+jwt";
constexpr std::chrono::seconds kSkew{30};
constexpr std::size_t kMaxShown = 40;  // bytes of a value in an error

Unexpected<Error> bad_header(std::string problem) {
  return Err(ErrorCode::invalid_signature, "the header of the assertion " + std::move(problem));
}

Unexpected<Error> bad_claim(std::string_view name, std::string_view problem) {
  return Err(ErrorCode::invalid_claims, "claim " + std::string(name) + " " + std::string(problem));
}

std::string shown(const std::string* text) {
  return "'" + header_safe(text ? text->substr(0, kMaxShown) : std::string()) + "'";
}

// "" = there is none.
Result<std::string> kid_of(const Json& header) {
  const Json* kid = find_member(header, "kid");
  if (!kid) return std::string();
  if (!kid->is_string() || kid->get_ref<const std::string&>().empty())
    return bad_header("has a kid that is no name");
  return kid->get<std::string>();
}

// The header chooses among keys of the provider, nothing else: whatever keys it brings along are not read.
Result<JwsAlgorithm> algorithm_of(const Json& header) {
  if (header.contains("crit")) return bad_header("has crit");
  const std::string* typ = find_string(header, "typ");
  if (!typ || *typ != kType) return bad_header("has typ " + shown(typ) + "; it has to be oauth-id-jag+jwt");
  const std::string* alg = find_string(header, "alg");
  const auto algorithm = alg ? parse_jws_algorithm(*alg) : std::nullopt;
  if (!algorithm)
    return bad_header("names algorithm " + shown(alg) + "; it has to be ES256, RS256, PS256 or EdDSA");
  return *algorithm;
}

Result<void> check_signature(const UnverifiedJws& jws, const JwkSet& keys) {
  const auto algorithm = algorithm_of(jws.header);
  if (!algorithm) return Err(algorithm.error());
  const auto kid = kid_of(jws.header);
  if (!kid) return Err(kid.error());
  const std::vector<const PublicKey*> candidates = keys.find_all(*kid, *algorithm);
  if (candidates.empty()) {
    return Err(ErrorCode::invalid_signature, "the provider publishes no key with kid " + shown(&*kid) +
                                                 " for " + std::string(to_string(*algorithm)));
  }
  const bool verified = std::any_of(candidates.begin(), candidates.end(), [&](const PublicKey* key) {
    return key->verify(*algorithm, jws.signing_input, jws.signature);
  });
  if (!verified) return Err(ErrorCode::invalid_signature, "the signature of the assertion is wrong");
  return {};
}

// nullptr when it is missing, no string or empty.
const std::string* name_in(const Json& claims, std::string_view name) {
  const std::string* value = find_string(claims, name);
  return value && !value->empty() ? value : nullptr;
}

Result<WallTime> time_in(const Json& claims, std::string_view name) {
  const Json* member = find_member(claims, name);
  const auto time = member ? parse_numeric_date(*member) : std::nullopt;
  if (!time) return bad_claim(name, "is missing or no time");
  return *time;
}

// Returns when it expires.
Result<WallTime> check_times(const Json& claims, const AssertionExpectations& expected) {
  const auto exp = time_in(claims, "exp"), iat = time_in(claims, "iat");
  if (!exp) return exp;
  if (!iat) return iat;
  if (expected.now - kSkew >= *exp) return Err(ErrorCode::token_expired, "the assertion has expired");
  if (*iat > expected.now + kSkew) return bad_claim("iat", "is in the future; compare the clocks");
  if (*iat < expected.now - expected.max_age)
    return Err(ErrorCode::token_expired, "the assertion is older than xaa.max_assertion_age");
  if (find_member(claims, "nbf")) {
    const auto nbf = time_in(claims, "nbf");
    if (!nbf) return nbf;
    if (*nbf > expected.now + kSkew) return bad_claim("nbf", "is in the future; compare the clocks");
  }
  return exp;
}

// A URI or several.
Result<std::vector<std::string>> resources_in(const Json& claims) {
  const Json* member = find_member(claims, "resource");
  if (!member) return std::vector<std::string>();
  const Json list = member->is_array() ? *member : Json::array({*member});
  std::vector<std::string> resources;
  for (const Json& entry : list) {
    if (!entry.is_string() || entry.get_ref<const std::string&>().empty())
      return bad_claim("resource", "is neither a URI nor a list of them");
    resources.push_back(entry.get<std::string>());
  }
  if (resources.empty()) return bad_claim("resource", "is an empty list");
  return resources;
}

Result<std::optional<ScopeSet>> scopes_in(const Json& claims) {
  if (!find_member(claims, "scope")) return std::optional<ScopeSet>();
  const std::string* text = find_string(claims, "scope");
  auto scopes = text ? ScopeSet::parse(*text) : Result<ScopeSet>(Err(ErrorCode::invalid_scope, "no string"));
  if (!scopes) return bad_claim("scope", "is no list of scopes (RFC 6749 section 3.3)");
  return std::optional<ScopeSet>(std::move(*scopes));
}

Result<IdentityAssertion> read_claims(const Json& claims, const AssertionExpectations& expected) {
  const std::string* iss = find_string(claims, "iss");
  if (!iss || *iss != expected.issuer) return bad_claim("iss", "names another issuer");
  const std::string* aud = find_string(claims, "aud");
  if (!aud || *aud != expected.audience)
    return bad_claim("aud", "is not the one string '" + std::string(expected.audience) + "'");
  const auto expires_at = check_times(claims, expected);
  if (!expires_at) return Err(expires_at.error());
  IdentityAssertion assertion;
  for (const auto& [name, member] :
       {std::pair("sub", &assertion.subject), std::pair("client_id", &assertion.client_id),
        std::pair("jti", &assertion.jti)}) {
    const std::string* value = name_in(claims, name);
    if (!value) return bad_claim(name, "is missing, empty or no string");
    *member = *value;
  }
  if (assertion.subject.size() > kMaxAssertedSubject) return bad_claim("sub", "is longer than 255 bytes");
  auto resources = resources_in(claims);
  if (!resources) return Err(std::move(resources).error());
  auto scopes = scopes_in(claims);
  if (!scopes) return Err(std::move(scopes).error());
  assertion.resources = std::move(*resources);
  assertion.scopes = std::move(*scopes);
  assertion.expires_at = *expires_at;
  return assertion;
}

Result<Json> claims_of(const UnverifiedJws& jws) {
  auto claims = parse_json_object(jws.payload);
  if (!claims)
    return Err(ErrorCode::invalid_claims, "the payload of the assertion: " + claims.error().message);
  return claims;
}

}  // namespace

Result<AssertionHint> peek_assertion(std::string_view assertion) {
  const auto jws = parse_unverified_jws(assertion);
  if (!jws) return Err(jws.error());
  auto kid = kid_of(jws->header);
  if (!kid) return Err(std::move(kid).error());
  const auto claims = claims_of(*jws);
  if (!claims) return Err(claims.error());
  const std::string* issuer = name_in(*claims, "iss");
  if (!issuer) return bad_claim("iss", "is missing, empty or no string");
  return AssertionHint{.issuer = *issuer, .kid = std::move(*kid)};
}

Result<IdentityAssertion> verify_assertion(std::string_view assertion, const AssertionExpectations& expected,
                                           const JwkSet& keys) {
  const auto jws = parse_unverified_jws(assertion);
  if (!jws) return Err(jws.error());
  if (auto signature = check_signature(*jws, keys); !signature) return Err(std::move(signature).error());
  const auto claims = claims_of(*jws);
  if (!claims) return Err(claims.error());
  return read_claims(*claims, expected);
}

}  // namespace authplane::authserver
