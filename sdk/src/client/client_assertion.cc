#include "client/client_assertion.h"

#include <algorithm>
#include <utility>

#include <authplane/base/encoding.h>
#include <authplane/jose/jws.h>

namespace authplane {
namespace {

constexpr std::chrono::seconds kLifetime{60};
constexpr std::size_t kJtiBytes = 16;
constexpr std::size_t kMaxListed = 200;
constexpr std::string_view kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

std::string listed(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + value;
  return header_safe(std::string_view(text).substr(0, kMaxListed));
}

bool lacks(const std::optional<std::vector<std::string>>& values, std::string_view value) {
  return values && std::find(values->begin(), values->end(), value) == values->end();
}

}  // namespace

Result<std::string> client_assertion(const ClientKey& client, const std::string& issuer,
                                     std::chrono::sys_seconds now, Random& random) {
  OrderedJson header{{"alg", to_string(client.key.algorithm())}, {"typ", "JWT"}};
  if (!client.key_id.empty()) header["kid"] = client.key_id;
  const auto issued_at = now.time_since_epoch().count();
  const OrderedJson claims{
      {"iss", client.id}, {"sub", client.id},
      {"aud", issuer},    {"jti", random.token(kJtiBytes)},
      {"iat", issued_at}, {"exp", issued_at + kLifetime.count()},
  };
  return sign_jws(header, to_json_text(claims), client.key);
}

Result<void> add_client_assertion(const ClientKey& client, const std::string& issuer,
                                  std::chrono::sys_seconds now, Random& random, Form& form) {
  auto assertion = client_assertion(client, issuer, now, random);
  if (!assertion) return Err(std::move(assertion).error());
  form.add("client_assertion_type", std::string(kAssertionType));
  form.add("client_assertion", std::move(*assertion));
  return {};
}

Result<void> check_takes_assertions(const TokenEndpointAuth& offered, JwsAlgorithm algorithm,
                                    const std::string& issuer) {
  if (lacks(offered.methods, "private_key_jwt")) {
    return Err(ErrorCode::invalid_argument, "the authorization server " + issuer +
                                                " does not take private_key_jwt (it takes: " +
                                                listed(*offered.methods) + "); register another credential");
  }
  if (lacks(offered.signing_algorithms, to_string(algorithm))) {
    return Err(ErrorCode::invalid_argument,
               "the authorization server " + issuer + " takes no assertions signed with " +
                   std::string(to_string(algorithm)) + " (it takes: " + listed(*offered.signing_algorithms) +
                   "); register a key of such a kind");
  }
  return {};
}

}  // namespace authplane
