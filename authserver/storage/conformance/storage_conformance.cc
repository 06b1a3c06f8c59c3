#include "authserver/storage/conformance/conformance.h"

#include <chrono>
#include <utility>

namespace authplane::authserver {

Client StorageConformance::make_client(std::string id) {
  Client client;
  client.id = std::move(id);
  client.secret_hash = "hash-of-" + client.id;
  client.name = "A client, \"quoted\" and \xC3\xA4";
  client.redirect_uris = {"https://app.example/cb", "http://127.0.0.1/cb"};
  client.grant_types = {"client_credentials", "authorization_code"};
  client.response_types = {"code"};
  client.token_endpoint_auth_method = ClientAuthMethod::client_secret_basic;
  client.scope = "mcp:echo  mcp:add";
  client.agent_description = "agent";
  client.is_agent = true;
  client.issued_at = clock_.now();
  client.updated_at = clock_.now();
  return client;
}

Resource StorageConformance::make_resource(std::string slug, std::string uri) {
  Resource resource;
  resource.id = ids_.opaque();
  resource.slug = std::move(slug);
  resource.uri = std::move(uri);
  resource.display_name = "Demo";
  resource.scopes = {{"mcp:echo", "echo tool", ""}, {"mcp:add", "", "up"}};
  resource.policy = {{"client-a"}, {"client-b"}, {"https://app.example/back"}};
  resource.created_at = clock_.now();
  resource.updated_at = clock_.now();
  return resource;
}

Issuance StorageConformance::make_issuance(std::string client_id) {
  Issuance issuance;
  issuance.id = ids_.next();
  issuance.client_id = std::move(client_id);
  issuance.scopes = ScopeSet::split("mcp:echo mcp:add");
  issuance.issued_at = now_seconds();
  issuance.expires_at = now_seconds() + std::chrono::hours(1);
  return issuance;
}

AuditEvent StorageConformance::make_event(std::string action) {
  AuditEvent event;
  event.id = ids_.next();
  event.action = std::move(action);
  event.actor_id = "admin";
  event.client_id = "client-1";
  event.ip = "192.0.2.1";
  event.detail = "jti=1 scopes=\"a b\"";
  event.trace_id = "0123456789abcdef0123456789abcdef";
  event.created_at = clock_.now();
  return event;
}

Client StorageConformance::stored_client(const std::string& id) {
  Client client = make_client(id);
  EXPECT_TRUE(clients().insert(client));
  return client;
}

Resource StorageConformance::stored_resource(const std::string& slug) {
  Resource resource = make_resource(slug, "https://" + slug + ".example/mcp");
  EXPECT_TRUE(resources().insert(resource));
  return resource;
}

Issuance StorageConformance::stored_issuance(const Issuance& issuance) {
  const auto stored = issuances().append(issuance, make_event("client_credentials.issued"));
  EXPECT_TRUE(stored) << (stored ? "" : stored.error().detail);
  return issuance;
}

TEST_P(StorageConformance, PingAnswers) {
  EXPECT_TRUE(opened_.storage->ping());
}

TEST_P(StorageConformance, SettingsAreAbsentUntilSetAndThenReplaced) {
  SettingsStore& settings = opened_.storage->settings();
  EXPECT_EQ(settings.get("dcr_mode").value(), std::nullopt);
  ASSERT_TRUE(settings.set("dcr_mode", "open", clock_.now()));
  ASSERT_TRUE(settings.set("dcr_mode", "admin_only", clock_.now()));
  EXPECT_EQ(settings.get("dcr_mode").value(), "admin_only");
  EXPECT_EQ(settings.get("other").value(), std::nullopt);
}

TEST_P(StorageConformance, StatsCountClientsAndTheTokensSinceAMoment) {
  stored_client("client-1");
  stored_client("client-2");
  ASSERT_TRUE(clients().transition("client-2", ClientStatus::suspended, clock_.now()));
  const Issuance early = stored_issuance(make_issuance("client-1"));
  clock_.advance(std::chrono::hours(2));
  const WallTime since = clock_.now();
  stored_issuance(make_issuance("client-1"));
  stored_issuance(make_issuance("client-1"));
  ASSERT_TRUE(issuances().revoke(early.id, clock_.now()));

  const Stats stats = opened_.storage->stats().stats(since).value();
  EXPECT_EQ(stats.clients, 2U);
  EXPECT_EQ(stats.active_clients, 1U);
  EXPECT_EQ(stats.tokens_issued, 2U);
  EXPECT_EQ(stats.tokens_revoked, 1U);
  EXPECT_EQ(opened_.storage->stats().stats(since + std::chrono::hours(1)).value().tokens_issued, 0U);
}

}  // namespace authplane::authserver
