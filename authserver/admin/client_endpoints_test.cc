#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/admin/test_admin.h"
#include "authserver/domain/client_authenticator.h"

namespace authplane::authserver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ClientEndpointsTest : public AdminTest {
 protected:
  bool authenticates(const std::string& id, const std::string& secret) {
    return ClientAuthenticator(storage.clients(), pepper).authenticate_confidential(id, secret).has_value();
  }
  HttpResponse create_with(const std::string& members) const {
    return call("POST", "/admin/clients",
                R"({"client_name":"x","redirect_uris":["https://app.example/cb"],)" + members + "}");
  }
};

TEST_F(ClientEndpointsTest, RegistrationAnswersIdAndOneTimeSecret) {
  const HttpResponse response = call("POST", "/admin/clients", client_body());
  ASSERT_EQ(response.status, 201) << response.body;
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  const Json body = json_of(response);
  const std::string id = body["client_id"];
  const std::string secret = body["client_secret"];
  EXPECT_EQ(response.body,
            R"({"client_id":")" + id + R"(","client_secret":")" + secret +
                R"(","client_name":"agent","redirect_uris":[],"grant_types":["client_credentials"],)"
                R"("response_types":["code"],"token_endpoint_auth_method":"client_secret_basic",)"
                R"("scope":"mcp:echo","status":"active","registration_source":"admin","agent":false,)"
                R"("agent_description":"","issued_at":"2026-01-01T00:00:00Z"})");
  EXPECT_EQ(id.size(), 22u);
  EXPECT_EQ(secret.size(), 43u);
  EXPECT_TRUE(authenticates(id, secret));
  EXPECT_EQ(last_audit().action, "client.created_admin");
  EXPECT_EQ(last_audit().client_id, id);
  EXPECT_EQ(last_audit().detail, "name=agent");

  const HttpResponse view = call("GET", "/admin/clients/" + id);
  EXPECT_EQ(view.status, 200);
  EXPECT_THAT(view.body, Not(HasSubstr(secret)));
  EXPECT_THAT(view.body, Not(HasSubstr("hmac")));
}

TEST_F(ClientEndpointsTest, PublicClientHasNoSecret) {
  const HttpResponse response = create_with(R"("agent":true,"agent_description":"d")");
  ASSERT_EQ(response.status, 201) << response.body;
  const Json body = json_of(response);
  EXPECT_FALSE(body.contains("client_secret"));
  EXPECT_EQ(body["grant_types"], Json::array({"authorization_code"}));
  EXPECT_EQ(body["token_endpoint_auth_method"], "none");
  EXPECT_EQ(body["agent"], true);
}

TEST_F(ClientEndpointsTest, ViewHasExactlyTheDocumentedMembers) {
  const std::string id = create_client();
  clock.advance(std::chrono::microseconds(1'500'000));
  EXPECT_EQ(call("GET", "/admin/clients/" + id).body,
            R"({"id":")" + id +
                R"(","name":"agent","redirect_uris":[],"grant_types":["client_credentials"],)"
                R"("response_types":["code"],)"
                R"("token_endpoint_auth_method":"client_secret_basic","scope":"mcp:echo","status":"active",)"
                R"("registration_source":"admin","agent":false,"agent_description":"","cimd_url":"",)"
                R"("issued_at":"2026-01-01T00:00:00.000000Z","updated_at":"2026-01-01T00:00:00.000000Z"})");
}

TEST_F(ClientEndpointsTest, EachBrokenRuleIs400AndNothingIsStored) {
  const std::string long_text(256, 'n');
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({})", "client_name is required"},
      {R"({"client_name":null})", "client_name is required"},
      {R"({"client_name":"  ","grant_types":["client_credentials"]})", "client_name must not be blank"},
      {R"({"client_name":")" + long_text + R"(","grant_types":["client_credentials"]})", "255"},
      {R"({"client_name":7})", "client_name must be a string"},
      {R"({"client_name":"x"})", "redirect_uris"},
      {R"({"client_name":"x","grant_types":["refresh_token"]})", "redirect_uris"},
      {R"({"client_name":"x","grant_types":["password"]})", "grant_types"},
      {R"({"client_name":"x","grant_types":[]})", "grant_types"},
      {R"({"client_name":"x","grant_types":"client_credentials"})", "grant_types must be an array"},
      {R"({"client_name":"x","grant_types":[1]})", "grant_types must be an array of strings"},
      {R"({"client_name":"x","grant_types":["client_credentials"],"response_types":["token"]})",
       "response_types"},
      {R"({"client_name":"x","grant_types":["client_credentials"],)"
       R"("token_endpoint_auth_method":"private_key_jwt"})",
       "token_endpoint_auth_method"},
      {R"({"client_name":"x","grant_types":["client_credentials"],"scope":"a\"b"})", "scope"},
      {R"({"client_name":"x","grant_types":["client_credentials"],"agent":"yes"})",
       "agent must be true or false"},
      {R"({"client_name":"x","grant_types":["client_credentials"],"agent_description":")" + long_text +
           R"("})",
       "255"},
      {R"({"client_name":"x","client_name":"y"})", "JSON"},
      {R"([])", "JSON"},
      {R"({"client_name":"x")", "JSON"},
      {"", "JSON"},
      {R"({"client_name":")" + std::string(1024 * 1024, 'n') + R"("})", "larger than"}};
  for (const auto& [body, detail] : cases) expect_problem(call("POST", "/admin/clients", body), 400, detail);
  EXPECT_EQ(json_of(call("GET", "/admin/clients")), Json::array());
  EXPECT_TRUE(audit_rows().empty());
}

TEST_F(ClientEndpointsTest, AllProblemsComeTogether) {
  const std::string detail =
      json_of(call("POST", "/admin/clients",
                   R"({"client_name":" ","grant_types":["password"],"response_types":["token"]})"))["detail"];
  EXPECT_THAT(detail, HasSubstr("client_name"));
  EXPECT_THAT(detail, HasSubstr("grant_types"));
  EXPECT_THAT(detail, HasSubstr("response_types"));
}

TEST_F(ClientEndpointsTest, RedirectUriRules) {
  const std::vector<std::pair<const char*, bool>> cases{{"https://app.example/cb?x=1", true},
                                                        {"http://localhost/cb", true},
                                                        {"http://127.0.0.1:8080/cb", true},
                                                        {"http://[::1]:8080/cb", true},
                                                        {"http://app.example/cb", false},
                                                        {"http://localhost.evil.example/cb", false},
                                                        {"https://app.example/cb#f", false},
                                                        {"https://user@app.example/cb", false},
                                                        {"javascript:alert(1)", false},
                                                        {"/relative", false},
                                                        {"https:///cb", false},
                                                        {"https://app.example/c b", false},
                                                        {"", false}};
  for (const auto& [uri, allowed] : cases) {
    const HttpResponse response = call(
        "POST", "/admin/clients", R"({"client_name":"x","redirect_uris":[")" + std::string(uri) + R"("]})");
    EXPECT_EQ(response.status, allowed ? 201 : 400) << uri;
  }
  std::string many = R"("https://app.example/cb")";
  for (int i = 0; i < 10; ++i) many += R"(,"https://app.example/cb")";
  expect_problem(call("POST", "/admin/clients", R"({"client_name":"x","redirect_uris":[)" + many + "]}"), 400,
                 "10");
}

TEST_F(ClientEndpointsTest, GrantThatIsSwitchedOffNamesItsSwitch) {
  config.grants = {.client_credentials = false, .token_exchange = false, .jwt_bearer = false};
  start();
  expect_problem(create_with(R"("grant_types":["client_credentials"])"), 400,
                 "AUTHPLANE_CLIENT_CREDENTIALS_ENABLED");
  expect_problem(create_with(R"("grant_types":["urn:ietf:params:oauth:grant-type:token-exchange"])"), 400,
                 "AUTHPLANE_TOKEN_EXCHANGE_ENABLED");
  expect_problem(create_with(R"("grant_types":["urn:ietf:params:oauth:grant-type:jwt-bearer"])"), 400,
                 "AUTHPLANE_XAA_ENABLED");
}

TEST_F(ClientEndpointsTest, UnknownMembersAreIgnored) {
  EXPECT_EQ(call("POST", "/admin/clients",
                 R"({"client_name":"x","grant_types":["client_credentials"],"logo_uri":1})")
                .status,
            201);
}

TEST_F(ClientEndpointsTest, ListFiltersAndPages) {
  const std::string first = create_client();
  clock.advance(std::chrono::seconds(1));
  const std::string second = create_client();
  call("PATCH", "/admin/clients/" + first + "/suspend");
  const auto listed = [&](const std::string& query) {
    std::vector<std::string> found;
    for (const Json& client : json_of(call("GET", "/admin/clients" + query))) found.push_back(client["id"]);
    return found;
  };
  using Ids = std::vector<std::string>;
  EXPECT_EQ(listed(""), (Ids{second, first}));
  EXPECT_EQ(listed("?status=suspended"), Ids{first});
  EXPECT_EQ(listed("?status=active&source=admin"), Ids{second});
  EXPECT_EQ(listed("?status=odd"), Ids{});
  EXPECT_EQ(listed("?source=odd"), Ids{});
  EXPECT_EQ(listed("?source=dcr"), Ids{});
  EXPECT_EQ(listed("?limit=1"), Ids{second});
  EXPECT_EQ(listed("?limit=1&offset=1"), Ids{first});
  EXPECT_EQ(listed("?limit=none&offset=none"), (Ids{second, first}));
  EXPECT_EQ(listed("?limit=-1"), (Ids{second, first}));
}

TEST_F(ClientEndpointsTest, PatchChangesOnlyWhatIsNamedAndChecksTheWhole) {
  const std::string id = create_client();
  clock.advance(std::chrono::seconds(5));
  const Json changed = json_of(call("PATCH", "/admin/clients/" + id, R"({"scope":"a b","agent":true})"));
  EXPECT_EQ(changed["scope"], "a b");
  EXPECT_EQ(changed["name"], "agent");
  EXPECT_EQ(changed["agent"], false);
  EXPECT_EQ(changed["updated_at"], "2026-01-01T00:00:05.000000Z");
  EXPECT_EQ(last_audit().action, "client.updated");
  EXPECT_EQ(last_audit().client_id, id);
  expect_problem(call("PATCH", "/admin/clients/" + id, R"({"grant_types":["authorization_code"]})"), 400,
                 "redirect_uris");
  expect_problem(call("PATCH", "/admin/clients/nobody", "{}"), 404, "");
}

TEST_F(ClientEndpointsTest, RotatedSecretReplacesTheOldOne) {
  const Json created = json_of(call("POST", "/admin/clients", client_body()));
  const std::string id = created["client_id"];
  const HttpResponse response = call("POST", "/admin/clients/" + id + "/rotate-secret");
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  const Json rotated = json_of(response);
  EXPECT_EQ(rotated.size(), 2u);
  EXPECT_EQ(rotated["client_id"], id);
  EXPECT_TRUE(authenticates(id, rotated["client_secret"]));
  EXPECT_FALSE(authenticates(id, created["client_secret"]));
  EXPECT_EQ(last_audit().action, "client.secret_rotated");

  const std::string public_id = json_of(create_with(R"("scope":"a")"))["client_id"];
  expect_problem(call("POST", "/admin/clients/" + public_id + "/rotate-secret"), 400, "");
  expect_problem(call("POST", "/admin/clients/nobody/rotate-secret"), 404, "");
}

TEST_F(ClientEndpointsTest, StatesChangeOnlyAlongTheirArrows) {
  const std::string path = "/admin/clients/" + create_client();
  expect_problem(call("PATCH", path + "/reactivate"), 409, "");
  EXPECT_EQ(call("PATCH", path + "/suspend").body, R"({"status":"suspended"})");
  EXPECT_EQ(last_audit().action, "client.suspended");
  expect_problem(call("PATCH", path + "/suspend"), 409, "");
  EXPECT_EQ(call("PATCH", path + "/reactivate").body, R"({"status":"active"})");
  EXPECT_EQ(call("PATCH", path + "/revoke").body, R"({"status":"revoked"})");
  EXPECT_EQ(last_audit().action, "client.revoked");
  EXPECT_EQ(call("PATCH", path + "/revoke").status, 200);
  expect_problem(call("PATCH", path + "/reactivate"), 409, "");
  expect_problem(call("PATCH", path + "/suspend"), 409, "");
  expect_problem(call("PATCH", "/admin/clients/nobody/suspend"), 404, "");
}

TEST_F(ClientEndpointsTest, RevokingAClientRevokesItsTokensAndSuspendingDoesNot) {
  const std::string client = create_client(), other = create_client();
  const std::string user = create_user(), resource = create_resource();
  const Session session = sign_in(client, user, resource);
  const Session foreign = sign_in(other, user, resource);
  ASSERT_EQ(call("PATCH", "/admin/clients/" + client + "/suspend").status, 200);
  EXPECT_TRUE(is_live(session.access));
  ASSERT_EQ(call("PATCH", "/admin/clients/" + client + "/revoke").status, 200);
  EXPECT_FALSE(is_live(session.access));
  EXPECT_FALSE(storage.families().get(session.family.id).value().is_active());
  EXPECT_TRUE(is_live(foreign.access));
  EXPECT_TRUE(storage.families().get(foreign.family.id).value().is_active());
}

TEST_F(ClientEndpointsTest, DeletingAClientWithLiveTokensNeedsForce) {
  const std::string id = issue("2026-01-01T00:00:00Z").client_id;
  expect_problem(call("DELETE", "/admin/clients/" + id), 409, "");
  expect_problem(call("DELETE", "/admin/clients/" + id + "?force=1"), 409, "");
  EXPECT_EQ(call("DELETE", "/admin/clients/" + id + "?force=true").status, 204);
  EXPECT_EQ(last_audit().action, "client.deleted");
  EXPECT_EQ(last_audit().detail, "force=true");
  expect_problem(call("GET", "/admin/clients/" + id), 404, "");
  expect_problem(call("DELETE", "/admin/clients/" + id), 404, "");
}

}  // namespace
}  // namespace authplane::authserver
