#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/client/jwks_cache.h>

#include "claims_data.h"
#include "known_headers.h"

namespace authplane::detail {

struct TokenRules {
  std::string issuer;
  std::string audience;
  std::vector<JwsAlgorithm> algorithms;
};

// The part of verification whose outcome cannot change while the key set stays: form, header, key, signature,
// required claims, issuer and audience (RFC 9068 section 4, RFC 8725). Time, proof and revocation are judged
// by the caller. Thread-safe.
class TokenVerifier {
 public:
  TokenVerifier(TokenRules rules, std::shared_ptr<KeySource> keys)
      : rules_(std::move(rules)), keys_(std::move(keys)) {}

  // `generation` is the key set's as read before the call; nullopt: unknown. `token` is not blank and at most
  // kMaxTokenBytes long. Errors: as Resource::verify.
  Result<std::shared_ptr<const ClaimsData>> verify(std::string_view token,
                                                   std::optional<std::uint64_t> generation) const;

 private:
  struct CheckedHeader;
  Result<CheckedHeader> check_header(const Json& header) const;
  Result<std::shared_ptr<const ClaimsData>> verify_with(const KnownHeader& header,
                                                        std::string_view token) const;
  Result<std::shared_ptr<const ClaimsData>> check_payload(std::string_view payload,
                                                          std::string_view kid) const;
  Error unknown_key(Error error, std::string_view payload) const;

  TokenRules rules_;
  std::shared_ptr<KeySource> keys_;
  mutable KnownHeaders known_headers_;
};

inline constexpr std::size_t kMaxTokenBytes = 16 * 1024;

}  // namespace authplane::detail
