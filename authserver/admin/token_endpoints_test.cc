#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "authserver/admin/test_admin.h"

namespace authplane::authserver {
namespace {

class TokenEndpointsTest : public AdminTest {
 protected:
  std::vector<std::string> listed(const std::string& query) {
    std::vector<std::string> found;
    const Json list = json_of(call("GET", query));
    for (const Json& row : list["tokens"]) found.push_back(row["jti"]);
    return found;
  }
};
using Ids = std::vector<std::string>;

TEST_F(TokenEndpointsTest, ListShowsFamiliesThenMachineTokens) {
  EXPECT_EQ(call("GET", "/admin/tokens").body, R"({"tokens":[],"total":0})");
  const Issuance machine = issue("2026-01-01T00:00:00Z");
  const std::string user = create_user();
  const Session session = sign_in(create_client(), user, machine.resource_id);
  EXPECT_EQ(call("GET", "/admin/tokens").body,
            R"({"tokens":[{"jti":")" + session.family.id.text() +
                R"(","type":"authorization_code","client_id":")" + session.family.client_id +
                R"(","user_id":")" + user +
                R"(","scope":"mcp:echo","resource":"https://rs.example/mcp","status":"active",)"
                R"("created_at":"2026-01-01T00:00:00.000000Z"},{"jti":")" +
                machine.id.text() + R"(","type":"client_credentials","client_id":")" + machine.client_id +
                R"(","scope":"mcp:echo","resource":"https://rs.example/mcp","status":"active",)"
                R"("created_at":"2026-01-01T00:00:00Z","expires_at":"2026-01-01T01:00:00Z"}],"total":2})");
}

TEST_F(TokenEndpointsTest, ListFiltersAndPages) {
  const Issuance machine = issue("2026-01-01T00:00:00Z");
  const std::string client = create_client(), ada = create_user(), bob = create_user("bob@example.com");
  const std::string first = sign_in(client, ada, machine.resource_id).family.id.text();
  const std::string second = sign_in(machine.client_id, bob, machine.resource_id).family.id.text();
  const std::string m = machine.id.text();
  EXPECT_EQ(listed("/admin/tokens"), (Ids{second, first, m}));
  EXPECT_EQ(listed("/admin/tokens?client_id=" + machine.client_id), (Ids{second, m}));
  EXPECT_EQ(listed("/admin/tokens?client_id=" + client), Ids{first});
  EXPECT_EQ(listed("/admin/tokens?user_id=" + bob), Ids{second});
  EXPECT_EQ(listed("/admin/tokens?user_id=" + bob + "&client_id=" + client), Ids{});
  EXPECT_EQ(listed("/admin/tokens?client_id=nobody"), Ids{});
  EXPECT_EQ(listed("/admin/tokens?limit=1"), (Ids{second, m}));
  EXPECT_EQ(listed("/admin/tokens?limit=1&offset=1"), Ids{first});
  EXPECT_EQ(json_of(call("GET", "/admin/tokens?limit=1&offset=1"))["total"], 3);
  EXPECT_EQ(listed("/admin/tokens?limit=x&offset=-3"), (Ids{second, first, m}));
  EXPECT_EQ(listed("/admin/users/" + ada + "/tokens"), Ids{first});
  EXPECT_EQ(json_of(call("GET", "/admin/users/" + ada + "/tokens?limit=5&offset=1"))["total"], 1);
  expect_problem(call("GET", "/admin/users/nobody/tokens"), 404, "user not found");
}

TEST_F(TokenEndpointsTest, DeletedFamilyTakesItsTokensAlong) {
  const Session session = sign_in(create_client(), create_user(), create_resource());
  const std::string path = "/admin/tokens/" + session.family.id.text();
  EXPECT_EQ(call("DELETE", path).status, 204);
  EXPECT_FALSE(is_live(session.access));
  EXPECT_FALSE(storage.families().get(session.family.id).value().is_active());
  EXPECT_EQ(json_of(call("GET", "/admin/tokens"))["tokens"][0]["status"], "revoked");
  EXPECT_EQ(last_audit().action, "token.revoked");
  EXPECT_EQ(last_audit().actor_id, "admin");
  EXPECT_EQ(last_audit().client_id, session.family.client_id);
  EXPECT_EQ(last_audit().detail, "family=" + session.family.id.text());
  const auto rows = audit_rows().size();
  EXPECT_EQ(call("DELETE", path).status, 204);
  EXPECT_EQ(audit_rows().size(), rows);
  EXPECT_EQ(metrics.count("authserver_tokens_revoked_total{reason=explicit}"), 1);
}

TEST_F(TokenEndpointsTest, DeletedMachineTokenIsDead) {
  const Issuance machine = issue("2026-01-01T00:00:00Z");
  const std::string path = "/admin/tokens/" + machine.id.text();
  EXPECT_EQ(call("DELETE", path).status, 204);
  EXPECT_FALSE(is_live(machine));
  EXPECT_EQ(last_audit().detail, "machine_jti=" + machine.id.text());
  EXPECT_EQ(last_audit().client_id, machine.client_id);
  EXPECT_EQ(json_of(call("GET", "/admin/tokens"))["tokens"][0]["status"], "revoked");
  const auto rows = audit_rows().size();
  EXPECT_EQ(call("DELETE", path).status, 204);
  EXPECT_EQ(audit_rows().size(), rows);
  EXPECT_EQ(metrics.count("authserver_tokens_revoked_total{reason=explicit_machine}"), 1);
}

TEST_F(TokenEndpointsTest, AccessTokenOfAFamilyCanBeRevokedByItself) {
  const Session session = sign_in(create_client(), create_user(), create_resource());
  EXPECT_EQ(call("DELETE", "/admin/tokens/" + session.access.id.text()).status, 204);
  EXPECT_FALSE(is_live(session.access));
  EXPECT_TRUE(storage.families().get(session.family.id).value().is_active());
  EXPECT_EQ(last_audit().detail, "jti=" + session.access.id.text());
}

TEST_F(TokenEndpointsTest, TokenNobodyIssuedIs400) {
  issue("2026-01-01T00:00:00Z");
  for (const std::string& id : {std::string("nothing"), ids.next().text(), std::string(256, 'x')}) {
    expect_problem(call("DELETE", "/admin/tokens/" + id), 400, "no token has this id");
  }
  expect_problem(call("DELETE", "/admin/tokens/" + std::string(257, 'x')), 400, "");
}

TEST_F(TokenEndpointsTest, ForceLogoutRevokesTheFamiliesOfOneUser) {
  const std::string client = create_client(), resource = create_resource();
  const std::string ada = create_user(), bob = create_user("bob@example.com");
  const Session first = sign_in(client, ada, resource), second = sign_in(client, ada, resource);
  const Session other = sign_in(client, bob, resource);
  EXPECT_EQ(call("DELETE", "/admin/users/" + ada + "/tokens").body,
            R"({"user_id":")" + ada + R"(","tokens_revoked":2})");
  EXPECT_FALSE(is_live(first.access));
  EXPECT_FALSE(is_live(second.access));
  EXPECT_TRUE(is_live(other.access));
  EXPECT_EQ(last_audit().action, "user.force_logout");
  EXPECT_EQ(last_audit().detail, "user=" + ada + " revoked=2");
  EXPECT_EQ(json_of(call("DELETE", "/admin/users/" + ada + "/tokens"))["tokens_revoked"], 0);
  expect_problem(call("DELETE", "/admin/users/nobody/tokens"), 404, "user not found");
}

TEST_F(TokenEndpointsTest, ManyThatRevokeOneFamilyAtOnceAreAuditedOnce) {
  const Session session = sign_in(create_client(), create_user(), create_resource());
  const auto rows = audit_rows().size();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back(
        [&] { EXPECT_EQ(call("DELETE", "/admin/tokens/" + session.family.id.text()).status, 204); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(audit_rows().size(), rows + 1);
}

TEST_F(TokenEndpointsTest, StatsCountUsersAndTokensOfEveryKind) {
  issue("2026-01-01T00:00:00Z");
  const Session session = sign_in(create_client(), create_user(), create_resource("other"));
  call("DELETE", "/admin/tokens/" + session.family.id.text());
  EXPECT_EQ(call("GET", "/admin/stats").body,
            R"({"clients":2,"users":1,"active_tokens_24h":2,"revoked_tokens":1,"connections":0})");
}

}  // namespace
}  // namespace authplane::authserver
