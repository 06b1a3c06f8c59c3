#include "authserver/admin/resource_body.h"

#include "authserver/admin/body_reader.h"

namespace authplane::authserver {
namespace {

std::vector<ResourceScope> read_scopes(const Json& list, BodyReader& outer) {
  std::vector<ResourceScope> scopes;
  for (const Json& item : list) {
    if (!item.is_object()) {
      outer.problem("scopes must be an array of objects");
      return {};
    }
    BodyReader reader(item, "scopes[" + std::to_string(scopes.size()) + "].");
    reader.allow_only({"name", "description", "upstream"});
    ResourceScope scope;
    scope.name = reader.required_string("name").value_or("");
    scope.description = reader.string("description").value_or("");
    scope.upstream = reader.string("upstream").value_or("");
    if (const auto ok = reader.finish(); !ok) outer.problem(ok.error().description);
    scopes.push_back(std::move(scope));
  }
  return scopes;
}

// One list inside one object of the policy, absent = empty.
std::vector<std::string> read_policy_part(BodyReader& policy, std::string_view part, std::string_view list) {
  const Json* object = policy.object(part);
  if (object == nullptr) return {};
  BodyReader reader(*object, "policy." + std::string(part) + ".");
  reader.allow_only({list});
  auto values = reader.strings(list);
  if (const auto ok = reader.finish(); !ok) policy.problem(ok.error().description);
  return values.value_or(std::vector<std::string>());
}

ResourcePolicy read_policy(const Json& object, BodyReader& outer) {
  BodyReader reader(object, "policy.");
  reader.allow_only({"exchange", "runtime", "connect"});
  ResourcePolicy policy;
  policy.exchange_allowed_client_ids = read_policy_part(reader, "exchange", "allowed_client_ids");
  policy.runtime_client_ids = read_policy_part(reader, "runtime", "client_ids");
  policy.connect_allowed_return_urls = read_policy_part(reader, "connect", "allowed_return_urls");
  if (const auto ok = reader.finish(); !ok) outer.problem(ok.error().description);
  return policy;
}

std::optional<BackendKind> read_kind(BodyReader& reader) {
  const auto text = reader.string("backend_kind");
  if (!text) return std::nullopt;
  const auto kind = parse_backend_kind(*text);
  if (!kind) reader.problem("backend_kind must be mint or broker");
  return kind;
}

ResourceChanges read_members(BodyReader& reader) {
  ResourceChanges members;
  members.slug = reader.string("slug");
  members.uri = reader.string("uri");
  members.backend_kind = read_kind(reader);
  members.display_name = reader.string("display_name");
  if (const Json* scopes = reader.array("scopes")) members.scopes = read_scopes(*scopes, reader);
  if (const Json* policy = reader.object("policy")) members.policy = read_policy(*policy, reader);
  members.broker_provider_id = reader.string("broker_provider_id");
  return members;
}

}  // namespace

Outcome<ResourceRegistration> read_resource_registration(std::string_view text) {
  const auto body = parse_body(text);
  if (!body) return Err(body.error());
  BodyReader reader(*body);
  reader.allow_only({"slug", "uri", "backend_kind", "broker_provider_id", "broker_provider_slug",
                     "display_name", "scopes", "policy"});
  ResourceChanges members = read_members(reader);
  std::string provider_slug = reader.string("broker_provider_slug").value_or("");
  if (!members.slug) reader.problem("slug is required");
  if (!members.backend_kind) reader.problem("backend_kind is required");
  if (const auto ok = reader.finish(); !ok) return Err(ok.error());
  return ResourceRegistration{.slug = std::move(*members.slug),
                              .uri = members.uri.value_or(""),
                              .backend_kind = *members.backend_kind,
                              .broker_provider_id = members.broker_provider_id.value_or(""),
                              .broker_provider_slug = std::move(provider_slug),
                              .display_name = members.display_name.value_or(""),
                              .scopes = members.scopes.value_or(std::vector<ResourceScope>()),
                              .policy = members.policy.value_or(ResourcePolicy())};
}

Outcome<ResourceChanges> read_resource_changes(std::string_view text) {
  const auto body = parse_body(text);
  if (!body) return Err(body.error());
  BodyReader reader(*body);
  reader.allow_only(
      {"slug", "uri", "backend_kind", "broker_provider_id", "display_name", "scopes", "policy"});
  ResourceChanges changes = read_members(reader);
  if (const auto ok = reader.finish(); !ok) return Err(ok.error());
  return changes;
}

}  // namespace authplane::authserver
