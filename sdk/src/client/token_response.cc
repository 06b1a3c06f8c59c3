#include "client/token_response.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>

namespace authplane {
namespace {

using std::chrono::seconds;

constexpr seconds kMaxLifetime = std::chrono::hours(24 * 3650);

Unexpected<Error> malformed(std::string_view problem) {
  return Err(ErrorCode::protocol_error, "token response: " + std::string(problem));
}

// An absent member and null give "".
Result<std::string> optional_string(const Json& object, std::string_view name) {
  const Json* member = find_member(object, name);
  if (!member || member->is_null()) return std::string();
  if (!member->is_string()) return malformed(std::string(name) + " is not a string");
  return member->get<std::string>();
}

Result<std::optional<seconds>> parse_expires_in(const Json& response) {
  const Json* member = find_member(response, "expires_in");
  if (!member || member->is_null()) return std::optional<seconds>();
  const bool negative =
      member->is_number_integer() && !member->is_number_unsigned() && member->get<std::int64_t>() < 0;
  if (!member->is_number_integer() || negative) return malformed("expires_in is not a non-negative integer");
  const auto value = member->get<std::uint64_t>();
  const auto most = static_cast<std::uint64_t>(kMaxLifetime.count());
  return std::optional<seconds>(seconds(static_cast<seconds::rep>(std::min(value, most))));
}

std::string confirmation_thumbprint(const Json& object) {
  const Json* cnf = find_object(object, "cnf");
  const std::string* jkt = cnf ? find_string(*cnf, "jkt") : nullptr;
  return jkt ? *jkt : std::string();
}

}  // namespace

Result<TokenResponse> parse_token_response(std::string_view body, Grant grant, ProofSent proof_sent,
                                           std::chrono::sys_seconds now, std::size_t max_bytes) {
  auto parsed = parse_json_object(body, {.max_bytes = max_bytes, .max_depth = 32});
  if (!parsed) return malformed(parsed.error().message);
  const Json& json = *parsed;

  TokenResponse response;
  const std::string* access_token = find_string(json, "access_token");
  if (!access_token || access_token->empty()) return malformed("access_token is missing or empty");
  response.access_token = *access_token;

  const std::string* token_type = find_string(json, "token_type");
  if (!token_type) return malformed("token_type is missing");
  const bool bound = equals_ignore_case(*token_type, "DPoP");
  if (!bound && !equals_ignore_case(*token_type, "Bearer")) {
    return malformed("unsupported token_type '" + header_safe(token_type->substr(0, 40)) + "'");
  }
  if (proof_sent == ProofSent::yes && !bound) {
    return malformed("token_type is not DPoP although a proof was sent; the server ignored the proof");
  }
  response.token_type = *token_type;

  auto expires_in = parse_expires_in(json);
  if (!expires_in) return Err(std::move(expires_in).error());
  response.expires_in = *expires_in;
  if (response.expires_in) response.expires_at = now + *response.expires_in;

  for (auto [name, field] :
       {std::pair("issued_token_type", &response.issued_token_type), std::pair("scope", &response.scope),
        std::pair("refresh_token", &response.refresh_token)}) {
    auto value = optional_string(json, name);
    if (!value) return Err(std::move(value).error());
    *field = std::move(*value);
  }
  if (grant == Grant::token_exchange && response.issued_token_type.empty()) {
    return malformed("issued_token_type is missing, which a token exchange requires");
  }
  response.cnf_jkt = confirmation_thumbprint(json);
  return response;
}

}  // namespace authplane
