#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <authplane/base/clock.h>
#include <authplane/base/result.h>
#include <authplane/json/json.h>
#include <authplane/oauth/scope.h>

namespace authplane::detail {

// The payload and what was read from it. Pointers go into `payload`, whose nodes never move once it is
// parsed: a verification builds one JSON tree and copies no claim twice.
struct ClaimsData {
  ClaimsData() = default;
  ClaimsData(const ClaimsData&) = delete;
  ClaimsData& operator=(const ClaimsData&) = delete;

  Json payload;
  std::string kid;
  std::string principal;
  const std::string* iss = nullptr;
  const std::string* sub = nullptr;
  const std::string* client_id = nullptr;
  const std::string* jti = nullptr;
  const std::string* agent_id = nullptr;  // nullptr when absent
  const Json* act = nullptr;
  const Json* may_act = nullptr;
  std::vector<std::string> audience;
  std::vector<std::string> agent_chain;
  ScopeSet scopes;
  WallTime expires_at, issued_at;
  std::optional<WallTime> not_before;
  bool has_cnf = false;
  std::optional<std::string> cnf_jkt;  // set only when `cnf` is an object with a non-empty string `jkt`
};

// Reads a payload whose signature was verified: a JSON object with every required claim present, non-empty
// and of the right type, and optional claims of the right type where they are present (RFC 9068 section 2.2).
// Compares nothing. Errors: invalid_claims, naming the claim.
Result<std::shared_ptr<const ClaimsData>> parse_claims(std::string_view payload, std::string_view kid);

// `iss`, `aud` and the times. Errors: invalid_claims, token_expired.
Result<void> check_issuer(const ClaimsData& claims, std::string_view issuer);
Result<void> check_audience(const ClaimsData& claims, std::string_view resource);
Result<void> check_times(const ClaimsData& claims, WallTime now, std::chrono::seconds skew);

}  // namespace authplane::detail
