#include "authserver/http/documents.h"

#include <limits>
#include <optional>

#include <nlohmann/json.hpp>

#include <authplane/base/url.h>
#include <authplane/dpop/proof.h>
#include <authplane/jose/jwks.h>
#include <authplane/json/json.h>

#include "authserver/domain/issuance.h"
#include "authserver/http/oauth_error.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

HttpResponse cacheable(std::string body) {
  HttpResponse response = json_response(200, std::move(body));
  response.headers.add("Cache-Control", "public, max-age=300");
  return response;
}

HttpResponse unavailable() {
  return oauth_error_response(
      {OAuthErrorCode::temporarily_unavailable, "the server cannot read its storage now"});
}

// The name of a resource behind the well-known prefix: path and query of its URI without the leading slash. A
// URI without a path has a name only at the issuer's own origin.
std::optional<std::string> path_name(const Resource& resource, std::string_view issuer) {
  const auto url = Url::parse(resource.uri);
  if (!url) return std::nullopt;
  std::string name = url->request_target().substr(1);
  if (!name.empty()) return name;
  const auto issuer_url = Url::parse(issuer);
  if (!issuer_url || issuer_url->origin() != url->origin()) return std::nullopt;
  return name;
}

// A second resource under the same name makes the name useless.
void add_name(Documents& documents, std::string name, const std::shared_ptr<const std::string>& document) {
  const auto [it, added] = documents.protected_resources.emplace(std::move(name), document);
  if (!added && it->second != document) it->second = nullptr;
}

void add_endpoints(OrderedJson& document, const MetadataFacts& facts) {
  const auto endpoint = [&](const char* member, const char* path) { document[member] = facts.issuer + path; };
  if (facts.authorization_endpoint) endpoint("authorization_endpoint", "/oauth/authorize");
  endpoint("token_endpoint", "/oauth/token");
  if (facts.registration_endpoint) endpoint("registration_endpoint", "/oauth/register");
  if (facts.revocation_endpoint) endpoint("revocation_endpoint", "/oauth/revoke");
  if (facts.introspection_endpoint) endpoint("introspection_endpoint", "/oauth/introspect");
  endpoint("jwks_uri", "/.well-known/jwks.json");
}

OrderedJson grant_types(const MetadataFacts& facts) {
  OrderedJson names = OrderedJson::array();
  const auto add = [&](bool served, GrantKind grant) {
    if (served) names.push_back(to_string(grant));
  };
  add(facts.authorization_code, GrantKind::authorization_code);
  add(facts.refresh_token, GrantKind::refresh_token);
  add(facts.client_credentials, GrantKind::client_credentials);
  add(facts.token_exchange, GrantKind::token_exchange);
  add(facts.jwt_bearer, GrantKind::jwt_bearer);
  return names;
}

void add_authentication_methods(OrderedJson& document, const MetadataFacts& facts) {
  const OrderedJson confidential = OrderedJson::array({"client_secret_basic", "client_secret_post"});
  const OrderedJson any = OrderedJson::array({"none", "client_secret_basic", "client_secret_post"});
  const bool open_to_public_clients = facts.authorization_code || facts.refresh_token;
  document["token_endpoint_auth_methods_supported"] = open_to_public_clients ? any : confidential;
  if (facts.introspection_endpoint) document["introspection_endpoint_auth_methods_supported"] = confidential;
  if (facts.revocation_endpoint) document["revocation_endpoint_auth_methods_supported"] = any;
}

OrderedJson proof_algorithms() {
  OrderedJson names = OrderedJson::array();
  for (const JwsAlgorithm algorithm : dpop::default_algorithms()) names.push_back(to_string(algorithm));
  return names;
}

void add_protected_resources(Documents& documents, std::string_view issuer) {
  const Page everything{.limit = std::numeric_limits<std::size_t>::max(), .offset = 0};
  for (const ResourcePtr& resource : documents.catalog->list({}, everything)) {
    if (resource->uri.empty()) continue;
    const auto document = std::make_shared<const std::string>(protected_resource_document(*resource, issuer));
    if (auto name = path_name(*resource, issuer)) add_name(documents, std::move(*name), document);
    add_name(documents, resource->slug, document);
  }
}

}  // namespace

std::string metadata_document(const MetadataFacts& facts, const ScopeSet& scopes_supported) {
  OrderedJson document;
  document["issuer"] = facts.issuer;
  add_endpoints(document, facts);
  document["response_types_supported"] = OrderedJson::array({"code"});
  if (OrderedJson grants = grant_types(facts); !grants.empty())
    document["grant_types_supported"] = std::move(grants);
  add_authentication_methods(document, facts);
  if (facts.authorization_endpoint)
    document["code_challenge_methods_supported"] = OrderedJson::array({"S256"});
  if (!scopes_supported.empty()) document["scopes_supported"] = scopes_supported.tokens();
  document["resource_indicators_supported"] = true;
  if (facts.client_id_metadata_documents) document["client_id_metadata_document_supported"] = true;
  if (facts.authorization_endpoint) document["authorization_response_iss_parameter_supported"] = true;
  if (facts.dpop) document["dpop_signing_alg_values_supported"] = proof_algorithms();
  if (facts.agent_identity) document["authplane_agent_identity_supported"] = true;
  if (facts.jwt_bearer) {
    document["authorization_grant_profiles_supported"] =
        OrderedJson::array({"urn:ietf:params:oauth:grant-profile:id-jag"});
    document["identity_assertion_supported"] = true;
  }
  return to_json_text(document);
}

std::string jwks_document(const SigningKeySet& keys) {
  OrderedJson list = OrderedJson::array();
  for (const VerificationKey& key : keys.published) {
    list.push_back(OrderedJson(public_jwk(key.key, key.kid, key.algorithm)));
  }
  OrderedJson document;
  document["keys"] = std::move(list);
  return to_json_text(document);
}

std::string protected_resource_document(const Resource& resource, std::string_view issuer) {
  OrderedJson document;
  document["resource"] = resource.uri;
  document["authorization_servers"] = OrderedJson::array({std::string(issuer)});
  const ScopeSet scopes = resource.scope_names();
  if (!scopes.empty()) document["scopes_supported"] = scopes.tokens();
  document["bearer_methods_supported"] = OrderedJson::array({"header"});
  if (!resource.display_name.empty()) document["resource_name"] = resource.display_name;
  return to_json_text(document);
}

Outcome<std::shared_ptr<const Documents>> DocumentEndpoints::current() const {
  auto catalog = resources_.catalog();
  if (!catalog) return Err(catalog.error());
  SigningKeySetPtr keys = keys_.keys();
  {
    const MutexLock lock(mutex_);
    if (documents_ && documents_->keys == keys && documents_->catalog == *catalog) return documents_;
  }
  auto built = build(std::move(keys), std::move(*catalog));
  const MutexLock lock(mutex_);
  documents_ = built;
  return built;
}

std::shared_ptr<const Documents> DocumentEndpoints::build(
    SigningKeySetPtr keys, std::shared_ptr<const ResourceCatalog> catalog) const {
  auto built = std::make_shared<Documents>();
  built->metadata = metadata_document(facts_, catalog->scopes_supported());
  built->jwks = jwks_document(*keys);
  built->keys = std::move(keys);
  built->catalog = std::move(catalog);
  add_protected_resources(*built, facts_.issuer);
  return built;
}

HttpResponse DocumentEndpoints::metadata() const {
  const auto documents = current();
  return documents ? cacheable((*documents)->metadata) : unavailable();
}

// Needs no storage: verifiers must get the keys even while it is down.
HttpResponse DocumentEndpoints::jwks() const {
  const auto documents = current();
  return cacheable(documents ? (*documents)->jwks : jwks_document(*keys_.keys()));
}

HttpResponse DocumentEndpoints::protected_resource(std::string_view ref, std::string_view query) const {
  const auto documents = current();
  if (!documents) return unavailable();
  const auto& names = (*documents)->protected_resources;
  auto found = query.empty() ? names.end() : names.find(std::string(ref) + "?" + std::string(query));
  if (found == names.end()) found = names.find(std::string(ref));
  if (found == names.end() || !found->second)
    return oauth_error_response(
        {OAuthErrorCode::not_found, "no resource is registered here under that name"});
  return cacheable(*found->second);
}

}  // namespace authplane::authserver
