#include "authserver/admin/body_reader.h"

#include <algorithm>

#include <authplane/base/encoding.h>

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxShownName = 64;

}  // namespace

Outcome<Json> parse_body(std::string_view body, std::size_t max_bytes) {
  if (body.size() > max_bytes) {
    return fail(DomainErrorCode::invalid_request,
                "the body is larger than " + std::to_string(max_bytes) + " bytes");
  }
  auto parsed = parse_json_object(body, {.max_bytes = max_bytes});
  if (!parsed)
    return fail(DomainErrorCode::invalid_request, "the body is no JSON object: " + parsed.error().message);
  return std::move(*parsed);
}

const Json* BodyReader::member(std::string_view name) const {
  if (failed()) return nullptr;
  const Json* value = find_member(object_, name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::optional<std::string> BodyReader::string(std::string_view name) {
  const Json* value = member(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) return problem(path(name) + " must be a string"), std::nullopt;
  return value->get<std::string>();
}

std::optional<std::string> BodyReader::required_string(std::string_view name) {
  auto value = string(name);
  if (!value && !failed()) problem(path(name) + " is required");
  return value;
}

std::optional<bool> BodyReader::boolean(std::string_view name) {
  const Json* value = member(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) return problem(path(name) + " must be true or false"), std::nullopt;
  return value->get<bool>();
}

std::optional<std::vector<std::string>> BodyReader::strings(std::string_view name) {
  const Json* list = array(name);
  if (list == nullptr) return std::nullopt;
  std::vector<std::string> values;
  for (const Json& value : *list) {
    if (!value.is_string()) return problem(path(name) + " must be an array of strings"), std::nullopt;
    values.push_back(value.get<std::string>());
  }
  return values;
}

const Json* BodyReader::object(std::string_view name) {
  const Json* value = member(name);
  if (value == nullptr) return nullptr;
  if (!value->is_object()) return problem(path(name) + " must be an object"), nullptr;
  return value;
}

const Json* BodyReader::array(std::string_view name) {
  const Json* value = member(name);
  if (value == nullptr) return nullptr;
  if (!value->is_array()) return problem(path(name) + " must be an array"), nullptr;
  return value;
}

void BodyReader::allow_only(std::initializer_list<std::string_view> names) {
  for (const auto& item : object_.items()) {
    if (std::find(names.begin(), names.end(), item.key()) != names.end()) continue;
    return problem("unknown member " + path(header_safe(item.key().substr(0, kMaxShownName))));
  }
}

void BodyReader::problem(std::string text) {
  if (problem_.empty()) problem_ = std::move(text);
}

Outcome<void> BodyReader::finish() const {
  if (failed()) return fail(DomainErrorCode::invalid_request, problem_);
  return {};
}

}  // namespace authplane::authserver
