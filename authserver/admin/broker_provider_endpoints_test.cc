#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/admin/test_admin.h"

namespace authplane::authserver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using BrokerProviderEndpointsTest = AdminTest;

const std::string kPath = "/admin/broker-providers";

std::string with_config(const std::string& config) {
  return R"({"slug":"github","display_name":"GitHub","protocol":"oauth","config_data":)" + config + "}";
}

TEST_F(BrokerProviderEndpointsTest, LifeOfAProvider) {
  EXPECT_EQ(call("GET", kPath).body, "[]");
  const HttpResponse created = call("POST", kPath, provider_body());
  EXPECT_EQ(created.status, 201);
  const std::string id = json_of(created)["id"];
  EXPECT_EQ(created.body, R"({"id":")" + id +
                              R"(","slug":"github","display_name":"GitHub","protocol":"oauth","config_data":)"
                              R"({"client_id":"Iv1.1","client_secret_ref":"CONNECTOR_GITHUB_SECRET"},)"
                              R"("created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"})");
  EXPECT_EQ(last_audit().action, "broker_provider.created");
  EXPECT_EQ(last_audit().actor_id, "admin");
  EXPECT_EQ(last_audit().detail, "id=" + id + " slug=github");
  EXPECT_EQ(call("GET", kPath + "/" + id).body, created.body);
  EXPECT_EQ(call("GET", kPath + "?slug=github").body, created.body);
  EXPECT_EQ(call("GET", kPath).body, "[" + created.body + "]");

  clock.advance(std::chrono::seconds(5));
  const Json patched =
      json_of(call("PATCH", kPath + "/" + id, R"({"slug":"GH","display_name":"Hub","protocol":"api_key"})"));
  EXPECT_EQ(patched["slug"], "gh");
  EXPECT_EQ(patched["display_name"], "Hub");
  EXPECT_EQ(patched["protocol"], "api_key");
  EXPECT_EQ(patched["config_data"]["client_id"], "Iv1.1");
  EXPECT_EQ(patched["created_at"], "2026-01-01T00:00:00Z");
  EXPECT_EQ(patched["updated_at"], "2026-01-01T00:00:05Z");
  EXPECT_EQ(last_audit().action, "broker_provider.patched");
  EXPECT_EQ(last_audit().detail, "id=" + id + " slug=gh fields=slug,display_name,protocol");

  EXPECT_EQ(call("DELETE", kPath + "/" + id).status, 204);
  EXPECT_EQ(last_audit().action, "broker_provider.deleted");
  EXPECT_EQ(last_audit().detail, "id=" + id);
  expect_problem(call("GET", kPath + "/" + id), 404, "broker provider");
  expect_problem(call("PATCH", kPath + "/" + id, "{}"), 404, "broker provider");
  expect_problem(call("DELETE", kPath + "/" + id), 404, "broker provider");
  expect_problem(call("GET", kPath + "?slug=github"), 404, "slug");
}

TEST_F(BrokerProviderEndpointsTest, ListIsOrderedBySlug) {
  create_provider("b");
  create_provider("a");
  const Json list = json_of(call("GET", kPath));
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0]["slug"], "a");
}

TEST_F(BrokerProviderEndpointsTest, ConfigDataIsKeptByteForByte) {
  const std::string sent =
      "{ \"b\" : 1.50,\t\"a\":[ ],\n \"n\":1e2, \"u\":\"\\u00e9\", \"d\":{\"x\": null } }";
  const HttpResponse created = call("POST", kPath, with_config(sent));
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_THAT(created.body, HasSubstr("\"config_data\":" + sent + ",\"created_at\""));
  const std::string id = json_of(created)["id"];
  EXPECT_THAT(call("GET", kPath + "/" + id).body, HasSubstr(sent));
  EXPECT_THAT(call("GET", kPath).body, HasSubstr(sent));
  const std::string other = "{\"z\" :0}";
  EXPECT_THAT(call("PATCH", kPath + "/" + id, R"({"config\u005fdata": )" + other + "}").body,
              HasSubstr("\"config_data\":" + other + ","));
}

TEST_F(BrokerProviderEndpointsTest, ConfigDataIsAnEmptyObjectByDefault) {
  const Json created =
      json_of(call("POST", kPath, R"({"slug":"x","display_name":"X","protocol":"service_account"})"));
  EXPECT_EQ(created["config_data"], Json::object());
}

TEST_F(BrokerProviderEndpointsTest, EmptyPatchWritesNothing) {
  const std::string path = kPath + "/" + create_provider();
  const std::size_t rows = audit_rows().size();
  clock.advance(std::chrono::seconds(5));
  EXPECT_EQ(json_of(call("PATCH", path, "{}"))["updated_at"], "2026-01-01T00:00:00Z");
  EXPECT_EQ(audit_rows().size(), rows);
}

TEST_F(BrokerProviderEndpointsTest, EachBrokenRuleIs400AndNothingIsStored) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({"display_name":"X","protocol":"oauth"})", "slug is required"},
      {R"({"slug":"x","protocol":"oauth"})", "display_name is required"},
      {R"({"slug":"x","display_name":"X"})", "protocol is required"},
      {R"({"slug":"-x","display_name":"X","protocol":"oauth"})", "slug must be"},
      {R"({"slug":"x","display_name":"","protocol":"oauth"})", "display_name must not be empty"},
      {R"({"slug":"x","display_name":")" + std::string(1025, 'x') + R"(","protocol":"oauth"})", "1024 bytes"},
      {R"({"slug":"x","display_name":"X","protocol":"OAuth"})", "protocol must be"},
      {R"({"slug":"x","display_name":"X","protocol":7})", "protocol must be a string"},
      {R"({"slug":"x","display_name":"X","protocol":"oauth","config_data":[]})",
       "config_data must be an object"},
      {R"({"slug":"x","display_name":"X","protocol":"oauth","config_data":"{}"})",
       "config_data must be an object"},
      {R"({"slug":"x","display_name":"X","protocol":"oauth","config_data":{"a":1,"a":2}})", "duplicate"},
      {R"({"slug":"x","display_name":"X","protocol":"oauth","id":"mine"})", "unknown member id"},
      {R"({"slug":"x","display_name":"X","protocol":"oauth","enc_secret_data":"x"})", "unknown member"},
      {R"({"slug":"x","display_name":"X","protocol":"oauth","config_data":{"client_secret":"canary"}})",
       "config_data.client_secret is a secret in clear text"},
      {R"({"slug":"x","display_name":"X","protocol":"oauth","config_data":{"API_Password":"canary"}})",
       "config_data.API_Password is a secret in clear text"},
      {R"({"slug":"x","display_name":"X","protocol":"oauth","config_data":{"x_secret":7}})",
       "config_data.x_secret must be a string"},
      {R"({"slug":"x","display_name":"X","protocol":"oauth","config_data":{"apiKey":"canary"}})",
       "config_data.apiKey is a secret in clear text"},
      {R"({"slug":"x","display_name":"X","protocol":"oauth","config_data":)"
       R"({"extra_auth_params":{"client_secret":"canary"}}})",
       "config_data.extra_auth_params.client_secret is a secret; secrets are taken at the top level"},
      {R"({"slug":"x","display_name":"X","protocol":"oauth","config_data":)"
       R"({"token_url":"https://user:canary@up.example/t"}})",
       "config_data.token_url is a URL with user information"},
      {R"({"slug":"x","display_name":"X","protocol":"oauth","config_data":{"client_secret":"canary",)"
       R"("client_secret_ref":"CONNECTOR_X"}})",
       "send one of them"},
      {"nonsense", "JSON"},
      {R"({"slug":")" + std::string(1024 * 1024, 'x') + R"("})", "larger than"}};
  for (const auto& [body, detail] : cases) {
    const HttpResponse response = call("POST", kPath, body);
    expect_problem(response, 400, detail);
    EXPECT_THAT(response.body, Not(HasSubstr("canary")));
  }
  EXPECT_EQ(call("GET", kPath).body, "[]");
  EXPECT_TRUE(audit_rows().empty());
  EXPECT_THAT(logger.text(), Not(HasSubstr("canary")));
}

TEST_F(BrokerProviderEndpointsTest, PatchKeepsTheRules) {
  create_provider("other");
  const std::string path = kPath + "/" + create_provider();
  expect_problem(call("POST", kPath, provider_body()), 409, "");
  expect_problem(call("PATCH", path, R"({"slug":"other"})"), 409, "");
  expect_problem(call("PATCH", path, R"({"slug":"no good"})"), 400, "slug");
  expect_problem(call("PATCH", path, R"({"display_name":""})"), 400, "display_name");
  expect_problem(call("PATCH", path, R"({"protocol":"saml"})"), 400, "protocol");
  expect_problem(call("PATCH", path, R"({"config_data":{"a_secret":"x"}})"), 400, "clear text");
  expect_problem(call("PATCH", path, R"({"created_at":"x"})"), 400, "unknown member");
  EXPECT_EQ(json_of(call("GET", path))["slug"], "github");
}

TEST_F(BrokerProviderEndpointsTest, EmptySecretMembersAreNoSecrets) {
  EXPECT_EQ(call("POST", kPath, with_config(R"({"client_secret":"","db_password":null})")).status, 201);
}

TEST_F(BrokerProviderEndpointsTest, ProviderInUseStays) {
  const std::string id = create_provider();
  const std::string resource = create_broker();
  expect_problem(call("DELETE", kPath + "/" + id), 409, "");
  EXPECT_EQ(call("DELETE", "/admin/resources/" + resource).status, 204);
  const std::string user = create_user();
  storage.broker_grants()
      .connect({.id = "g1",
                .user_id = user,
                .provider_id = id,
                .scopes_granted = {},
                .credential = "sealed",
                .enc_backend = "mirror",
                .created_at = clock.now(),
                .updated_at = clock.now(),
                .revoked_at = {}})
      .value();
  expect_problem(call("DELETE", kPath + "/" + id), 409, "");
  EXPECT_EQ(call("DELETE", "/admin/grants/broker/g1").status, 204);
  EXPECT_EQ(call("DELETE", kPath + "/" + id).status, 204);
}

// Seeds of other programs name such variables and never use the provider: only using it fails.
TEST_F(BrokerProviderEndpointsTest, ReferenceThatWillNotBeReadIsLoggedNotRefused) {
  for (const char* name : {"AUTHPLANE_ADMIN_API_KEY", "PATH", "CONNECTOR_", "CONNECTOR_lower", "CONNECTOR_1",
                           "xCONNECTOR_A", "CONNECTOR_A B", "CONNECTOR_A\\nX"}) {
    logger.clear();
    const std::string body = with_config(std::string(R"({"client_secret_ref":")") + name + R"("})");
    const HttpResponse created = call("POST", kPath, body);
    ASSERT_EQ(created.status, 201) << name;
    EXPECT_TRUE(logger.contains("names a variable that will not be read")) << name;
    call("DELETE", kPath + "/" + json_of(created)["id"].get<std::string>());
  }
  logger.clear();
  create_provider("a");
  EXPECT_EQ(call("POST", kPath,
                 R"({"slug":"b","display_name":"B","protocol":"oauth","config_data":)"
                 R"({"client_secret_env":"AUTHPLANE_VAULT_B2"}})")
                .status,
            201);
  EXPECT_FALSE(logger.contains("will not be read"));
}

// --- with data encryption

class SealedProvidersTest : public AdminTest {
 protected:
  SealedProvidersTest() {
    sealer = &mirror;
    start();
  }
  BrokerProvider stored() { return **storage.broker_providers().find_by_slug("github"); }
  std::string secrets() {
    const BrokerProvider row = stored();
    if (row.sealed_secrets.empty()) return "";
    return std::string(mirror.open(row.sealed_secrets, "provider:" + row.id).value().text.expose());
  }
};

TEST_F(SealedProvidersTest, InlineSecretsAreSealedAndNeverShown) {
  const HttpResponse created = call(
      "POST", kPath,
      with_config(
          R"({"client_id" : "Iv1.1", "client_secret":"canary-one","DB_PASSWORD": "canary-two","x":[1]})"));
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_THAT(created.body, HasSubstr(R"("config_data":{"client_id" : "Iv1.1","x":[1]},)"));
  EXPECT_EQ(secrets(), R"({"client_secret":"canary-one","DB_PASSWORD": "canary-two"})");
  EXPECT_EQ(stored().enc_backend, "mirror");
  const std::string id = json_of(created)["id"];
  std::string seen = created.body + call("GET", kPath + "/" + id).body + call("GET", kPath).body +
                     call("GET", kPath + "?slug=github").body + logger.text();
  for (const AuditEvent& row : audit_rows()) seen += row.detail;
  for (const char* hidden : {"canary", "yranac", "mirror", "sealed", "enc_"}) {
    EXPECT_THAT(seen, Not(HasSubstr(hidden)));
  }
}

TEST_F(SealedProvidersTest, PatchReplacesSecretsOnlyWhenItSpeaksOfThem) {
  call("POST", kPath, with_config(R"({"client_secret":"old","db_password":"db"})"));
  const std::string path = kPath + "/" + stored().id;
  ASSERT_EQ(call("PATCH", path, R"({"display_name":"Hub"})").status, 200);
  EXPECT_EQ(secrets(), R"({"client_secret":"old","db_password":"db"})");
  // What is not shown cannot be sent back.
  ASSERT_EQ(call("PATCH", path, R"({"config_data":{"client_id":"x"}})").status, 200);
  EXPECT_EQ(secrets(), R"({"client_secret":"old","db_password":"db"})");
  ASSERT_EQ(call("PATCH", path, R"({"config_data":{"client_secret":"new"}})").status, 200);
  EXPECT_EQ(secrets(), R"({"client_secret":"new"})");
  ASSERT_EQ(call("PATCH", path, R"({"config_data":{"client_secret_ref":"CONNECTOR_X"}})").status, 200);
  EXPECT_EQ(secrets(), "");
  EXPECT_EQ(stored().enc_backend, "");
  call("PATCH", path, R"({"config_data":{"client_secret":"again"}})");
  ASSERT_EQ(call("PATCH", path, R"({"config_data":{"client_secret":""}})").status, 200);
  EXPECT_EQ(secrets(), "");
}

TEST_F(SealedProvidersTest, SealedSecretIsNotSentToAnotherOrigin) {
  const std::string urls =
      R"("token_url":"https://up.example/token","revoke_url":"https://up.example/revoke")";
  call("POST", kPath, with_config(R"({"client_secret":"old",)" + urls + "}"));
  const std::string path = kPath + "/" + stored().id;
  const auto patch = [&](const std::string& members) {
    return call("PATCH", path, R"({"config_data":{)" + members + "}}");
  };
  for (const char* moved :
       {R"("token_url":"https://evil.example/token")", R"("token_url":"http://up.example/token")",
        R"("token_url":"https://up.example:8443/token")", R"("token_url":"nonsense")",
        R"("token_url":"https://up.example/token","revoke_url":"https://evil.example/revoke")"}) {
    expect_problem(patch(moved), 400, "send the client_secret or client_secret_ref for it again");
  }
  EXPECT_EQ(stored().config_data, "{" + urls + "}");
  // Nor in two steps.
  ASSERT_EQ(patch(R"("client_id":"x")").status, 200);
  expect_problem(patch(R"("token_url":"https://evil.example/token")"), 400, "another origin");
  EXPECT_EQ(secrets(), R"({"client_secret":"old"})");
  ASSERT_EQ(patch(R"("client_secret":"new",)" + urls).status, 200);
  ASSERT_EQ(patch(R"("token_url":"https://UP.example:443/other")").status, 200);
  EXPECT_EQ(secrets(), R"({"client_secret":"new"})");
  ASSERT_EQ(patch(R"("client_secret":"its own","token_url":"https://other.example/token")").status, 200);
  EXPECT_EQ(secrets(), R"({"client_secret":"its own"})");
  ASSERT_EQ(patch(R"("client_secret_ref":"CONNECTOR_X","token_url":"https://third.example/token")").status,
            200);
  EXPECT_EQ(secrets(), "");
}

TEST_F(SealedProvidersTest, SystemEndpointsNameTheDriver) {
  EXPECT_EQ(json_of(call("GET", "/admin/system/config"))["encryption"], Json({{"driver", "mirror"}}));
  EXPECT_EQ(json_of(call("GET", "/admin/system/status"))["subsystems"][2],
            Json({{"name", "encryption"}, {"status", "healthy"}, {"driver", "mirror"}}));
}

}  // namespace
}  // namespace authplane::authserver
