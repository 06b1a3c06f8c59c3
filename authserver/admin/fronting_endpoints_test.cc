#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/admin/test_admin.h"

namespace authplane::authserver {
namespace {

using ::testing::HasSubstr;

const std::string kPath = "/admin/fronting";

// Resources a, b, c with the scopes read and write:all; and a broker.
class FrontingEndpointsTest : public AdminTest {
 protected:
  FrontingEndpointsTest() {
    create_provider();
    create_broker();
    for (const char* slug : {"a", "b", "c"}) {
      const std::string body = std::string(R"({"slug":")") + slug +
                               R"(","backend_kind":"mint","scopes":[{"name":"read"},{"name":"write:all"}]})";
      EXPECT_EQ(call("POST", "/admin/resources", body).status, 201);
    }
  }
  static std::string link_body(const std::string& source, const std::string& target,
                               const std::string& scope_map = R"({"read":["read"]})") {
    return R"({"source":")" + source + R"(","target":")" + target + R"(","scope_map":)" + scope_map + "}";
  }
  void link(const std::string& source, const std::string& target) {
    EXPECT_EQ(call("POST", kPath, link_body(source, target)).status, 201);
  }
  std::string id_of(const std::string& slug) {
    return json_of(call("GET", "/admin/resources?slug=" + slug))["id"];
  }
};

TEST_F(FrontingEndpointsTest, LifeOfALink) {
  EXPECT_EQ(call("GET", kPath).body, "[]");
  const HttpResponse created = call(
      "POST", kPath, link_body("a", "b", R"({"write:all":["write:all","read"],"read":["read","read"]})"));
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(created.body,
            R"({"source_slug":"a","target_slug":"b","scope_map":{"read":["read"],)"
            R"("write:all":["write:all","read"]},"created_at":"2026-01-01T00:00:00Z","created_by":"admin"})");
  EXPECT_EQ(last_audit().action, "fronting_link.created");
  EXPECT_EQ(last_audit().detail, "source=a target=b scopes=read->read,write:all->read+write:all");
  EXPECT_EQ(call("GET", kPath + "/a/b").body, created.body);
  EXPECT_EQ(call("GET", kPath).body, "[" + created.body + "]");

  const Json patched = json_of(call("PATCH", kPath + "/a/b", R"({"scope_map":{"read":["write:all"]}})"));
  EXPECT_EQ(patched["scope_map"], Json({{"read", {"write:all"}}}));
  EXPECT_EQ(patched["created_at"], "2026-01-01T00:00:00Z");
  EXPECT_EQ(last_audit().action, "fronting_link.patched");
  EXPECT_EQ(last_audit().detail, "source=a target=b scopes=read->write:all");

  EXPECT_EQ(call("DELETE", kPath + "/a/b").status, 204);
  EXPECT_EQ(last_audit().action, "fronting_link.deleted");
  EXPECT_EQ(last_audit().detail, "source=a target=b");
  expect_problem(call("GET", kPath + "/a/b"), 404, "fronting link");
  expect_problem(call("PATCH", kPath + "/a/b", "{}"), 404, "fronting link");
  expect_problem(call("PATCH", kPath + "/a/b", R"({"scope_map":{"read":["read"]}})"), 404, "");
  expect_problem(call("DELETE", kPath + "/a/b"), 404, "");
}

TEST_F(FrontingEndpointsTest, DryRunAnswersAndWritesNothing) {
  const std::size_t rows = audit_rows().size();
  const HttpResponse tried =
      call("POST", kPath + "?dry_run=true", link_body("a", "upstream", R"({"read":["repo"]})"));
  EXPECT_EQ(tried.status, 200);
  EXPECT_EQ(json_of(tried)["target_slug"], "upstream");
  EXPECT_EQ(json_of(tried)["created_by"], "admin");
  EXPECT_EQ(call("GET", kPath).body, "[]");
  EXPECT_EQ(audit_rows().size(), rows);
  expect_problem(call("POST", kPath + "?dry_run=true", link_body("a", "nowhere")), 400, "");
  link("a", "b");
  expect_problem(call("POST", kPath + "?dry_run=true", link_body("a", "b")), 409, "");
  expect_problem(call("POST", kPath + "?dry_run=true", link_body("b", "a")), 400, "");
  EXPECT_EQ(call("POST", kPath + "?dry_run=1", link_body("b", "c")).status, 201);
}

TEST_F(FrontingEndpointsTest, EachBrokenRuleIsAnsweredAndNothingIsStored) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({"target":"b","scope_map":{"read":["read"]}})", "source is required"},
      {R"({"source":"a","scope_map":{"read":["read"]}})", "target is required"},
      {R"({"source":"a","target":"b"})", "scope_map is required"},
      {link_body("a", "b", "[]"), "scope_map must be an object"},
      {link_body("a", "b", R"({"read":"read"})"), "array of scopes"},
      {link_body("a", "b", R"({"read":[7]})"), "array of scopes"},
      {link_body("a", "b", "{}"), "empty"},
      {link_body("a", "b", R"({"read":[]})"), "empty"},
      {link_body("a", "b", R"({"read":[""]})"), "empty"},
      {link_body("a", "b", R"({"":["read"]})"), "empty"},
      {link_body("", "b"), "slug"},
      {link_body("a", "No Slug"), "slug"},
      {link_body("a", "a"), "itself"},
      {link_body("nowhere", "b"), "nowhere"},
      {link_body("a", "nowhere"), "nowhere"},
      {link_body("upstream", "a", R"({"repo":["read"]})"), "mint"},
      {link_body("a", "b", R"({"admin":["read"]})"), "admin"},
      {link_body("a", "b", R"({"read":["admin"]})"), "admin"},
      {R"({"source":"a","target":"b","scope_map":{"read":["read"]},"created_by":"me"})", "unknown member"},
      {"nonsense", "JSON"}};
  const std::size_t rows = audit_rows().size();
  for (const auto& [body, detail] : cases) expect_problem(call("POST", kPath, body), 400, detail);
  EXPECT_EQ(call("GET", kPath).body, "[]");
  EXPECT_EQ(audit_rows().size(), rows);
}

TEST_F(FrontingEndpointsTest, LinksFormNoCycle) {
  link("a", "b");
  link("b", "c");
  expect_problem(call("POST", kPath, link_body("b", "a")), 400, "");
  expect_problem(call("POST", kPath, link_body("c", "a")), 400, "");
  expect_problem(call("POST", kPath, link_body("a", "b")), 409, "");
  link("a", "c");
}

TEST_F(FrontingEndpointsTest, PatchTakesTheMapAndNothingElse) {
  link("a", "b");
  const std::size_t rows = audit_rows().size();
  EXPECT_EQ(call("PATCH", kPath + "/a/b", "{}").status, 200);
  EXPECT_EQ(audit_rows().size(), rows);
  expect_problem(call("PATCH", kPath + "/a/b", R"({"scope_map":{}})"), 400, "empty");
  expect_problem(call("PATCH", kPath + "/a/b", R"({"scope_map":{"read":["admin"]}})"), 400, "admin");
  expect_problem(call("PATCH", kPath + "/a/b", R"({"target":"c"})"), 400, "unknown member");
  expect_problem(call("PATCH", kPath + "/a/b", R"({"scope_map":7})"), 400, "scope_map");
  EXPECT_EQ(audit_rows().size(), rows);
}

TEST_F(FrontingEndpointsTest, ListsAreFilteredAndPaged) {
  link("a", "b");
  link("a", "c");
  link("b", "c");
  EXPECT_EQ(json_of(call("GET", kPath)).size(), 3u);
  EXPECT_EQ(json_of(call("GET", kPath + "?source=a")).size(), 2u);
  EXPECT_EQ(json_of(call("GET", kPath + "?target=c")).size(), 2u);
  EXPECT_EQ(json_of(call("GET", kPath + "?source=a&target=c")).size(), 1u);
  EXPECT_EQ(json_of(call("GET", kPath + "?source=nowhere")).size(), 0u);
  const Json second = json_of(call("GET", kPath + "?limit=1&offset=1"));
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0]["target_slug"], "c");
  for (const char* query : {"limit=0", "limit=501", "limit=x", "offset=-1", "offset=1073741825"}) {
    expect_problem(call("GET", kPath + "?" + query), 400, "must be");
  }
}

TEST_F(FrontingEndpointsTest, ResourceShowsBothItsSides) {
  link("a", "b");
  link("b", "c");
  const Json view = json_of(call("GET", "/admin/resources/b/fronting"));
  EXPECT_EQ(view.size(), 3u);
  EXPECT_EQ(view["slug"], "b");
  ASSERT_EQ(view["fronts"].size(), 1u);
  EXPECT_EQ(view["fronts"][0]["target_slug"], "c");
  ASSERT_EQ(view["fronted_by"].size(), 1u);
  EXPECT_EQ(view["fronted_by"][0]["source_slug"], "a");
  EXPECT_EQ(call("GET", "/admin/resources/upstream/fronting").body,
            R"({"slug":"upstream","fronts":[],"fronted_by":[]})");
  expect_problem(call("GET", "/admin/resources/nowhere/fronting"), 404, "slug");
}

TEST_F(FrontingEndpointsTest, LinkedResourceGoesOnlyWithItsLinks) {
  link("a", "b");
  link("b", "c");
  const std::string path = "/admin/resources/" + id_of("b");
  for (const char* query : {"", "?cascade=1", "?cascade=TRUE"}) {
    const HttpResponse refused = call("DELETE", path + query);
    EXPECT_EQ(refused.status, 409);
    EXPECT_EQ(refused.headers.get("Content-Type"), "application/problem+json");
    const Json body = json_of(refused);
    EXPECT_EQ(body.size(), 5u);
    EXPECT_EQ(body["status"], 409);
    ASSERT_EQ(body["dependents"].size(), 2u);
    EXPECT_EQ(body["dependents"][0]["source_slug"], "b");
    EXPECT_EQ(body["dependents"][1]["source_slug"], "a");
    EXPECT_EQ(body["dependents"][0].size(), 5u);
  }
  EXPECT_EQ(call("DELETE", path + "?cascade=true").status, 204);
  EXPECT_EQ(call("GET", kPath).body, "[]");
  int cascaded = 0;
  for (const AuditEvent& row : audit_rows()) {
    if (row.action == "resource.deleted") {
      EXPECT_THAT(row.detail, HasSubstr(" slug=b cascaded_links=2"));
    }
    if (row.action == "fronting_link.deleted") {
      ++cascaded;
      EXPECT_THAT(row.detail, HasSubstr("reason=resource_cascade"));
    }
  }
  EXPECT_EQ(cascaded, 2);
}

TEST_F(FrontingEndpointsTest, LinkedResourceKeepsWhatItsLinksNeed) {
  EXPECT_EQ(call("POST", kPath, link_body("a", "b", R"({"read":["write:all"]})")).status, 201);
  const std::string source = "/admin/resources/" + id_of("a"), target = "/admin/resources/" + id_of("b");
  for (const std::string& path : {source, target}) {
    expect_problem(call("PATCH", path, R"({"slug":"renamed"})"), 400, "a -> b");
  }
  const std::string provider_id = json_of(call("GET", "/admin/broker-providers"))[0]["id"];
  expect_problem(
      call("PATCH", source, R"({"backend_kind":"broker","broker_provider_id":")" + provider_id + R"("})"),
      400, "backend_kind");
  expect_problem(call("PATCH", source, R"({"scopes":[{"name":"write:all"}]})"), 400, "read");
  expect_problem(call("PATCH", target, R"({"scopes":[{"name":"read"}]})"), 400, "write:all");
  EXPECT_EQ(call("PATCH", source, R"({"scopes":[{"name":"read"}],"display_name":"A"})").status, 200);
  EXPECT_EQ(call("PATCH", target, R"({"scopes":[{"name":"write:all"},{"name":"new"}]})").status, 200);
}

}  // namespace
}  // namespace authplane::authserver
