#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/admin/test_admin.h"
#include "authserver/xaa/scripted_idp.h"

namespace authplane::authserver {
namespace {

using ::testing::HasSubstr;

class XaaEndpointsTest : public AdminTest {
 protected:
  XaaEndpointsTest() {
    idp_keys = std::make_shared<IdpKeys>(
        IdpKeys::Options{}, IdpKeys::Deps{.transport = idp.network, .clock = clock, .logger = logger});
    start();
  }
  static std::string idp_body(const std::string& issuer = ScriptedIdp::kIssuer) {
    return R"({"name":"Example","issuer":")" + issuer + "\"}";
  }
  std::string create_idp() { return json_of(call("POST", "/admin/idps", idp_body()))["id"]; }
  HttpResponse create_policy(const std::string& idp_id, const std::string& members = "") {
    return call("POST", "/admin/xaa/policies", R"({"name":"p","idp_id":")" + idp_id + "\"" + members + "}");
  }
  HttpResponse create_mapping(const std::string& idp_id, const std::string& subject,
                              const std::string& user_id) {
    return call("POST", "/admin/xaa/subject-mappings",
                R"({"idp_id":")" + idp_id + R"(","idp_subject":")" + subject + R"(","local_user_id":")" +
                    user_id + "\"}");
  }

  ScriptedIdp idp{clock};
};

TEST_F(XaaEndpointsTest, ProviderHasExactlyTheDocumentedMembersAndItsKeysAreDiscovered) {
  const HttpResponse response = call("POST", "/admin/idps", idp_body());
  ASSERT_EQ(response.status, 201) << response.body;
  const std::string id = json_of(response)["id"];
  EXPECT_EQ(
      response.body,
      R"({"id":")" + id +
          R"(","name":"Example","issuer":"https://idp.example","jwks_uri":"https://idp.example/keys",)" +
          R"("audience":"https://as.example","enabled":true,)" +
          R"("created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"})");
  EXPECT_EQ(call("GET", "/admin/idps/" + id).body, response.body);
  EXPECT_EQ(call("GET", "/admin/idps").body, "[" + response.body + "]");
  EXPECT_EQ(last_audit().action, "idp.created");
  EXPECT_EQ(last_audit().detail, "id=" + id + " issuer=https://idp.example");
  EXPECT_EQ(metrics.count("authplane_xaa_idp_operations_total{op=register}"), 1);
}

TEST_F(XaaEndpointsTest, KeysAndAudienceMayBeGiven) {
  const Json body = json_of(call("POST", "/admin/idps",
                                 R"({"name":"n","issuer":"https://other.example","jwks_uri":)"
                                 R"("https://keys.example/a?b=c","audience":"https://as.example/x"})"));
  EXPECT_EQ(body["jwks_uri"], "https://keys.example/a?b=c");
  EXPECT_EQ(body["audience"], "https://as.example/x");
  EXPECT_TRUE(idp.network->requests().empty());
}

TEST_F(XaaEndpointsTest, AProviderThatCannotBeUsedIs400NamingItsIssuer) {
  expect_problem(call("POST", "/admin/idps", idp_body("https://nobody.example")), 400,
                 "https://nobody.example");
  idp.network->on_json("https://liar.example/.well-known/openid-configuration",
                       R"({"issuer":"https://idp.example","jwks_uri":"https://idp.example/keys"})");
  expect_problem(call("POST", "/admin/idps", idp_body("https://liar.example")), 400, "issuer mismatch");
  idp.network->on_json("https://plain.example/.well-known/openid-configuration",
                       R"({"issuer":"https://plain.example","jwks_uri":"http://plain.example/keys"})");
  expect_problem(call("POST", "/admin/idps", idp_body("https://plain.example")), 400, "https URL");
  EXPECT_EQ(call("GET", "/admin/idps").body, "[]");
}

TEST_F(XaaEndpointsTest, EachBrokenRuleOfAProviderIs400) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "JSON"},
      {"{}", "name is required"},
      {R"({"name":"n"})", "issuer is required"},
      {R"({"name":" ","issuer":"https://idp.example"})", "name must not be blank"},
      {R"({"name":")" + std::string(256, 'n') + R"(","issuer":"https://idp.example"})", "255 bytes"},
      {R"({"name":7,"issuer":"https://idp.example"})", "name must be a string"},
      {idp_body(""), "issuer must be"},
      {idp_body("idp.example"), "issuer must be"},
      {idp_body("http://idp.example"), "issuer must be"},
      {idp_body("https://user@idp.example"), "issuer must be"},
      {idp_body("https://idp.example/#f"), "issuer must be"},
      {idp_body("https://idp.example/" + std::string(2048, 'p')), "issuer must be"},
      {R"({"name":"n","issuer":"https://idp.example","jwks_uri":"file:///etc/passwd"})", "jwks_uri must be"},
      {R"({"name":"n","issuer":"https://idp.example","jwks_uri":"http://idp.example/keys"})",
       "jwks_uri must be"},
      {R"({"name":"n","issuer":"https://idp.example","audience":7})", "audience must be a string"}};
  for (const auto& [body, problem] : cases) expect_problem(call("POST", "/admin/idps", body), 400, problem);
  EXPECT_EQ(call("GET", "/admin/idps").body, "[]");
}

TEST_F(XaaEndpointsTest, AnIssuerIsRegisteredOnce) {
  create_idp();
  expect_problem(call("POST", "/admin/idps", idp_body()), 409, "registered already");
}

TEST_F(XaaEndpointsTest, NameAndSwitchOfAProviderCanBeChangedAndNothingElse) {
  const std::string id = create_idp();
  clock.advance(std::chrono::seconds(5));
  const Json changed = json_of(call("PUT", "/admin/idps/" + id,
                                    R"({"enabled":false,"issuer":"https://evil.example",)"
                                    R"("jwks_uri":"https://evil.example/keys","audience":"x"})"));
  EXPECT_EQ(changed["name"], "Example");
  EXPECT_EQ(changed["enabled"], false);
  EXPECT_EQ(changed["issuer"], ScriptedIdp::kIssuer);
  EXPECT_EQ(changed["jwks_uri"], idp.jwks_uri());
  EXPECT_EQ(changed["audience"], kIssuer);
  EXPECT_EQ(changed["created_at"], "2026-01-01T00:00:00Z");
  EXPECT_EQ(changed["updated_at"], "2026-01-01T00:00:05Z");
  EXPECT_EQ(last_audit().action, "idp.updated");
  EXPECT_EQ(last_audit().detail, "id=" + id + " fields=enabled");
  const std::size_t rows = audit_rows().size();
  EXPECT_EQ(call("PUT", "/admin/idps/" + id, "{}").status, 200);
  EXPECT_EQ(audit_rows().size(), rows);
  expect_problem(call("PUT", "/admin/idps/" + id, R"({"name":""})"), 400, "blank");
  expect_problem(call("PUT", "/admin/idps/" + id, R"({"enabled":"no"})"), 400, "enabled");
}

TEST_F(XaaEndpointsTest, ARemovedProviderTakesEverythingAlong) {
  const std::string id = create_idp();
  const std::string user = create_user();
  EXPECT_EQ(create_policy(id).status, 201);
  EXPECT_EQ(create_mapping(id, "u", user).status, 201);
  EXPECT_EQ(call("POST", "/admin/idps/" + id + "/refresh-keys").status, 200);
  EXPECT_TRUE(idp_keys->keys(id));
  EXPECT_EQ(call("DELETE", "/admin/idps/" + id).status, 204);
  EXPECT_EQ(last_audit().action, "idp.deleted");
  EXPECT_FALSE(idp_keys->keys(id));
  for (const char* path : {"/admin/idps", "/admin/xaa/policies", "/admin/xaa/subject-mappings"})
    EXPECT_EQ(call("GET", path).body, "[]") << path;
  EXPECT_EQ(metrics.count("authplane_xaa_idp_operations_total{op=delete}"), 1);
}

TEST_F(XaaEndpointsTest, KeysAreFetchedAgainWhenAskedFor) {
  const std::string id = create_idp();
  const HttpResponse first = call("POST", "/admin/idps/" + id + "/refresh-keys");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, R"({"status":"refreshed"})");
  call("POST", "/admin/idps/" + id + "/refresh-keys");
  EXPECT_EQ(idp.fetches(), 2u);
  EXPECT_EQ(last_audit().action, "idp.keys_refreshed");
  idp.go_down();
  expect_problem(call("POST", "/admin/idps/" + id + "/refresh-keys"), 400, ScriptedIdp::kIssuer);
}

TEST_F(XaaEndpointsTest, APolicyHasExactlyTheDocumentedMembers) {
  const std::string idp_id = create_idp();
  const HttpResponse response = create_policy(
      idp_id,
      R"(,"client_ids":["c"],"scopes":["mcp:echo","mcp:add"],"resources":["https://rs.example/mcp"])");
  ASSERT_EQ(response.status, 201) << response.body;
  const std::string id = json_of(response)["id"];
  EXPECT_EQ(response.body, R"({"id":")" + id + R"(","name":"p","idp_id":")" + idp_id +
                               R"(","client_ids":["c"],"scopes":["mcp:echo","mcp:add"],)"
                               R"("resources":["https://rs.example/mcp"],"enabled":true,)"
                               R"("created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"})");
  EXPECT_EQ(call("GET", "/admin/xaa/policies/" + id).body, response.body);
  EXPECT_EQ(call("GET", "/admin/xaa/policies?idp_id=" + idp_id).body, "[" + response.body + "]");
  EXPECT_EQ(call("GET", "/admin/xaa/policies?idp_id=other").body, "[]");
  EXPECT_EQ(last_audit().action, "xaa_policy.created");
  EXPECT_EQ(last_audit().detail, "id=" + id + " idp=" + idp_id);
}

TEST_F(XaaEndpointsTest, NoBoundOnScopesAndAnEmptyOneAreToldApart) {
  const std::string idp_id = create_idp();
  EXPECT_FALSE(json_of(create_policy(idp_id)).contains("scopes"));
  EXPECT_FALSE(json_of(create_policy(idp_id, R"(,"scopes":null)")).contains("scopes"));
  const Json none = json_of(create_policy(idp_id, R"(,"scopes":[])"));
  EXPECT_EQ(none["scopes"], Json::array());
  EXPECT_EQ(none["client_ids"], Json::array());
  EXPECT_EQ(none["resources"], Json::array());

  const std::string path = "/admin/xaa/policies/" + none["id"].get<std::string>();
  EXPECT_EQ(json_of(call("PUT", path, R"({"scopes":["mcp:echo"]})"))["scopes"], Json::array({"mcp:echo"}));
  EXPECT_EQ(json_of(call("PUT", path, R"({"name":"q"})"))["scopes"], Json::array({"mcp:echo"}));
  EXPECT_EQ(last_audit().detail, "id=" + none["id"].get<std::string>() + " fields=name");
  EXPECT_FALSE(json_of(call("PUT", path, R"({"scopes":null})")).contains("scopes"));
  const Json changed =
      json_of(call("PUT", path, R"({"client_ids":["a"],"resources":["r"],"enabled":false,"idp_id":"x"})"));
  EXPECT_EQ(changed["client_ids"], Json::array({"a"}));
  EXPECT_EQ(changed["resources"], Json::array({"r"}));
  EXPECT_EQ(changed["enabled"], false);
  EXPECT_EQ(changed["idp_id"], idp_id);
  EXPECT_EQ(call("DELETE", path).status, 204);
  EXPECT_EQ(last_audit().action, "xaa_policy.deleted");
  EXPECT_EQ(call("GET", path).status, 404);
}

TEST_F(XaaEndpointsTest, EachBrokenRuleOfAPolicyIs400) {
  const std::string idp_id = create_idp();
  expect_problem(create_policy("nobody"), 400, "identity provider");
  expect_problem(create_policy(idp_id, R"(,"client_ids":[""])"), 400, "client_ids");
  expect_problem(create_policy(idp_id, R"(,"client_ids":"c")"), 400, "client_ids");
  expect_problem(create_policy(idp_id, R"(,"resources":[7])"), 400, "resources");
  expect_problem(create_policy(idp_id, R"(,"scopes":["two words"])"), 400, "scopes");
  expect_problem(create_policy(idp_id, R"(,"scopes":[""])"), 400, "scopes");
  expect_problem(call("POST", "/admin/xaa/policies", R"({"idp_id":")" + idp_id + "\"}"), 400,
                 "name is required");
  expect_problem(call("POST", "/admin/xaa/policies", R"({"name":"p"})"), 400, "idp_id is required");
  EXPECT_EQ(call("GET", "/admin/xaa/policies").body, "[]");
}

TEST_F(XaaEndpointsTest, ASubjectIsMappedOnceToAUserThatExists) {
  const std::string idp_id = create_idp();
  const std::string user = create_user();
  const HttpResponse response = create_mapping(idp_id, "upstream-7", user);
  ASSERT_EQ(response.status, 201) << response.body;
  const std::string id = json_of(response)["id"];
  EXPECT_EQ(response.body, R"({"id":")" + id + R"(","idp_id":")" + idp_id +
                               R"(","idp_subject":"upstream-7","local_user_id":")" + user +
                               R"(","created_at":"2026-01-01T00:00:00Z"})");
  EXPECT_EQ(call("GET", "/admin/xaa/subject-mappings").body, "[" + response.body + "]");
  EXPECT_EQ(call("GET", "/admin/xaa/subject-mappings?idp_id=other").body, "[]");
  EXPECT_EQ(last_audit().action, "subject_mapping.created");
  EXPECT_EQ(last_audit().detail, "id=" + id + " idp=" + idp_id + " user=" + user);

  expect_problem(create_mapping(idp_id, "upstream-7", user), 400, "mapped already");
  expect_problem(create_mapping(idp_id, "other", "nobody"), 400, "user");
  expect_problem(create_mapping("nobody", "other", user), 400, "identity provider");
  expect_problem(create_mapping(idp_id, "", user), 400, "idp_subject");
  expect_problem(create_mapping(idp_id, std::string(256, 's'), user), 400, "idp_subject");
  expect_problem(call("POST", "/admin/xaa/subject-mappings", R"({"idp_id":"i","idp_subject":"s"})"), 400,
                 "local_user_id is required");
  EXPECT_EQ(call("DELETE", "/admin/xaa/subject-mappings/" + id).status, 204);
  EXPECT_EQ(last_audit().action, "subject_mapping.deleted");
  EXPECT_EQ(call("GET", "/admin/xaa/subject-mappings").body, "[]");
}

TEST_F(XaaEndpointsTest, UnknownIdsAre404) {
  for (const auto& [method, path] :
       std::vector<std::pair<std::string, std::string>>{{"GET", "/admin/idps/x"},
                                                        {"PUT", "/admin/idps/x"},
                                                        {"DELETE", "/admin/idps/x"},
                                                        {"POST", "/admin/idps/x/refresh-keys"},
                                                        {"GET", "/admin/xaa/policies/x"},
                                                        {"PUT", "/admin/xaa/policies/x"},
                                                        {"DELETE", "/admin/xaa/policies/x"},
                                                        {"DELETE", "/admin/xaa/subject-mappings/x"}}) {
    expect_problem(call(method, path, "{}"), 404, "not found");
  }
}

TEST_F(XaaEndpointsTest, WithTheFeatureOffThereAreNoSuchEndpoints) {
  idp_keys = nullptr;
  start();
  for (const char* path : {"/admin/idps", "/admin/idps/x", "/admin/xaa/policies", "/admin/xaa/policies/x",
                           "/admin/xaa/subject-mappings"}) {
    EXPECT_EQ(call("GET", path).status, 404) << path;
    EXPECT_EQ(call("POST", path, "{}").status, 404) << path;
  }
}

TEST_F(XaaEndpointsTest, EveryEndpointAsksForTheKey) {
  for (const auto& [method, path] :
       std::vector<std::pair<std::string, std::string>>{{"GET", "/admin/idps"},
                                                        {"POST", "/admin/idps"},
                                                        {"PUT", "/admin/idps/x"},
                                                        {"POST", "/admin/idps/x/refresh-keys"},
                                                        {"GET", "/admin/xaa/policies"},
                                                        {"POST", "/admin/xaa/subject-mappings"},
                                                        {"DELETE", "/admin/xaa/subject-mappings/x"}}) {
    const HttpResponse response = handler(
        {.method = method, .target = path, .headers = {}, .body = "{}", .remote_address = "192.0.2.1"});
    EXPECT_EQ(response.status, 401) << path;
  }
}

}  // namespace
}  // namespace authplane::authserver
