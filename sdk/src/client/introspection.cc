#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

#include "client/token_response.h"

namespace authplane {
namespace {

// Each take removes the member it understood; what is of another type stays for `extra`.

void take(Json& json, const char* name, std::string& out) {
  const std::string* text = find_string(json, name);
  if (!text) return;
  out = *text;
  json.erase(name);
}

// NumericDate: any JSON number, rounded down. Beyond year 9999 it stays where it is.
void take(Json& json, const char* name, std::optional<std::chrono::sys_seconds>& out) {
  constexpr double kLast = 253'402'300'799;
  const Json* member = find_member(json, name);
  if (!member || !member->is_number()) return;
  const double value = std::floor(member->get<double>());
  if (!(value >= 0 && value <= kLast)) return;
  out = std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(value)));
  json.erase(name);
}

void take(Json& json, const char* name, std::vector<std::string>& out) {
  const Json* member = find_array(json, name);
  if (!member) return;
  std::vector<std::string> values;
  for (const Json& element : *member) {
    if (!element.is_string()) return;
    values.push_back(element.get<std::string>());
  }
  out = std::move(values);
  json.erase(name);
}

void take_audience(Json& json, std::vector<std::string>& out) {
  if (const std::string* single = find_string(json, "aud")) {
    out = {*single};
    json.erase("aud");
  } else {
    take(json, "aud", out);
  }
}

void take_confirmation(Json& json, std::string& jkt) {
  const Json* cnf = find_object(json, "cnf");
  const std::string* value = cnf ? find_string(*cnf, "jkt") : nullptr;
  if (!value) return;
  jkt = *value;
  if (cnf->size() == 1) json.erase("cnf");  // other confirmation methods stay visible
}

}  // namespace

Result<Introspection> parse_introspection(std::string_view body, std::size_t max_bytes) {
  auto parsed = parse_json_object(body, {.max_bytes = max_bytes, .max_depth = 32});
  if (!parsed) return Err(ErrorCode::protocol_error, "introspection response: " + parsed.error().message);
  Json json = std::move(*parsed);

  Introspection result;
  if (const Json* active = find_member(json, "active"); active && active->is_boolean()) {
    result.active = active->get<bool>();
    json.erase("active");
  }
  take(json, "scope", result.scope);
  take(json, "client_id", result.client_id);
  take(json, "username", result.username);
  take(json, "sub", result.sub);
  take(json, "token_type", result.token_type);
  take(json, "iss", result.iss);
  take_audience(json, result.aud);
  take(json, "exp", result.exp);
  take(json, "iat", result.iat);
  take(json, "nbf", result.nbf);
  take(json, "jti", result.jti);
  take(json, "agent_id", result.agent_id);
  take(json, "agent_chain", result.agent_chain);
  take_confirmation(json, result.cnf_jkt);
  result.extra = std::make_shared<const Json>(std::move(json));
  return result;
}

}  // namespace authplane
