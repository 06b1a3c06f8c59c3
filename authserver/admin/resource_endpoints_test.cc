#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/admin/test_admin.h"

namespace authplane::authserver {
namespace {

class ResourceEndpointsTest : public AdminTest {};

TEST_F(ResourceEndpointsTest, CreationAnswersTheResourceAndASecondOneConflicts) {
  const HttpResponse response = call("POST", "/admin/resources", resource_body());
  ASSERT_EQ(response.status, 201) << response.body;
  const std::string id = json_of(response)["id"];
  EXPECT_EQ(
      response.body,
      R"({"id":")" + id +
          R"(","slug":"demo","uri":"https://rs.example/mcp","backend_kind":"mint","broker_provider_id":"",)"
          R"("display_name":"Demo","scopes":[{"name":"mcp:echo","description":"echo tool"}],)"
          R"("policy":{"exchange":{"allowed_client_ids":[]},"runtime":{"client_ids":[]}},)"
          R"("created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"})");
  EXPECT_EQ(last_audit().action, "resource.created");
  EXPECT_EQ(last_audit().detail, "id=" + id + " slug=demo");
  expect_problem(call("POST", "/admin/resources", resource_body()), 409, "");
}

TEST_F(ResourceEndpointsTest, SharedUriIsAllowedAndTheOperatorWarned) {
  create_resource();
  EXPECT_FALSE(logger.contains("share this uri"));
  const HttpResponse second = call("POST", "/admin/resources", resource_body("same-uri"));
  EXPECT_EQ(second.status, 201);
  EXPECT_TRUE(logger.contains("resources demo and same-uri share this uri")) << logger.text();
  const std::string path = "/admin/resources/" + json_of(second)["id"].get<std::string>();
  logger.clear();
  EXPECT_EQ(call("PATCH", path, R"({"uri":"https://rs.example/other"})").status, 200);
  EXPECT_FALSE(logger.contains("share this uri"));
  EXPECT_EQ(call("PATCH", path, R"({"uri":"https://rs.example/mcp"})").status, 200);
  EXPECT_TRUE(logger.contains("share this uri"));
}

TEST_F(ResourceEndpointsTest, EachBrokenRuleIs400AndNothingIsStored) {
  const std::string client = create_client();
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({"backend_kind":"mint"})", "slug is required"},
      {R"({"slug":"x"})", "backend_kind is required"},
      {R"({"slug":"x","backend_kind":"fronted"})", "backend_kind"},
      {R"({"slug":"x","backend_kind":"broker"})", "broker resource needs a broker provider"},
      {R"({"slug":"x","backend_kind":"broker","broker_provider_id":"p"})", "names no broker provider"},
      {R"({"slug":"x","backend_kind":"mint","broker_provider_id":"p"})", "broker_provider_id"},
      {R"({"slug":"","backend_kind":"mint"})", "slug"},
      {R"({"slug":"-x","backend_kind":"mint"})", "slug"},
      {R"({"slug":"a_b","backend_kind":"mint"})", "slug"},
      {R"({"slug":")" + std::string(65, 'a') + R"(","backend_kind":"mint"})", "slug"},
      {R"({"slug":"x","backend_kind":"mint","description":"d"})", "unknown member description"},
      {R"({"slug":"x","backend_kind":"mint","uri":"/relative"})", "uri"},
      {R"({"slug":"x","backend_kind":"mint","uri":"ftp://rs.example/"})", "uri must be http or https"},
      {R"({"slug":"x","backend_kind":"mint","uri":"https://rs.example/#f"})", "fragment"},
      {R"({"slug":"x","backend_kind":"mint","uri":"https://u@rs.example/"})", "user information"},
      {R"({"slug":"x","backend_kind":"mint","scopes":{}})", "scopes must be an array"},
      {R"({"slug":"x","backend_kind":"mint","scopes":["a"]})", "array of objects"},
      {R"({"slug":"x","backend_kind":"mint","scopes":[{"description":"d"}]})", "scopes[0].name is required"},
      {R"({"slug":"x","backend_kind":"mint","scopes":[{"name":""}]})", "scope name"},
      {R"({"slug":"x","backend_kind":"mint","scopes":[{"name":"a b"}]})", "scope name"},
      {R"({"slug":"x","backend_kind":"mint","scopes":[{"name":"a"},{"name":"a"}]})", "a is listed twice"},
      {R"({"slug":"x","backend_kind":"mint","scopes":[{"name":"a","extra":1}]})", "scopes[0].extra"},
      {R"({"slug":"x","backend_kind":"mint","policy":{"extra":{}}})", "policy.extra"},
      {R"({"slug":"x","backend_kind":"mint","policy":{"runtime":{"clients":[]}}})", "policy.runtime.clients"},
      {R"({"slug":"x","backend_kind":"mint","policy":{"runtime":{"client_ids":["nobody"]}}})",
       "does not exist"},
      {R"({"slug":"x","backend_kind":"mint","policy":{"exchange":{"allowed_client_ids":[""]}}})",
       "empty entry"},
      {R"({"slug":"x","backend_kind":"mint","policy":{"exchange":{"allowed_client_ids":[1]}}})",
       "array of strings"},
      {R"({"slug":"x","slug":"y","backend_kind":"mint"})", "JSON"},
      {"nonsense", "JSON"}};
  for (const auto& [body, detail] : cases)
    expect_problem(call("POST", "/admin/resources", body), 400, detail);
  expect_problem(
      call("POST", "/admin/resources", R"({"slug":"x","backend_kind":"broker","broker_provider_slug":"p"})"),
      404, "broker provider");
  EXPECT_EQ(json_of(call("GET", "/admin/resources")), Json::array());
}

// --- broker resources

TEST_F(ResourceEndpointsTest, BrokerNamesItsProviderByIdOrSlugOrBoth) {
  const std::string provider_id = create_provider(), other = create_provider("other");
  const auto body = [&](const char* slug, const std::string& members) {
    return std::string(R"({"slug":")") + slug + R"(","backend_kind":"broker",)" + members + "}";
  };
  const std::string by_id = R"("broker_provider_id":")" + provider_id + R"(")";
  const std::string by_slug = R"("broker_provider_slug":"github")";
  for (const auto& [slug, members] :
       {std::pair("a", by_id), std::pair("b", by_slug), std::pair("c", by_id + "," + by_slug)}) {
    const HttpResponse created = call("POST", "/admin/resources", body(slug, members));
    ASSERT_EQ(created.status, 201) << created.body;
    const Json view = json_of(created);
    EXPECT_EQ(view["backend_kind"], "broker");
    EXPECT_EQ(view["broker_provider_id"], provider_id);
    EXPECT_EQ(view["policy"]["connect"]["allowed_return_urls"], Json::array());
    EXPECT_FALSE(view.contains("broker_provider_slug"));
  }
  expect_problem(
      call("POST", "/admin/resources", body("d", R"("broker_provider_id":")" + other + R"(",)" + by_slug)),
      400, "different providers");
  expect_problem(call("POST", "/admin/resources", R"({"slug":"d","backend_kind":"mint",)" + by_slug + "}"),
                 400, "mint resource has no broker provider");
  EXPECT_EQ(json_of(call("GET", "/admin/resources?broker_provider_id=" + provider_id)).size(), 3u);
  EXPECT_EQ(json_of(call("GET", "/admin/resources?broker_provider_id=" + other)).size(), 0u);
  EXPECT_EQ(json_of(call("GET", "/admin/resources?backend_kind=broker")).size(), 3u);
}

TEST_F(ResourceEndpointsTest, BrokerKeepsUpstreamNamesAndReturnUrls) {
  create_provider();
  const HttpResponse created =
      call("POST", "/admin/resources",
           R"({"slug":"gh","backend_kind":"broker","broker_provider_slug":"github","scopes":)"
           R"([{"name":"repo"},{"name":"user","upstream":"read:user"}],)"
           R"("policy":{"connect":{"allowed_return_urls":["http://localhost:*"]}}})");
  ASSERT_EQ(created.status, 201);
  EXPECT_EQ(json_of(created)["scopes"],
            Json({{{"name", "repo"}}, {{"name", "user"}, {"upstream", "read:user"}}}));
  EXPECT_EQ(json_of(created)["policy"]["connect"]["allowed_return_urls"],
            Json::array({"http://localhost:*"}));
  for (const char* url : {"", "nowhere", "javascript:alert(1)"}) {
    expect_problem(call("POST", "/admin/resources",
                        R"({"slug":"x","backend_kind":"broker","broker_provider_slug":"github",)"
                        R"("policy":{"connect":{"allowed_return_urls":[")" +
                            std::string(url) + R"("]}}})"),
                   400, "return URL");
  }
}

TEST_F(ResourceEndpointsTest, KindAndProviderChangeTogether) {
  const std::string provider_id = create_provider();
  const std::string path = "/admin/resources/" + create_resource();
  expect_problem(call("PATCH", path, R"({"broker_provider_id":")" + provider_id + R"("})"), 400, "mint");
  expect_problem(call("PATCH", path, R"({"backend_kind":"broker"})"), 400,
                 "broker resource needs a broker provider");
  expect_problem(call("PATCH", path, R"({"backend_kind":"broker","broker_provider_id":"p"})"), 400,
                 "names no broker provider");
  const Json broker = json_of(
      call("PATCH", path,
           R"({"backend_kind":"broker","policy":{"connect":{"allowed_return_urls":["http://localhost:*"]}},)"
           R"("broker_provider_id":")" +
               provider_id + R"("})"));
  EXPECT_EQ(broker["broker_provider_id"], provider_id);
  EXPECT_EQ(last_audit().detail, "id=" + broker["id"].get<std::string>() +
                                     " slug=demo fields=backend_kind,broker_provider_id,policy");
  expect_problem(call("PATCH", path, R"({"broker_provider_id":""})"), 400,
                 "broker resource needs a broker provider");
  const Json mint = json_of(call("PATCH", path, R"({"backend_kind":"mint"})"));
  EXPECT_EQ(mint["broker_provider_id"], "");
  EXPECT_FALSE(mint["policy"].contains("connect"));
  EXPECT_EQ(metrics.count("authplane_resource_server_ops_total{op=create}"), 1);
  EXPECT_EQ(metrics.count("authplane_resource_server_ops_total{op=update}"), 2);
  EXPECT_EQ(call("DELETE", path).status, 204);
  EXPECT_EQ(metrics.count("authplane_resource_server_ops_total{op=delete}"), 1);
}

TEST_F(ResourceEndpointsTest, SlugIsLowerCasedAndUriKeptByteForByte) {
  const Json body =
      json_of(call("POST", "/admin/resources",
                   R"({"slug":"DeMo-1","uri":"HTTPS://RS.example:443/%7Ea/","backend_kind":"mint"})"));
  EXPECT_EQ(body["slug"], "demo-1");
  EXPECT_EQ(body["uri"], "HTTPS://RS.example:443/%7Ea/");
}

TEST_F(ResourceEndpointsTest, ConnectPolicyOfAMintResourceIsDropped) {
  const HttpResponse response =
      call("POST", "/admin/resources",
           R"({"slug":"x","backend_kind":"mint",)"
           R"("policy":{"connect":{"allowed_return_urls":["https://a.example"]}}})");
  ASSERT_EQ(response.status, 201);
  EXPECT_FALSE(json_of(response)["policy"].contains("connect"));
}

TEST_F(ResourceEndpointsTest, ListsPagesAndFindsBySlug) {
  create_resource("b");
  create_resource("a");
  const Json all = json_of(call("GET", "/admin/resources"));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["slug"], "a");
  EXPECT_EQ(json_of(call("GET", "/admin/resources?limit=1&offset=1"))[0]["slug"], "b");
  EXPECT_EQ(json_of(call("GET", "/admin/resources?backend_kind=broker")).size(), 0u);
  EXPECT_EQ(json_of(call("GET", "/admin/resources?backend_kind=mint")).size(), 2u);
  EXPECT_EQ(json_of(call("GET", "/admin/resources?slug=a"))["slug"], "a");
  expect_problem(call("GET", "/admin/resources?slug=c"), 404, "slug");
  expect_problem(call("GET", "/admin/resources?slug=a&limit=1"), 400, "slug");
  expect_problem(call("GET", "/admin/resources?backend_kind=x"), 400, "backend_kind");
  for (const char* query :
       {"limit=0", "limit=501", "limit=x", "limit=", "offset=-1", "offset=1073741825", "offset=x"}) {
    expect_problem(call("GET", std::string("/admin/resources?") + query), 400, "must be");
  }
  EXPECT_EQ(call("GET", "/admin/resources?limit=500&offset=1073741824").status, 200);
}

TEST_F(ResourceEndpointsTest, PatchReplacesWhatIsPresent) {
  const std::string client = create_client();
  const std::string path = "/admin/resources/" + create_resource();
  clock.advance(std::chrono::seconds(5));
  const Json changed = json_of(
      call("PATCH", path,
           R"({"scopes":[{"name":"new"}],"policy":{"runtime":{"client_ids":[")" + client + R"("]}}})"));
  EXPECT_EQ(changed["scopes"], Json::array({Json({{"name", "new"}})}));
  EXPECT_EQ(changed["policy"]["runtime"]["client_ids"], Json::array({client}));
  EXPECT_EQ(changed["uri"], "https://rs.example/mcp");
  EXPECT_EQ(changed["updated_at"], "2026-01-01T00:00:05Z");
  EXPECT_EQ(last_audit().action, "resource.patched");
  EXPECT_EQ(last_audit().detail,
            "id=" + changed["id"].get<std::string>() + " slug=demo fields=scopes,policy");
  EXPECT_EQ(json_of(call("PATCH", path, R"({"policy":{}})"))["policy"]["runtime"]["client_ids"],
            Json::array());
}

TEST_F(ResourceEndpointsTest, EmptyPatchWritesNothing) {
  const std::string path = "/admin/resources/" + create_resource();
  const std::size_t rows = audit_rows().size();
  clock.advance(std::chrono::seconds(5));
  const HttpResponse response = call("PATCH", path, "{}");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(json_of(response)["updated_at"], "2026-01-01T00:00:00Z");
  EXPECT_EQ(audit_rows().size(), rows);
}

TEST_F(ResourceEndpointsTest, PatchKeepsTheRules) {
  create_resource("other");
  const std::string path = "/admin/resources/" + create_resource();
  expect_problem(call("PATCH", path, R"({"slug":"other"})"), 409, "");
  expect_problem(call("PATCH", path, R"({"slug":"no good"})"), 400, "slug");
  expect_problem(call("PATCH", path, R"({"broker_provider_slug":"p"})"), 400, "unknown member");
  expect_problem(call("PATCH", path, R"({"id":"p"})"), 400, "unknown member");
  expect_problem(call("PATCH", path, R"({"backend_kind":"broker"})"), 400, "broker");
  expect_problem(call("PATCH", "/admin/resources/nothing", R"({"uri":""})"), 404, "");
}

TEST_F(ResourceEndpointsTest, PolicyMayOutliveItsClients) {
  const std::string client = create_client();
  const std::string path = "/admin/resources/" + create_resource();
  call("PATCH", path, R"({"policy":{"runtime":{"client_ids":[")" + client + R"("]}}})");
  ASSERT_EQ(call("DELETE", "/admin/clients/" + client).status, 204);
  EXPECT_EQ(call("PATCH", path, R"({"display_name":"still editable"})").status, 200);
}

TEST_F(ResourceEndpointsTest, DeletionIsRefusedWhileTokensNameTheResource) {
  const std::string id = issue("2026-01-01T00:00:00Z").resource_id;
  expect_problem(call("DELETE", "/admin/resources/" + id), 409, "");
  clock.advance(std::chrono::hours(2));
  EXPECT_EQ(call("DELETE", "/admin/resources/" + id).status, 204);
  EXPECT_EQ(last_audit().action, "resource.deleted");
  EXPECT_EQ(last_audit().detail, "id=" + id + " slug=demo");
  expect_problem(call("GET", "/admin/resources/" + id), 404, "");
  expect_problem(call("DELETE", "/admin/resources/" + id), 404, "");
}

}  // namespace
}  // namespace authplane::authserver
