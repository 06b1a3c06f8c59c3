#include <algorithm>

#include "claims_data.h"
#include "quoting.h"

namespace authplane::detail {

Result<void> check_issuer(const ClaimsData& claims, std::string_view issuer) {
  if (*claims.iss == issuer) return {};
  return Err(ErrorCode::invalid_claims, "issuer mismatch: the token has iss " + in_quotes(*claims.iss) +
                                            ", this resource expects " + in_quotes(issuer) +
                                            "; every byte counts, a terminating slash too");
}

Result<void> check_audience(const ClaimsData& claims, std::string_view resource) {
  if (std::find(claims.audience.begin(), claims.audience.end(), resource) != claims.audience.end()) return {};
  std::string seen;
  for (const std::string& audience : claims.audience) {
    if (!seen.empty()) seen += ", ";
    if (seen.size() > 400) {
      seen += "...";
      break;
    }
    seen += in_quotes(audience);
  }
  return Err(ErrorCode::invalid_claims, "audience mismatch: the token has aud " + seen +
                                            ", this resource is " + in_quotes(resource) +
                                            "; request the token with exactly that resource parameter");
}

Result<void> check_times(const ClaimsData& claims, WallTime now, std::chrono::seconds skew) {
  const auto seconds_between = [](WallTime later, WallTime earlier) {
    return std::to_string(std::chrono::ceil<std::chrono::seconds>(later - earlier).count()) + " s";
  };
  if (now > claims.expires_at + skew) {
    return Err(ErrorCode::token_expired, "the token expired " + seconds_between(now, claims.expires_at) +
                                             " ago (exp); get a new one, or check the clocks");
  }
  if (claims.issued_at > now + skew) {
    return Err(ErrorCode::invalid_claims,
               "iat is " + seconds_between(claims.issued_at, now) + " in the future; check the clocks");
  }
  if (claims.not_before && *claims.not_before > now + skew) {
    return Err(ErrorCode::invalid_claims, "nbf is " + seconds_between(*claims.not_before, now) +
                                              " in the future: the token is not valid yet");
  }
  return {};
}

}  // namespace authplane::detail
