#include "authserver/admin/views.h"

#include <nlohmann/json.hpp>

#include "authserver/domain/json_writer.h"

namespace authplane::authserver {
namespace {

OrderedJson array_of(const std::vector<std::string>& values) {
  OrderedJson list = OrderedJson::array();
  for (const std::string& value : values) list.push_back(value);
  return list;
}

OrderedJson scope_view(const ResourceScope& scope) {
  OrderedJson view;
  view["name"] = scope.name;
  if (!scope.description.empty()) view["description"] = scope.description;
  if (!scope.upstream.empty()) view["upstream"] = scope.upstream;
  return view;
}

OrderedJson policy_view(const Resource& resource) {
  OrderedJson view;
  view["exchange"]["allowed_client_ids"] = array_of(resource.policy.exchange_allowed_client_ids);
  view["runtime"]["client_ids"] = array_of(resource.policy.runtime_client_ids);
  if (resource.backend_kind == BackendKind::broker) {
    view["connect"]["allowed_return_urls"] = array_of(resource.policy.connect_allowed_return_urls);
  }
  return view;
}

OrderedJson token_row(const TokenFamily& family) {
  OrderedJson view;
  view["jti"] = family.id.text();
  view["type"] = "authorization_code";
  view["client_id"] = family.client_id;
  view["user_id"] = family.user_id;
  view["scope"] = family.scopes.to_string();
  view["resource"] = family.resource_uri;
  view["status"] = family.is_active() ? "active" : "revoked";
  view["created_at"] = format_rfc3339(family.created_at, Fraction::micros);
  return view;
}

OrderedJson token_row(const MachineToken& token) {
  const Issuance& issuance = token.issuance;
  OrderedJson view;
  view["jti"] = issuance.jti();
  view["type"] = "client_credentials";
  view["client_id"] = issuance.client_id;
  if (!issuance.subject_user_id.empty()) view["user_id"] = issuance.subject_user_id;
  view["scope"] = issuance.scopes.to_string();
  view["resource"] = token.resource_uri;
  view["status"] = issuance.revoked_at ? "revoked" : "active";
  view["created_at"] = format_rfc3339(issuance.issued_at);
  view["expires_at"] = format_rfc3339(issuance.expires_at);
  return view;
}

}  // namespace

OrderedJson view_of(const Client& client) {
  OrderedJson view;
  view["id"] = client.id;
  view["name"] = client.name;
  view["redirect_uris"] = array_of(client.redirect_uris);
  view["grant_types"] = array_of(client.grant_types);
  view["response_types"] = array_of(client.response_types);
  view["token_endpoint_auth_method"] = to_string(client.token_endpoint_auth_method);
  view["scope"] = client.scope;
  view["status"] = to_string(client.status);
  view["registration_source"] = to_string(client.registration_source);
  view["agent"] = client.is_agent;
  view["agent_description"] = client.agent_description;
  view["cimd_url"] = client.cimd_url;
  view["issued_at"] = format_rfc3339(client.issued_at, Fraction::micros);
  view["updated_at"] = format_rfc3339(client.updated_at, Fraction::micros);
  return view;
}

OrderedJson registration_view(const RegisteredClient& registered) {
  const Client& client = registered.client;
  OrderedJson view;
  view["client_id"] = client.id;
  if (!registered.client_secret.empty())
    view["client_secret"] = std::string(registered.client_secret.expose());
  view["client_name"] = client.name;
  view["redirect_uris"] = array_of(client.redirect_uris);
  view["grant_types"] = array_of(client.grant_types);
  view["response_types"] = array_of(client.response_types);
  view["token_endpoint_auth_method"] = to_string(client.token_endpoint_auth_method);
  view["scope"] = client.scope;
  view["status"] = to_string(client.status);
  view["registration_source"] = to_string(client.registration_source);
  view["agent"] = client.is_agent;
  view["agent_description"] = client.agent_description;
  view["issued_at"] = format_rfc3339(client.issued_at);
  return view;
}

OrderedJson view_of(const User& user) {
  OrderedJson view;
  view["id"] = user.id;
  view["email"] = user.email;
  view["name"] = user.name;
  view["role"] = to_string(user.role);
  view["status"] = to_string(user.status);
  view["provider"] = user.provider;
  view["created_at"] = format_rfc3339(user.created_at, Fraction::micros);
  return view;
}

OrderedJson view_of(const Resource& resource) {
  OrderedJson scopes = OrderedJson::array();
  for (const ResourceScope& scope : resource.scopes) scopes.push_back(scope_view(scope));
  OrderedJson view;
  view["id"] = resource.id;
  view["slug"] = resource.slug;
  view["uri"] = resource.uri;
  view["backend_kind"] = to_string(resource.backend_kind);
  view["broker_provider_id"] = resource.broker_provider_id;
  view["display_name"] = resource.display_name;
  view["scopes"] = std::move(scopes);
  view["policy"] = policy_view(resource);
  view["created_at"] = format_rfc3339(resource.created_at);
  view["updated_at"] = format_rfc3339(resource.updated_at);
  return view;
}

OrderedJson view_of(const Issuance& issuance) {
  OrderedJson view;
  view["id"] = issuance.id.text();
  view["jti"] = issuance.jti();
  view["subject_user_id"] = issuance.subject_user_id;
  view["client_id"] = issuance.client_id;
  view["resource_id"] = issuance.resource_id;
  view["scopes"] = array_of(issuance.scopes.tokens());
  view["backend_kind"] = to_string(issuance.backend_kind);
  view["revocable"] = issuance.revocable;
  view["issued_at"] = format_rfc3339(issuance.issued_at);
  view["expires_at"] = format_rfc3339(issuance.expires_at);
  if (issuance.revoked_at) view["revoked_at"] = format_rfc3339(*issuance.revoked_at);
  if (!issuance.dpop_jkt.empty()) view["dpop_jkt"] = issuance.dpop_jkt;
  if (!issuance.agent_id.empty()) view["agent_id"] = issuance.agent_id;
  view["agent_chain"] = array_of(issuance.agent_chain);
  if (!issuance.consent_client_id.empty()) view["consent_client_id"] = issuance.consent_client_id;
  if (issuance.parent_jti) view["parent_jti"] = issuance.parent_jti->text();
  return view;
}

OrderedJson view_of(const IssuanceList& list) {
  OrderedJson rows = OrderedJson::array();
  for (const Issuance& issuance : list.issuances) rows.push_back(view_of(issuance));
  OrderedJson view;
  view["count"] = rows.size();
  view["since"] = list.since ? format_rfc3339(*list.since) : "0001-01-01T00:00:00Z";
  view["issuances"] = std::move(rows);
  return view;
}

OrderedJson view_of(const TokenList& list) {
  OrderedJson rows = OrderedJson::array();
  for (const TokenFamily& family : list.families) rows.push_back(token_row(family));
  for (const MachineToken& token : list.machine_tokens) rows.push_back(token_row(token));
  OrderedJson view;
  view["tokens"] = std::move(rows);
  view["total"] = list.total;
  return view;
}

OrderedJson view_of(const ConsentGrant& grant) {
  OrderedJson view;
  view["id"] = grant.id;
  view["user_id"] = grant.user_id;
  view["client_id"] = grant.client_id;
  view["resource_id"] = grant.resource_id;
  view["scopes"] = array_of(grant.scopes.tokens());
  view["created_at"] = format_rfc3339(grant.created_at);
  view["updated_at"] = format_rfc3339(grant.updated_at);
  if (grant.revoked_at) view["revoked_at"] = format_rfc3339(*grant.revoked_at);
  return view;
}

OrderedJson view_of(const BrokerGrant& grant) {
  OrderedJson view;
  view["id"] = grant.id;
  view["user_id"] = grant.user_id;
  view["broker_provider_id"] = grant.provider_id;
  view["scopes_granted"] = array_of(grant.scopes_granted.tokens());
  view["version"] = grant.version;
  view["enc_backend"] = grant.enc_backend;
  view["created_at"] = format_rfc3339(grant.created_at);
  view["updated_at"] = format_rfc3339(grant.updated_at);
  if (grant.revoked_at) view["revoked_at"] = format_rfc3339(*grant.revoked_at);
  return view;
}

OrderedJson user_grants_view(const std::vector<ConsentGrant>& consent,
                             const std::vector<BrokerGrant>& accounts) {
  OrderedJson view;
  view["consent_grants"] = OrderedJson::array();
  for (const ConsentGrant& grant : consent) view["consent_grants"].push_back(view_of(grant));
  view["broker_grants"] = OrderedJson::array();
  for (const BrokerGrant& grant : accounts) view["broker_grants"].push_back(view_of(grant));
  return view;
}

OrderedJson view_of(const FrontingLink& link) {
  OrderedJson view;
  view["source_slug"] = link.source_slug;
  view["target_slug"] = link.target_slug;
  view["scope_map"] = OrderedJson::object();
  for (const auto& [from, to] : link.scope_map) view["scope_map"][from] = array_of(to);
  view["created_at"] = format_rfc3339(link.created_at);
  view["created_by"] = link.created_by;
  return view;
}

OrderedJson view_of(const std::vector<FrontingLink>& links) {
  OrderedJson views = OrderedJson::array();
  for (const FrontingLink& link : links) views.push_back(view_of(link));
  return views;
}

OrderedJson view_of(const BrokerProvider& provider) {
  OrderedJson view;
  view["id"] = provider.id;
  view["slug"] = provider.slug;
  view["display_name"] = provider.display_name;
  view["protocol"] = to_string(provider.protocol);
  view["config_data"] = OrderedJson::parse(provider.config_data, nullptr, /*allow_exceptions=*/false);
  view["created_at"] = format_rfc3339(provider.created_at);
  view["updated_at"] = format_rfc3339(provider.updated_at);
  return view;
}

std::string provider_json(const BrokerProvider& provider) {
  std::string text;
  JsonObjectWriter(text)
      .string("id", provider.id)
      .string("slug", provider.slug)
      .string("display_name", provider.display_name)
      .string("protocol", to_string(provider.protocol))
      .raw("config_data", provider.config_data)
      .string("created_at", format_rfc3339(provider.created_at))
      .string("updated_at", format_rfc3339(provider.updated_at))
      .finish();
  return text;
}

OrderedJson view_of(const AuditEvent& event) {
  OrderedJson view;
  view["id"] = event.id.text();
  view["action"] = event.action;
  view["actor_id"] = event.actor_id;
  view["client_id"] = event.client_id;
  view["ip"] = event.ip;
  view["detail"] = event.detail;
  view["trace_id"] = event.trace_id;
  view["created_at"] = format_rfc3339(event.created_at);
  return view;
}

OrderedJson view_of(const KeyView& key) {
  OrderedJson view;
  view["kid"] = key.kid;
  view["alg"] = to_string(key.algorithm);
  view["use"] = "sig";
  view["status"] = key.current ? "current" : "previous";
  return view;
}

}  // namespace authplane::authserver
