#include "authserver/storage/conformance/conformance.h"

namespace authplane::authserver {

FrontingLink StorageConformance::make_link(const Resource& source, const Resource& target) {
  return {.source_slug = source.slug,
          .target_slug = target.slug,
          .scope_map = {{"mcp:echo", {"mcp:add", "mcp:echo"}}},
          .created_at = clock_.now(),
          .created_by = "cli"};
}

BrokerProvider StorageConformance::make_provider(std::string slug) {
  BrokerProvider provider;
  provider.id = ids_.opaque();
  provider.slug = std::move(slug);
  provider.display_name = "A provider, \"quoted\" and \xC3\xA4";
  provider.protocol = BrokerProtocol::service_account;
  provider.config_data = R"({ "token_url" : "https://provider.example/token" })";
  provider.sealed_secrets = std::string("\x02\0sealed\xFF", 9);
  provider.enc_backend = "aes_master";
  provider.created_at = provider.updated_at = clock_.now();
  return provider;
}

BrokerGrant StorageConformance::make_broker_grant(std::string user_id, std::string provider_id) {
  BrokerGrant grant;
  grant.id = ids_.opaque();
  grant.user_id = std::move(user_id);
  grant.provider_id = std::move(provider_id);
  grant.scopes_granted = ScopeSet::split("repo read:user");
  grant.credential = std::string("\x02\0of ", 5) + grant.id + "\xFF";
  grant.enc_backend = "aes_master";
  grant.created_at = grant.updated_at = clock_.now();
  return grant;
}

PendingConnect StorageConformance::make_pending(std::string user_id, std::string provider_id) {
  return {.id = ids_.opaque(),
          .user_id = std::move(user_id),
          .provider_id = std::move(provider_id),
          .resource_id = "resource-1",
          .code_verifier = std::string("\x02\0verifier", 10),
          .return_url = "http://127.0.0.1:4711/back?x=1",
          .scopes = ScopeSet::split("repo read:user"),
          .expires_at = clock_.now() + std::chrono::minutes(10)};
}

TrustedIdp StorageConformance::make_idp(std::string issuer) {
  return {.id = ids_.opaque(),
          .name = "An identity provider",
          .issuer = std::move(issuer),
          .jwks_uri = "https://idp.example/keys",
          .audience = "https://auth.example",
          .enabled = true,
          .created_at = clock_.now(),
          .updated_at = clock_.now()};
}

XaaPolicy StorageConformance::make_policy(std::string idp_id) {
  return {.id = ids_.opaque(),
          .name = "A policy",
          .idp_id = std::move(idp_id),
          .client_ids = {"client-1", "client-2"},
          .scopes = ScopeSet::split("mcp:echo mcp:add"),
          .resources = {"https://demo.example/mcp"},
          .enabled = true,
          .created_at = clock_.now(),
          .updated_at = clock_.now()};
}

SubjectMapping StorageConformance::make_mapping(std::string idp_id, std::string subject,
                                                std::string user_id) {
  return {.id = ids_.opaque(),
          .idp_id = std::move(idp_id),
          .idp_subject = std::move(subject),
          .local_user_id = std::move(user_id),
          .created_at = clock_.now()};
}

Issuance StorageConformance::make_exchanged(const Issuance& parent, std::string client_id,
                                            const Resource* resource) {
  Issuance row = make_issuance(std::move(client_id));
  row.grant = GrantKind::token_exchange;
  row.subject_user_id = parent.subject_user_id;
  row.parent_jti = parent.id;
  if (resource != nullptr) row.resource_id = resource->id;
  return row;
}

NewIssuance StorageConformance::make_exchange(const Issuance& parent, std::string client_id,
                                              const Resource* resource, const ConsentGrant* consent) {
  NewIssuance out{make_exchanged(parent, std::move(client_id), resource), make_event("token.exchanged")};
  out.exchange.emplace();
  if (consent != nullptr) {
    out.row.consent_client_id = consent->client_id;
    out.exchange->consent_grant_id = consent->id;
    out.exchange->consented_scopes = out.row.scopes;
  }
  return out;
}

BrokerProvider StorageConformance::stored_provider(const std::string& slug) {
  BrokerProvider provider = make_provider(slug);
  EXPECT_TRUE(broker_providers().insert(provider));
  return provider;
}

BrokerGrant StorageConformance::stored_broker_grant(const std::string& user_id,
                                                    const std::string& provider_id) {
  return broker_grants().connect(make_broker_grant(user_id, provider_id)).value();
}

TrustedIdp StorageConformance::stored_idp(const std::string& issuer) {
  TrustedIdp idp = make_idp(issuer);
  EXPECT_TRUE(xaa().insert_idp(idp));
  return idp;
}

}  // namespace authplane::authserver
