#include "authserver/domain/client_metadata.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <authplane/json/json.h>

namespace authplane::authserver {
namespace {

// Reads members by type and collects what is wrong with them.
class MetadataReader {
 public:
  explicit MetadataReader(const Json& object) : object_(object) {}

  bool has(std::string_view name) const { return member(name) != nullptr; }

  std::optional<std::string> string(std::string_view name) {
    const Json* value = member(name);
    if (!value) return std::nullopt;
    if (!value->is_string()) return problem(name, "a string"), std::nullopt;
    return value->get<std::string>();
  }

  bool boolean(std::string_view name) {
    const Json* value = member(name);
    if (!value) return false;
    if (!value->is_boolean()) return problem(name, "true or false"), false;
    return value->get<bool>();
  }

  std::optional<std::vector<std::string>> strings(std::string_view name) {
    const Json* list = member(name);
    if (!list) return std::nullopt;
    const auto is_string = [](const Json& value) { return value.is_string(); };
    if (!list->is_array() || !std::all_of(list->begin(), list->end(), is_string)) {
      return problem(name, "an array of strings"), std::nullopt;
    }
    return list->get<std::vector<std::string>>();
  }

  std::optional<std::vector<std::string>> distinct_strings(std::string_view name) {
    auto all = strings(name);
    if (!all) return all;
    std::vector<std::string> distinct;
    for (std::string& one : *all) {
      if (std::find(distinct.begin(), distinct.end(), one) == distinct.end())
        distinct.push_back(std::move(one));
    }
    return distinct;
  }

  const std::string& problems() const { return problems_; }

 private:
  const Json* member(std::string_view name) const {
    const Json* value = find_member(object_, name);
    return value && value->is_null() ? nullptr : value;
  }
  void problem(std::string_view name, std::string_view expected) {
    if (!problems_.empty()) problems_ += "; ";
    problems_ += std::string(name) + " must be " + std::string(expected);
  }

  const Json& object_;
  std::string problems_;
};

}  // namespace

Outcome<ClientMetadata> parse_client_metadata(std::string_view json, std::size_t max_bytes) {
  const auto object = parse_json_object(json, {.max_bytes = max_bytes});
  if (!object) {
    return fail(DomainErrorCode::invalid_request, "the client metadata is no JSON object",
                object.error().message);
  }
  MetadataReader reader(*object);
  ClientMetadata metadata;
  metadata.client_id = reader.string("client_id");
  metadata.client_name = reader.string("client_name");
  metadata.redirect_uris = reader.strings("redirect_uris").value_or(std::vector<std::string>());
  metadata.grant_types = reader.distinct_strings("grant_types");
  metadata.response_types = reader.distinct_strings("response_types");
  metadata.token_endpoint_auth_method = reader.string("token_endpoint_auth_method");
  metadata.application_type = reader.string("application_type");
  metadata.agent = reader.boolean("agent");
  metadata.agent_description = reader.string("agent_description").value_or("");
  metadata.has_secret = reader.has("client_secret") || reader.has("client_secret_expires_at");
  if (!reader.problems().empty()) return fail(DomainErrorCode::invalid_client, reader.problems());
  return metadata;
}

}  // namespace authplane::authserver
