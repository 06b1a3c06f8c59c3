#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <authplane/json/json.h>

namespace authplane {

// A successful token response (RFC 6749 section 5.1, RFC 8693 section 2.2.1). Strings are "" when the member
// was absent.
struct TokenResponse {
  std::string access_token{};  // never empty
  std::string token_type{};    // as sent; "Bearer" or "DPoP" without regard to case
  // Absent, 0 and positive are different things. At most ten years.
  std::optional<std::chrono::seconds> expires_in{};
  std::optional<std::chrono::sys_seconds> expires_at{};  // by the local clock; set when expires_in is
  std::string scope{};
  std::string refresh_token{};
  std::string issued_token_type{};  // never empty after an exchange
  std::string cnf_jkt{};
};

// Input of Client::exchange() (RFC 8693 section 2.1). Empty list elements are dropped, order is kept.
struct ExchangeOptions {
  std::string subject_token{};       // required
  std::string subject_token_type{};  // "": urn:ietf:params:oauth:token-type:access_token
  std::string actor_token{};         // sent when not empty
  std::string actor_token_type{};    // the same default; sent only with an actor token
  std::vector<std::string> scopes{};
  std::vector<std::string> resources{};
  std::vector<std::string> audiences{};
};

// An introspection response (RFC 7662 section 2.2). Strings are "" and lists empty when the member was
// absent. The authorization server answers inactive, too, when the caller may not ask about the token: wrong
// credentials look as if every token were revoked.
struct Introspection {
  bool active = false;  // true only for the JSON value true
  std::string scope{};
  std::string client_id{};
  std::string username{};
  std::string sub{};
  std::string token_type{};
  std::string iss{};
  std::vector<std::string> aud{};  // one string or an array of strings on the wire
  std::optional<std::chrono::sys_seconds> exp{};
  std::optional<std::chrono::sys_seconds> iat{};
  std::optional<std::chrono::sys_seconds> nbf{};
  std::string jti{};
  std::string agent_id{};
  std::vector<std::string> agent_chain{};
  std::string cnf_jkt{};
  // Every other member, and members above that were not of the expected type. An object, never null.
  std::shared_ptr<const Json> extra{};
};

}  // namespace authplane
