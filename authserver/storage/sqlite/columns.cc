#include "authserver/storage/sqlite/columns.h"

#include <sqlite3.h>

#include <algorithm>

#include <nlohmann/json.hpp>

namespace authplane::authserver::sqlite {
namespace {

using nlohmann::json;

// Texts were checked to be UTF-8 where they came in; if one was not, a stored replacement character beats an
// exception on the committing thread.
std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json parse(std::string_view text, const char* column) {
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) throw_unreadable(column);
  return value;
}

std::vector<std::string> strings_of(const json& array, const char* column) {
  if (!array.is_array()) throw_unreadable(column);
  std::vector<std::string> out;
  out.reserve(array.size());
  for (const json& element : array) {
    if (!element.is_string()) throw_unreadable(column);
    out.push_back(element.get<std::string>());
  }
  return out;
}

std::string text_member(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) throw_unreadable(name);
  return found->get<std::string>();
}

template <class T>
T parsed(const std::optional<T>& value, const char* column) {
  if (!value) throw_unreadable(column);
  return *value;
}

}  // namespace

void throw_unreadable(const char* column) {
  throw SqliteFailure(SQLITE_CORRUPT,
                      std::string("column ") + column + " holds a value this program never writes");
}

std::string to_json_text(const std::vector<std::string>& strings) {
  return dump(json(strings));
}

std::vector<std::string> strings_from_json_text(std::string_view text) {
  return strings_of(parse(text, "strings"), "strings");
}

std::string to_json_text(const std::vector<ResourceScope>& scopes) {
  json array = json::array();
  for (const ResourceScope& scope : scopes) {
    array.push_back({{"name", scope.name}, {"description", scope.description}, {"upstream", scope.upstream}});
  }
  return dump(array);
}

std::vector<ResourceScope> scopes_from_json_text(std::string_view text) {
  const json array = parse(text, "scopes");
  if (!array.is_array()) throw_unreadable("scopes");
  std::vector<ResourceScope> out;
  for (const json& scope : array) {
    if (!scope.is_object()) throw_unreadable("scopes");
    out.push_back(
        {text_member(scope, "name"), text_member(scope, "description"), text_member(scope, "upstream")});
  }
  return out;
}

std::string to_json_text(const ResourcePolicy& policy) {
  return dump(json{{"exchange_allowed_client_ids", policy.exchange_allowed_client_ids},
                   {"runtime_client_ids", policy.runtime_client_ids},
                   {"connect_allowed_return_urls", policy.connect_allowed_return_urls}});
}

ResourcePolicy policy_from_json_text(std::string_view text) {
  const json object = parse(text, "policy");
  const auto member = [&](const char* name) {
    if (!object.is_object() || !object.contains(name)) throw_unreadable("policy");
    return strings_of(object[name], name);
  };
  return {member("exchange_allowed_client_ids"), member("runtime_client_ids"),
          member("connect_allowed_return_urls")};
}

Client client_from_row(const Query& query) {
  Client client;
  client.id = query.text(0);
  client.secret_hash = query.text(1);
  client.name = query.text(2);
  client.redirect_uris = strings_from_json_text(query.bytes(3));
  client.grant_types = strings_from_json_text(query.bytes(4));
  client.response_types = strings_from_json_text(query.bytes(5));
  client.token_endpoint_auth_method =
      parsed(parse_client_auth_method(query.bytes(6)), "token_endpoint_auth_method");
  client.scope = query.text(7);
  client.status = parsed(parse_client_status(query.bytes(8)), "status");
  client.registration_source = parsed(parse_registration_source(query.bytes(9)), "registration_source");
  client.cimd_url = query.text(10);
  client.is_agent = query.integer(11) != 0;
  client.agent_description = query.text(12);
  if (!query.is_null(13)) client.application_type = query.text(13);
  client.version = query.integer(14);
  client.issued_at = from_micros(query.integer(15));
  client.updated_at = from_micros(query.integer(16));
  return client;
}

Resource resource_from_row(const Query& query) {
  Resource resource;
  resource.id = query.text(0);
  resource.slug = query.text(1);
  resource.uri = query.text(2);
  resource.backend_kind = parsed(parse_backend_kind(query.bytes(3)), "backend_kind");
  resource.broker_provider_id = query.text(4);
  resource.display_name = query.text(5);
  resource.scopes = scopes_from_json_text(query.bytes(6));
  resource.policy = policy_from_json_text(query.bytes(7));
  resource.version = query.integer(8);
  resource.created_at = from_micros(query.integer(9));
  resource.updated_at = from_micros(query.integer(10));
  return resource;
}

User user_from_row(const Query& query) {
  User user;
  user.id = query.text(0);
  user.email = query.text(1);
  user.name = query.text(2);
  user.password_hash = query.text(3);
  user.role = parsed(parse_user_role(query.bytes(4)), "role");
  user.status = parsed(parse_user_status(query.bytes(5)), "status");
  user.provider = query.text(6);
  user.provider_sub = query.text(7);
  user.version = query.integer(8);
  user.created_at = from_micros(query.integer(9));
  user.updated_at = from_micros(query.integer(10));
  user.sessions_since = from_micros(query.integer(11));
  return user;
}

Authorization authorization_from_row(const Query& query) {
  Authorization row;
  row.id = query.text(0);
  row.client_id = query.text(1);
  row.user_id = query.text(2);
  row.redirect_uri = query.text(3);
  row.scopes = ScopeSet::split(query.bytes(4));
  row.resource_id = query.text(5);
  row.resource_uri = query.text(6);
  row.state = query.text(7);
  row.code_challenge = query.text(8);
  row.created_at = from_micros(query.integer(9));
  row.expires_at = from_micros(query.integer(10));
  if (!query.is_null(11)) row.code_hash = hash_from(query.bytes(11), "code_hash");
  row.consumed_at = micros_or_null(query, 12);
  row.revoked_at = micros_or_null(query, 13);
  row.dpop_jkt = query.text(14);
  return row;
}

ConsentGrant consent_grant_from_row(const Query& query) {
  return {.id = query.text(0),
          .user_id = query.text(1),
          .client_id = query.text(2),
          .resource_id = query.text(3),
          .scopes = ScopeSet::split(query.bytes(4)),
          .created_at = from_micros(query.integer(5)),
          .updated_at = from_micros(query.integer(6)),
          .revoked_at = micros_or_null(query, 7)};
}

std::string to_json_text(const ScopeMap& scope_map) {
  return dump(json(scope_map));
}

FrontingLink fronting_link_from_row(const Query& query) {
  const json object = parse(query.bytes(2), "scope_map");
  if (!object.is_object()) throw_unreadable("scope_map");
  FrontingLink link;
  link.source_slug = query.text(0);
  link.target_slug = query.text(1);
  for (const auto& [from, to] : object.items()) link.scope_map[from] = strings_of(to, "scope_map");
  link.created_at = from_micros(query.integer(3));
  link.created_by = query.text(4);
  return link;
}

BrokerProvider broker_provider_from_row(const Query& query) {
  return {.id = query.text(0),
          .slug = query.text(1),
          .display_name = query.text(2),
          .protocol = parsed(parse_broker_protocol(query.bytes(3)), "protocol"),
          .config_data = query.text(4),
          .sealed_secrets = query.text(5),
          .enc_backend = query.text(6),
          .version = query.integer(7),
          .created_at = from_micros(query.integer(8)),
          .updated_at = from_micros(query.integer(9))};
}

BrokerGrant broker_grant_from_row(const Query& query) {
  return {.id = query.text(0),
          .user_id = query.text(1),
          .provider_id = query.text(2),
          .scopes_granted = ScopeSet::split(query.bytes(3)),
          .credential = query.text(4),
          .enc_backend = query.text(5),
          .version = query.integer(6),
          .created_at = from_micros(query.integer(7)),
          .updated_at = from_micros(query.integer(8)),
          .revoked_at = micros_or_null(query, 9)};
}

PendingConnect pending_connect_from_row(const Query& query) {
  return {.id = query.text(0),
          .user_id = query.text(1),
          .provider_id = query.text(2),
          .resource_id = query.text(3),
          .code_verifier = query.text(4),
          .return_url = query.text(5),
          .scopes = ScopeSet::split(query.bytes(6)),
          .expires_at = from_micros(query.integer(7))};
}

TrustedIdp idp_from_row(const Query& query) {
  return {.id = query.text(0),
          .name = query.text(1),
          .issuer = query.text(2),
          .jwks_uri = query.text(3),
          .audience = query.text(4),
          .enabled = query.integer(5) != 0,
          .created_at = from_micros(query.integer(6)),
          .updated_at = from_micros(query.integer(7))};
}

XaaPolicy xaa_policy_from_row(const Query& query) {
  XaaPolicy policy;
  policy.id = query.text(0);
  policy.name = query.text(1);
  policy.idp_id = query.text(2);
  policy.client_ids = strings_from_json_text(query.bytes(3));
  if (!query.is_null(4)) policy.scopes = ScopeSet::split(query.bytes(4));
  policy.resources = strings_from_json_text(query.bytes(5));
  policy.enabled = query.integer(6) != 0;
  policy.created_at = from_micros(query.integer(7));
  policy.updated_at = from_micros(query.integer(8));
  return policy;
}

SubjectMapping subject_mapping_from_row(const Query& query) {
  return {.id = query.text(0),
          .idp_id = query.text(1),
          .idp_subject = query.text(2),
          .local_user_id = query.text(3),
          .created_at = from_micros(query.integer(4))};
}

TokenHash hash_from(std::string_view bytes, const char* column) {
  TokenHash hash{};
  if (bytes.size() != hash.size()) throw_unreadable(column);
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

}  // namespace authplane::authserver::sqlite
