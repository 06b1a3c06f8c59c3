#include "authserver/federation/id_token.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>
#include <authplane/base/secret.h>
#include <authplane/jose/jws.h>
#include <authplane/jose/numeric_date.h>

#include "authserver/domain/user.h"

namespace authplane::authserver {
namespace {

constexpr std::chrono::seconds kSkew{60};
constexpr std::size_t kMaxTokenBytes = 64 * 1024;  // providers put the groups of a user in
constexpr std::size_t kMaxSubject = 255;
constexpr std::size_t kMaxName = 255;

Unexpected<Error> invalid(std::string claim, std::string_view problem) {
  return Err(ErrorCode::invalid_claims, "claim " + std::move(claim) + " " + std::string(problem));
}

// The header chooses among keys of the provider, nothing else.
Result<void> check_signature(const UnverifiedJws& jws, KeySource& keys) {
  const auto bad = [](std::string problem) {
    return Err(ErrorCode::invalid_signature, "the header of the ID token " + std::move(problem));
  };
  if (jws.header.contains("crit")) return bad("has crit");
  if (const Json* typ = find_member(jws.header, "typ")) {
    if (!typ->is_string() || !equals_ignore_case(typ->get_ref<const std::string&>(), "JWT"))
      return bad("names another type of token");
  }
  const std::string* alg = find_string(jws.header, "alg");
  const auto algorithm = alg ? parse_jws_algorithm(*alg) : std::nullopt;
  if (!algorithm) {
    return bad("names algorithm '" + header_safe(alg ? alg->substr(0, 20) : std::string()) +
               "'; it has to be ES256, RS256, PS256 or EdDSA");
  }
  const std::string* kid = find_string(jws.header, "kid");
  if (!kid || kid->empty()) return bad("has no kid");
  const auto key = keys.find_key(*kid, *algorithm);
  if (!key) return Err(key.error());
  if (!key->verify(*algorithm, jws.signing_input, jws.signature))
    return Err(ErrorCode::invalid_signature, "the signature of the ID token is wrong");
  return {};
}

Result<void> check_audience(const Json& claims, std::string_view client_id) {
  const Json* aud = find_member(claims, "aud");
  const bool several = aud && aud->is_array() && aud->size() > 1;
  const bool listed =
      aud && aud->is_array()
          ? std::any_of(aud->begin(), aud->end(), [&](const Json& entry) { return entry == client_id; })
          : aud && *aud == client_id;
  if (!listed) return invalid("aud", "does not name this client");
  const Json* azp = find_member(claims, "azp");
  if (several && !azp) return invalid("azp", "is missing although the token is for several audiences");
  if (azp && *azp != client_id) return invalid("azp", "names another client");
  return {};
}

Result<void> check_times(const Json& claims, WallTime now) {
  const auto time = [&](std::string_view name) {
    const Json* member = find_member(claims, name);
    return member ? parse_numeric_date(*member) : std::nullopt;
  };
  const auto exp = time("exp"), iat = time("iat");
  if (!exp) return invalid("exp", "is missing or no time");
  if (!iat) return invalid("iat", "is missing or no time");
  if (now - kSkew >= *exp) return Err(ErrorCode::token_expired, "the ID token has expired");
  if (*iat > now + kSkew) return invalid("iat", "is in the future; compare the clocks");
  if (find_member(claims, "nbf")) {
    const auto nbf = time("nbf");
    if (!nbf || *nbf > now + kSkew) return invalid("nbf", "is in the future or no time");
  }
  return {};
}

Result<void> check_claims(const Json& claims, const IdTokenExpectations& expected) {
  const std::string* iss = find_string(claims, "iss");
  if (!iss || *iss != expected.issuer) return invalid("iss", "names another issuer");
  if (auto audience = check_audience(claims, expected.client_id); !audience) return audience;
  if (auto times = check_times(claims, expected.now); !times) return times;
  const std::string* nonce = find_string(claims, "nonce");
  if (!nonce || !constant_time_equal(*nonce, expected.nonce))
    return invalid("nonce", "is not that of this sign-in");
  const std::string* sub = find_string(claims, "sub");
  if (!sub || sub->empty() || sub->size() > kMaxSubject)
    return invalid("sub", "is missing, empty or longer than 255 bytes");
  return {};
}

// Some providers write the boolean as a string.
bool is_disowned(const Json& claims) {
  const Json* verified = find_member(claims, "email_verified");
  return verified && *verified != true && *verified != "true";
}

std::string email_of(const Json& claims) {
  const std::string* claimed = find_string(claims, "email");
  if (!claimed || is_disowned(claims)) return {};
  std::string email = normalize_email(*claimed);
  return is_email_address(email) ? email : std::string();
}

std::string name_of(const Json& claims) {
  const std::string* claimed = find_string(claims, "name");
  if (!claimed || claimed->empty()) claimed = find_string(claims, "preferred_username");
  if (!claimed) return {};
  std::string name = *claimed;
  if (name.size() <= kMaxName) return name;
  std::size_t end = kMaxName;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;  // whole characters
  name.resize(end);
  return name;
}

}  // namespace

Result<UpstreamIdentity> verify_id_token(std::string_view token, const IdTokenExpectations& expected,
                                         KeySource& keys) {
  const auto jws = parse_unverified_jws(token, {.max_bytes = kMaxTokenBytes});
  if (!jws) return Err(jws.error());
  if (auto signature = check_signature(*jws, keys); !signature) return Err(std::move(signature).error());
  const auto claims = parse_json_object(jws->payload);
  if (!claims) return Err(ErrorCode::invalid_claims, "the ID token's payload: " + claims.error().message);
  if (auto fit = check_claims(*claims, expected); !fit) return Err(std::move(fit).error());
  return UpstreamIdentity{.issuer = std::string(expected.issuer),
                          .subject = *find_string(*claims, "sub"),
                          .email = email_of(*claims),
                          .name = name_of(*claims)};
}

}  // namespace authplane::authserver
