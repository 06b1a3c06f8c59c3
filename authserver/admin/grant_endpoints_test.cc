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

TEST_F(GrantEndpointsTest, GrantNobodyGaveIs404) {
  expect_problem(call("DELETE", "/admin/grants/consent/nothing"), 404, "consent grant not found");
  EXPECT_TRUE(audit_rows().empty());
}

}  // namespace
}  // namespace authplane::authserver
