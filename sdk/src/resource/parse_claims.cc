#include <authplane/jose/numeric_date.h>

#include "claims_data.h"

namespace authplane::detail {
namespace {

Unexpected<Error> bad_claim(std::string_view name, std::string_view problem) {
  return Err(ErrorCode::invalid_claims, "claim " + std::string(name) + " " + std::string(problem));
}

Result<const std::string*> required_string(const Json& payload, std::string_view name) {
  const Json* value = find_member(payload, name);
  if (!value) return bad_claim(name, "is missing");
  if (!value->is_string()) return bad_claim(name, "is not a string");
  const auto& text = value->get_ref<const std::string&>();
  if (text.empty()) return bad_claim(name, "is empty");
  return &text;
}

Result<WallTime> required_date(const Json& payload, std::string_view name) {
  const Json* value = find_member(payload, name);
  if (!value) return bad_claim(name, "is missing");
  auto date = parse_numeric_date(*value);
  if (!date) return bad_claim(name, "is not a usable number of seconds");
  return *date;
}

Result<void> read_string_list(const Json& value, std::string_view name, std::vector<std::string>& out) {
  if (!value.is_array()) return bad_claim(name, "is not a list of strings");
  out.reserve(value.size());
  for (const Json& element : value) {
    if (!element.is_string()) return bad_claim(name, "has an element that is not a string");
    out.push_back(element.get_ref<const std::string&>());
  }
  return {};
}

// RFC 7519 section 4.1.3: one string, or an array of strings.
Result<void> read_audience(const Json& payload, ClaimsData& claims) {
  const Json* value = find_member(payload, "aud");
  if (!value) return bad_claim("aud", "is missing");
  if (value->is_string()) {
    claims.audience.push_back(value->get_ref<const std::string&>());
  } else if (auto read = read_string_list(*value, "aud", claims.audience); !read) {
    return read;
  }
  if (claims.audience.empty() || (claims.audience.size() == 1 && claims.audience.front().empty())) {
    return bad_claim("aud", "is empty");
  }
  return {};
}

Result<void> read_required(ClaimsData& claims) {
  const Json& payload = claims.payload;
  for (auto [name, target] : {std::pair<std::string_view, const std::string**>{"iss", &claims.iss},
                              {"sub", &claims.sub},
                              {"client_id", &claims.client_id},
                              {"jti", &claims.jti}}) {
    auto text = required_string(payload, name);
    if (!text) return Err(std::move(text.error()));
    *target = *text;
  }
  if (auto read = read_audience(payload, claims); !read) return read;
  auto expires_at = required_date(payload, "exp");
  if (!expires_at) return Err(std::move(expires_at.error()));
  claims.expires_at = *expires_at;
  auto issued_at = required_date(payload, "iat");
  if (!issued_at) return Err(std::move(issued_at.error()));
  claims.issued_at = *issued_at;
  return {};
}

Result<void> read_optional(ClaimsData& claims) {
  const Json& payload = claims.payload;
  if (const Json* nbf = find_member(payload, "nbf")) {
    claims.not_before = parse_numeric_date(*nbf);
    if (!claims.not_before) return bad_claim("nbf", "is not a usable number of seconds");
  }
  if (const Json* scope = find_member(payload, "scope")) {
    if (!scope->is_string()) return bad_claim("scope", "is not a string of scopes separated by spaces");
    claims.scopes = ScopeSet::split(scope->get_ref<const std::string&>());
  }
  if (const Json* agent_id = find_member(payload, "agent_id")) {
    if (!agent_id->is_string()) return bad_claim("agent_id", "is not a string");
    claims.agent_id = &agent_id->get_ref<const std::string&>();
  }
  if (const Json* chain = find_member(payload, "agent_chain")) {
    if (auto read = read_string_list(*chain, "agent_chain", claims.agent_chain); !read) return read;
  }
  for (auto [name, target] :
       {std::pair<std::string_view, const Json**>{"act", &claims.act}, {"may_act", &claims.may_act}}) {
    const Json* value = find_member(payload, name);
    if (value && !value->is_object()) return bad_claim(name, "is not an object");
    *target = value;
  }
  if (const Json* cnf = find_member(payload, "cnf")) {
    claims.has_cnf = true;
    if (const std::string* jkt = cnf->is_object() ? find_string(*cnf, "jkt") : nullptr;
        jkt && !jkt->empty()) {
      claims.cnf_jkt = *jkt;
    }
  }
  return {};
}

// The length keeps two pairs from having one spelling.
std::string principal_of(const ClaimsData& claims) {
  std::string principal = std::to_string(claims.sub->size());
  principal.reserve(principal.size() + 1 + claims.sub->size() + claims.client_id->size());
  principal += ':';
  principal += *claims.sub;
  principal += *claims.client_id;
  return principal;
}

}  // namespace

Result<std::shared_ptr<const ClaimsData>> parse_claims(std::string_view payload, std::string_view kid) {
  auto json = parse_json_object(payload);
  if (!json) return Err(ErrorCode::invalid_claims, "token payload: " + json.error().message);
  auto claims = std::make_shared<ClaimsData>();
  claims->payload = std::move(*json);
  claims->kid = kid;
  if (auto read = read_required(*claims); !read) return Err(std::move(read.error()));
  if (auto read = read_optional(*claims); !read) return Err(std::move(read.error()));
  claims->principal = principal_of(*claims);
  return std::shared_ptr<const ClaimsData>(std::move(claims));
}

}  // namespace authplane::detail
