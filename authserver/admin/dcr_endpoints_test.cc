#include <gmock/gmock.h>

#include "authserver/admin/test_admin.h"

namespace authplane::authserver {
namespace {

class DcrEndpointsTest : public AdminTest {
 protected:
  std::string mode() const { return json_of(call("GET", "/admin/settings/dcr"))["mode"]; }
  HttpResponse set(const std::string& body) const { return call("PATCH", "/admin/settings/dcr", body); }
};

TEST_F(DcrEndpointsTest, TheModeIsSetStoredAndAudited) {
  EXPECT_EQ(mode(), "open");
  const HttpResponse response = set(R"({"mode":"admin_only","extra":1})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"mode":"admin_only"})");
  EXPECT_EQ(mode(), "admin_only");
  EXPECT_EQ(storage.settings().get("dcr_mode").value(), "admin_only");
  const auto rows = audit_rows();
  ASSERT_FALSE(rows.empty());
  EXPECT_EQ(rows[0].action, "dcr.mode_updated");
  EXPECT_EQ(rows[0].detail, "previous=open mode=admin_only");
  start();
  EXPECT_EQ(mode(), "admin_only");
}

TEST_F(DcrEndpointsTest, OtherModesAreRefusedAndChangeNothing) {
  for (const char* body : {R"({"mode":"disabled"})", R"({"mode":""})", R"({"mode":"OPEN"})", R"({"mode":1})",
                           "{}", R"({"mode":null})", "[]", ""}) {
    EXPECT_EQ(set(body).status, 400) << body;
  }
  EXPECT_EQ(mode(), "open");
  EXPECT_TRUE(audit_rows().empty());
}

TEST_F(DcrEndpointsTest, WithoutTheKeyThereIsNothing) {
  for (const char* method : {"GET", "PATCH"}) {
    const HttpResponse response = handler({.method = method,
                                           .target = "/admin/settings/dcr",
                                           .headers = {},
                                           .body = R"({"mode":"admin_only"})",
                                           .remote_address = "192.0.2.1"});
    EXPECT_EQ(response.status, 401);
  }
  EXPECT_EQ(mode(), "open");
}

TEST_F(DcrEndpointsTest, TheSystemViewShowsTheModeInForce) {
  const auto system = [&] { return json_of(call("GET", "/admin/system/config")); };
  EXPECT_EQ(system()["dcr"]["mode"], "open");
  ASSERT_EQ(system()["notices"].size(), 1u);
  EXPECT_EQ(system()["notices"][0]["id"], "oauth-default-client-scope-required-v0.3.0");
  EXPECT_EQ(system()["notices"][0]["severity"], "warning");
  set(R"({"mode":"admin_only"})");
  EXPECT_EQ(system()["dcr"]["mode"], "admin_only");
  EXPECT_TRUE(system()["notices"].empty());
  set(R"({"mode":"open"})");
  config.registration.default_scope = "mcp:echo";
  start();
  EXPECT_TRUE(system()["notices"].empty());
}

}  // namespace
}  // namespace authplane::authserver
