#include <gtest/gtest.h>

#include "authserver/admin/test_admin.h"

namespace authplane::authserver {
namespace {

using GrantEndpointsTest = AdminTest;

TEST_F(GrantEndpointsTest, ListShowsWhatAUserAllowed) {
  const std::string user = create_user();
  const std::string path = "/admin/users/" + user + "/grants";
  EXPECT_EQ(call("GET", path).body, R"({"consent_grants":[],"broker_grants":[]})");
  const ConsentGrant grant = sign_in(create_client(), user, create_resource()).grant;
  sign_in(grant.client_id, create_user("bob@example.com"), grant.resource_id);
  EXPECT_EQ(call("GET", path).body, R"({"consent_grants":[{"id":")" + grant.id + R"(","user_id":")" + user +
                                        R"(","client_id":")" + grant.client_id + R"(","resource_id":")" +
                                        grant.resource_id +
                                        R"(","scopes":["mcp:echo"],"created_at":"2026-01-01T00:00:00Z",)"
                                        R"("updated_at":"2026-01-01T00:00:00Z"}],"broker_grants":[]})");
  expect_problem(call("GET", "/admin/users/nobody/grants"), 404, "user not found");
}

TEST_F(GrantEndpointsTest, RevokedConsentTakesItsTokensAlongAndStaysAsHistory) {
  const std::string client = create_client(), other = create_client();
  const std::string user = create_user(), resource = create_resource();
  const Session first = sign_in(client, user, resource);
  const Session second = sign_in(client, user, resource);
  const Session unrelated = sign_in(other, user, resource);
  ASSERT_EQ(first.grant.id, second.grant.id);
  clock.advance(std::chrono::seconds(5));
  const std::string path = "/admin/grants/consent/" + first.grant.id;
  EXPECT_EQ(call("DELETE", path).status, 204);
  EXPECT_FALSE(is_live(first.access));
  EXPECT_FALSE(is_live(second.access));
  EXPECT_TRUE(is_live(unrelated.access));
  EXPECT_FALSE(storage.families().get(first.family.id).value().is_active());
  EXPECT_TRUE(storage.families().get(unrelated.family.id).value().is_active());
  EXPECT_EQ(last_audit().action, "consent_grant.revoked_admin");
  EXPECT_EQ(last_audit().client_id, client);
  EXPECT_EQ(last_audit().detail, "id=" + first.grant.id + " user_id=" + user + " client_id=" + client +
                                     " resource_id=" + resource + " revoked_issuances=2 revoked_families=2");

  const Json grants = json_of(call("GET", "/admin/users/" + user + "/grants"))["consent_grants"];
  ASSERT_EQ(grants.size(), 2u);
  for (const Json& grant : grants) {
    if (grant["id"] == first.grant.id) {
      EXPECT_EQ(grant["revoked_at"], "2026-01-01T00:00:05Z");
    } else {
      EXPECT_FALSE(grant.contains("revoked_at"));
    }
  }
  EXPECT_EQ(call("DELETE", path).status, 204);
}

// --- connected accounts

class BrokerGrantEndpointsTest : public AdminTest {
 protected:
  BrokerGrantEndpointsTest() : user(create_user()), provider_id(create_provider()) {
    storage.broker_grants()
        .connect({.id = "grant-1",
                  .user_id = user,
                  .provider_id = provider_id,
                  .scopes_granted = ScopeSet::split("repo read:user"),
                  .credential = "canary-credential",
                  .enc_backend = "aes_master",
                  .created_at = clock.now(),
                  .updated_at = clock.now(),
                  .revoked_at = {}})
        .value();
  }
  std::string grants() { return call("GET", "/admin/users/" + user + "/grants").body; }

  const std::string user, provider_id;
};

TEST_F(BrokerGrantEndpointsTest, ListShowsConnectedAccountsWithoutTheirCredentials) {
  EXPECT_EQ(grants(), R"({"consent_grants":[],"broker_grants":[{"id":"grant-1","user_id":")" + user +
                          R"(","broker_provider_id":")" + provider_id +
                          R"(","scopes_granted":["repo","read:user"],"version":1,"enc_backend":"aes_master",)"
                          R"("created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}]})");
  for (const char* hidden : {"credential_data", "credential", "canary"}) {
    EXPECT_EQ(grants().find(hidden), std::string::npos);
  }
}

TEST_F(BrokerGrantEndpointsTest, RevokedAccountStaysAsHistoryAndIsAuditedOnce) {
  clock.advance(std::chrono::seconds(5));
  EXPECT_EQ(call("DELETE", "/admin/grants/broker/grant-1").status, 204);
  EXPECT_EQ(last_audit().action, "broker_grant.revoked_admin");
  EXPECT_EQ(last_audit().detail, "id=grant-1 user_id=" + user + " broker_provider_id=" + provider_id);
  const std::size_t rows = audit_rows().size();
  clock.advance(std::chrono::seconds(5));
  EXPECT_EQ(call("DELETE", "/admin/grants/broker/grant-1").status, 204);
  EXPECT_EQ(audit_rows().size(), rows);
  const Json accounts = parse_json(grants()).value()["broker_grants"];
  ASSERT_EQ(accounts.size(), 1u);
  EXPECT_EQ(accounts[0]["revoked_at"], "2026-01-01T00:00:05Z");
  EXPECT_EQ(grants().find("canary"), std::string::npos);
  expect_problem(call("DELETE", "/admin/grants/broker/nothing"), 404, "");
}

TEST_F(GrantEndpointsTest, GrantNobodyGaveIs404) {
  expect_problem(call("DELETE", "/admin/grants/consent/nothing"), 404, "consent grant not found");
  EXPECT_TRUE(audit_rows().empty());
}

}  // namespace
}  // namespace authplane::authserver
