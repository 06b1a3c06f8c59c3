// Sign-in at an OpenID provider, over real sockets: the server as people run it, and a provider beside it.

#include <gtest/gtest.h>

#include <authplane/base/form.h>

#include "authserver/federation/scripted_provider.h"
#include "scripted_host.h"
#include "stack.h"

namespace authplane::e2e {
namespace {

using authserver::ScriptedProvider;

const char* const kCallback = "http://localhost:9000/oidc/callback";

// The scripted provider behind a port.
class Provider {
 public:
  Provider() : host_(free_port()), script(clock_, issuer(), kCallback) {
    host_.serve(script.network,
                {"/tenant/.well-known/openid-configuration", "/tenant/keys", "/tenant/token"});
  }
  std::string issuer() const { return host_.origin() + "/tenant"; }

 private:
  const SystemClock clock_;
  ScriptedHost host_;

 public:
  ScriptedProvider script;
};

Environment settings(const std::string& issuer) {
  return {{"AUTHPLANE_OIDC_ENABLED", "true"},
          {"AUTHPLANE_OIDC_ISSUER", issuer},
          {"AUTHPLANE_OIDC_CLIENT_ID", ScriptedProvider::kClientId},
          {"AUTHPLANE_OIDC_CLIENT_SECRET", ScriptedProvider::kSecret},
          {"AUTHPLANE_OIDC_REDIRECT_URI", kCallback},
          {"AUTHPLANE_OIDC_DISPLAY_NAME", "Example Login"}};
}

class Federation : public ::testing::Test {
 protected:
  void SetUp() override { as.start(); }

  // The cookie of that name that an answer sets, as it is sent back.
  static std::string cookie(const Reply& reply, const std::string& name) {
    for (const std::string_view field : reply.headers.all("Set-Cookie")) {
      if (field.starts_with(name + "=")) return std::string(field.substr(0, field.find(';')));
    }
    return {};
  }
  // What a whole sign-in ends with.
  Reply sign_in() {
    const Reply start = http("GET", as.url("/oidc/start?redirect=" + form_encode("/consent?session_id=1")));
    EXPECT_EQ(start.status, 302) << start.body << as.log();
    const std::string callback = provider.script.approve(start.header("Location"));
    return http("GET", as.url(callback), {{"Cookie", cookie(start, "authserver_oidc_state")}});
  }

  Provider provider;
  TempFolder folder;
  AuthServer as{folder.path(), settings(provider.issuer())};
};

TEST_F(Federation, SignsInAtTheProviderAndStaysWhoTheyAre) {
  EXPECT_NE(http("GET", as.url("/login")).body.find("Continue with Example Login"), std::string::npos);
  for (int i = 0; i < 2; ++i) {
    const Reply done = sign_in();
    EXPECT_EQ(done.status, 303) << done.body << as.log();
    EXPECT_EQ(done.header("Location"), "/consent?session_id=1");
    const std::string session = cookie(done, "authserver_session");
    // Somebody who is not signed in is sent to the login page.
    EXPECT_EQ(http("GET", as.url("/consent?session_id=1")).status, 303);
    EXPECT_EQ(http("GET", as.url("/consent?session_id=1"), {{"Cookie", session}}).status, 400);
  }
  const auto users = as.admin("GET", "/admin/users").json();
  ASSERT_EQ(users.size(), 1u) << users;
  EXPECT_EQ(users[0]["provider"], "oidc");
  EXPECT_EQ(users[0]["email"], "eve@example.org");
  EXPECT_EQ(as.admin("GET", "/admin/system/config").json()["oidc"]["enabled"], true);
  EXPECT_EQ(as.stop(), 0) << as.log();
  EXPECT_EQ(as.log().find("canary"), std::string::npos);
}

TEST_F(Federation, AnAnswerWithoutEndOrElsewhereIsNotRead) {
  provider.script.token_answer = [](const OutboundRequest&) {
    return ScriptedProvider::json(200, std::string(8 * 1024 * 1024, ' '));
  };
  EXPECT_EQ(sign_in().status, 500);
  provider.script.token_answer = [&](const OutboundRequest&) -> Result<HttpResponse> {
    return HttpResponse{
        .status = 307, .headers = {{"Location", provider.issuer() + "/keys"}}, .body = {}, .stream = {}};
  };
  const std::size_t asked = provider.script.network->count(provider.issuer() + "/keys");
  EXPECT_EQ(sign_in().status, 500);
  EXPECT_EQ(provider.script.network->count(provider.issuer() + "/keys"), asked);
}

TEST(FederationStart, WithoutItsProviderTheServerSaysSoAndEnds) {
  TempFolder folder;
  Environment environment = settings("http://localhost:" + std::to_string(free_port()));
  environment["AUTHPLANE_STORAGE_SQLITE_PATH"] = (folder.path() / "as.db").string();
  environment["AUTHPLANE_SIGNING_KEY_PATH"] = (folder.path() / "keys").string();
  environment["AUTHPLANE_SERVER_ADDRESS"] = "127.0.0.1:0";
  environment["AUTHPLANE_ADMIN_ENABLED"] = "false";
  ChildProcess server("authserver", {AUTHSERVER_BINARY, "serve"}, environment, folder.path());
  EXPECT_EQ(server.wait(std::chrono::seconds(60)), 1);
  const std::string log = server.out() + server.err();
  EXPECT_NE(log.find("oidc.issuer: the provider cannot be used"), std::string::npos) << log;
  EXPECT_NE(log.find("openid-configuration"), std::string::npos) << log;
}

}  // namespace
}  // namespace authplane::e2e
