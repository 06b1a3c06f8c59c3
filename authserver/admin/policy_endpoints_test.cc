#include <gtest/gtest.h>

#include "authserver/admin/test_admin.h"

namespace authplane::authserver {
namespace {

struct PolicyCase {
  const char* path;
  const char* member;
  const char* added;
  const char* removed;
};

class PolicyListTest : public AdminTest, public ::testing::WithParamInterface<PolicyCase> {};

TEST_P(PolicyListTest, IsIdempotentAndAuditsOnlyChanges) {
  const std::string client = create_client();
  const std::string id = create_resource();
  const std::string path = std::string("/admin/resources/demo/policy") + GetParam().path;
  const Json with{{GetParam().member, Json::array({client})}};
  const Json without{{GetParam().member, Json::array()}};
  const std::string body = R"({"client_id":")" + client + R"("})";

  EXPECT_EQ(json_of(call("GET", path)), without);
  const HttpResponse added = call("POST", path, body);
  EXPECT_EQ(added.status, 200);
  EXPECT_EQ(json_of(added), with);
  EXPECT_EQ(last_audit().action, GetParam().added);
  EXPECT_EQ(last_audit().client_id, id);
  EXPECT_EQ(last_audit().detail, "slug=demo client_id=" + client);
  const std::size_t rows = audit_rows().size();
  EXPECT_EQ(json_of(call("POST", path, body)), with);
  EXPECT_EQ(audit_rows().size(), rows);

  EXPECT_EQ(json_of(call("DELETE", path + "/" + client)), without);
  EXPECT_EQ(last_audit().action, GetParam().removed);
  EXPECT_EQ(json_of(call("DELETE", path + "/" + client)), without);
  EXPECT_EQ(audit_rows().size(), rows + 1);
}

TEST_P(PolicyListTest, RefusesWhatDoesNotExist) {
  create_resource();
  const std::string path = std::string("/admin/resources/demo/policy") + GetParam().path;
  expect_problem(call("POST", path, R"({"client_id":"nobody"})"), 400, "does not exist");
  expect_problem(call("POST", path, R"({"client_id":""})"), 400, "empty");
  expect_problem(call("POST", path, R"({})"), 400, "client_id is required");
  expect_problem(call("POST", path, R"({"client_id":"x","more":1})"), 400, "unknown member");
  expect_problem(call("POST", path, R"({"client_id":")" + std::string(16 * 1024, 'x') + R"("})"), 400,
                 "larger than");
  const std::string elsewhere = std::string("/admin/resources/nothing/policy") + GetParam().path;
  expect_problem(call("GET", elsewhere), 404, "slug");
  expect_problem(call("POST", elsewhere, R"({"client_id":"x"})"), 404, "slug");
  expect_problem(call("DELETE", elsewhere + "/x"), 404, "slug");
}

INSTANTIATE_TEST_SUITE_P(
    Lists, PolicyListTest,
    ::testing::Values(PolicyCase{"/exchange/allowed-clients", "allowed_client_ids",
                                 "resource.policy.exchange.allowed_client.added",
                                 "resource.policy.exchange.allowed_client.removed"},
                      PolicyCase{"/runtime/client-ids", "client_ids", "resource.policy.runtime.client.added",
                                 "resource.policy.runtime.client.removed"}),
    [](const auto& policy) { return std::string(policy.index == 0 ? "Exchange" : "Runtime"); });

using ReturnUrlListTest = AdminTest;

TEST_F(ReturnUrlListTest, IsIdempotentAndAuditsOnlyChanges) {
  create_provider();
  const std::string id = create_broker();
  const std::string path = "/admin/resources/upstream/policy/connect/allowed-return-urls";
  const std::string url = "https://app.example/done?a=1";
  const Json with{{"allowed_return_urls", Json::array({url})}};
  const Json without{{"allowed_return_urls", Json::array()}};

  EXPECT_EQ(json_of(call("GET", path)), without);
  const HttpResponse added = call("POST", path, R"({"url":")" + url + R"("})");
  EXPECT_EQ(added.status, 200);
  EXPECT_EQ(json_of(added), with);
  EXPECT_EQ(last_audit().action, "resource.policy.connect.allowed_return_url.added");
  EXPECT_EQ(last_audit().client_id, id);
  EXPECT_EQ(last_audit().detail, "slug=upstream return_url=" + url);
  EXPECT_EQ(metrics.count("authplane_allowlist_ops_total{op=add}"), 1);
  const std::size_t rows = audit_rows().size();
  EXPECT_EQ(json_of(call("POST", path, R"({"url":")" + url + R"("})")), with);
  EXPECT_EQ(audit_rows().size(), rows);

  EXPECT_EQ(json_of(call("DELETE", path + "?url=https%3A%2F%2Fapp.example%2Fdone%3Fa%3D1")), without);
  EXPECT_EQ(last_audit().action, "resource.policy.connect.allowed_return_url.removed");
  EXPECT_EQ(metrics.count("authplane_allowlist_ops_total{op=remove}"), 1);
  EXPECT_EQ(json_of(call("DELETE", path + "?url=https%3A%2F%2Fapp.example%2Fdone%3Fa%3D1")), without);
  EXPECT_EQ(audit_rows().size(), rows + 1);
}

TEST_F(ReturnUrlListTest, TakesUrlsAndOpenPortsOfThisMachineOnly) {
  create_provider();
  create_broker();
  const std::string path = "/admin/resources/upstream/policy/connect/allowed-return-urls";
  for (const char* url : {"http://localhost:*", "https://127.0.0.1:*", "http://localhost:3000/cb",
                          "http://localhost:*/cb", "https://app.example", "http://app.example/x?y=z"}) {
    EXPECT_EQ(call("POST", path, Json({{"url", url}}).dump()).status, 200) << url;
  }
  EXPECT_EQ(json_of(call("GET", path))["allowed_return_urls"].size(), 6u);
  for (const char* url :
       {"", "app.example", "/done", "//app.example", "ftp://app.example/", "javascript:alert(1)",
        "data:text/html,x", "https://*.example", "https://", "https://app.example:*",
        "https://a@app.example/", "http://localhost:1@evil.example/", "http://localhost:*@evil.example/",
        "http://localhost:*\\evil", "http://localhost:\r\nX: y", "http://localhost.evil.example:*"}) {
    expect_problem(call("POST", path, Json({{"url", url}}).dump()), 400, "return URL");
  }
  expect_problem(call("POST", path, R"({})"), 400, "url is required");
  expect_problem(call("POST", path, R"({"client_id":"x"})"), 400, "unknown member client_id");
  expect_problem(call("POST", path, R"({"url":")" + std::string(16 * 1024, 'x') + R"("})"), 400,
                 "larger than");
  expect_problem(call("DELETE", path), 400, "url is required");
  EXPECT_EQ(call("DELETE", path + "/x").status, 404);
}

TEST_F(ReturnUrlListTest, IsNoneOfAMintResource) {
  create_resource();
  const std::string path = "/admin/resources/demo/policy/connect/allowed-return-urls";
  expect_problem(call("GET", path), 400, "mint");
  expect_problem(call("POST", path, R"({"url":"https://app.example"})"), 400, "mint");
  expect_problem(call("DELETE", path + "?url=x"), 400, "mint");
  const std::string elsewhere = "/admin/resources/nothing/policy/connect/allowed-return-urls";
  expect_problem(call("GET", elsewhere), 404, "slug");
  expect_problem(call("POST", elsewhere, R"({"url":"https://app.example"})"), 404, "slug");
  expect_problem(call("DELETE", elsewhere + "?url=x"), 404, "slug");
}

}  // namespace
}  // namespace authplane::authserver
