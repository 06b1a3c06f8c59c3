// What a user has connected, and how it ends.

#include <thread>

#include "authserver/http/connect_fixture.h"

namespace authplane::authserver {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ConnectionsTest : public ConnectTest {
 protected:
  HttpResponse get(Browser& browser, const char* accept = nullptr) {
    Headers headers;
    if (accept != nullptr) headers.add("Accept", accept);
    return browser.send("GET", "/connections", "", std::move(headers));
  }
  HttpResponse page(Browser& browser) { return get(browser, "text/html,application/xhtml+xml,*/*;q=0.8"); }
  static HttpResponse remove(Browser& browser, const std::string& provider = "hub", Headers headers = {}) {
    return browser.send("DELETE", "/connections/" + provider, "", std::move(headers));
  }
  // Waits until the broker has told the provider.
  void wait_for_revocation() {
    while (accounts.network->count(ScriptedAccounts::kRevokeUrl) == 0) std::this_thread::yield();
    broker.close();
  }
};

TEST_F(ConnectionsTest, F13ListsWhatIsConnectedWithoutTheCredential) {
  Browser browser = signed_in();
  EXPECT_EQ(get(browser).body, "[]");
  connect(browser);
  server.clock.advance(std::chrono::minutes(5));
  connect(browser);
  for (const char* accept : {static_cast<const char*>(nullptr), "*/*", "application/json", "text/plain",
                             "text/html, application/json"}) {
    const HttpResponse response = get(browser, accept);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
    EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
    const Json body = json_of(response);
    ASSERT_TRUE(body.is_array());
    ASSERT_EQ(body.size(), 1u);
    EXPECT_EQ(body[0]["provider"], "hub");
    EXPECT_EQ(body[0]["scopes_granted"], Json({"repo", "read:user"}));
    EXPECT_EQ(body[0]["created_at"], format_rfc3339(grant()->created_at));
    EXPECT_EQ(body[0]["updated_at"], format_rfc3339(grant()->updated_at));
    EXPECT_NE(body[0]["created_at"], body[0]["updated_at"]);
    EXPECT_EQ(body[0].size(), 4u);
    EXPECT_THAT(response.body, AllOf(Not(HasSubstr("credential")), Not(HasSubstr("canary"))));
  }
}

TEST_F(ConnectionsTest, EverybodySeesTheirOwn) {
  add_user("user-eve", "eve@example.com", "eves-password");
  Browser ada = signed_in();
  connect(ada);
  Browser eve = signed_in("eve@example.com", "eves-password");
  EXPECT_EQ(get(eve).body, "[]");
  EXPECT_EQ(remove(eve).status, 404);
  EXPECT_TRUE(grant("user-ada"));
}

TEST_F(ConnectionsTest, WithoutALoginThereIsNothingToSee) {
  Browser stranger(server);
  for (const HttpResponse& response : {get(stranger), remove(stranger)}) {
    expect_error(response, 401, "unauthorized");
    EXPECT_EQ(response.headers.get("WWW-Authenticate"), "Bearer");
  }
  EXPECT_EQ(destination_of(page(stranger)).base, "/login");
  EXPECT_EQ(destination_of(page(stranger)).get("redirect"), "/connections");
}

TEST_F(ConnectionsTest, BrowsersAreShownAPage) {
  Browser browser = signed_in();
  expect_page(page(browser), 200, "connected no account");
  connect(browser);
  const HttpResponse response = page(browser);
  expect_page(response, 200, "Connected accounts");
  EXPECT_EQ(response.headers.get("Vary"), "Accept");
  EXPECT_THAT(response.body, AllOf(HasSubstr("The hub"), HasSubstr("<code>read:user</code>"),
                                   HasSubstr("ada@example.com"), Not(HasSubstr("canary"))));
}

TEST_F(ConnectionsTest, F27DisconnectingEndsItHereAndAtTheProvider) {
  Browser browser = signed_in();
  connect(browser);
  const BrokerGrant before = grant().value();
  const std::string refresh_token(
      sealer->open(before.credential, grant_owner("user-ada", "id-of-hub"))->text.expose());
  const HttpResponse response = remove(browser);
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.body, "");
  EXPECT_FALSE(grant());
  EXPECT_EQ(server.storage.broker_grants().get(before.id)->credential, "");
  EXPECT_EQ(get(browser).body, "[]");
  expect_error(remove(browser), 404, "not_found");
  EXPECT_THAT(audit_details("broker_grant.revoked"), ElementsAre("provider=hub grant_id=" + before.id));
  EXPECT_EQ(server.metrics.count("authserver_connection_disconnect_total{provider=hub}"), 1);
  wait_for_revocation();
  EXPECT_EQ(accounts.network->count(ScriptedAccounts::kRevokeUrl), 1u);
  EXPECT_FALSE(accounts.is_live(refresh_token));
}

TEST_F(ConnectionsTest, WhatTheProviderSaysDoesNotKeepItConnected) {
  Browser browser = signed_in();
  connect(browser);
  accounts.network->on(ScriptedAccounts::kRevokeUrl, [](const OutboundRequest&) -> Result<HttpResponse> {
    return Err(ErrorCode::transport_error, "time is over");
  });
  EXPECT_EQ(remove(browser).status, 204);
  EXPECT_FALSE(grant());
  wait_for_revocation();
}

TEST_F(ConnectionsTest, NothingOfItNeedsTheBroker) {
  Browser browser = signed_in();
  connect(browser);
  server.connect = {};
  server.start();
  EXPECT_EQ(json_of(get(browser)).size(), 1u);
  EXPECT_EQ(remove(browser).status, 204);
  EXPECT_FALSE(grant());
}

TEST_F(ConnectionsTest, WhatWasNeverConnectedIsNotFound) {
  Browser browser = signed_in();
  for (const char* provider : {"hub", "nowhere", "%2F", "%00", "..%2fhub", "%zz"})
    expect_error(remove(browser, provider), 404, "not_found");
}

TEST_F(ConnectionsTest, AnotherSiteDisconnectsNothing) {
  Browser browser = signed_in();
  connect(browser);
  for (const Headers& headers :
       std::vector<Headers>{{{"Sec-Fetch-Site", "cross-site"}},
                            {{"Sec-Fetch-Site", "same-site"}},
                            {{"Origin", "https://evil.example"}},
                            {{"Origin", "https://as.example.evil.example"}},
                            {{"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}}}) {
    expect_error(remove(browser, "hub", headers), 403, "access_denied");
  }
  EXPECT_TRUE(grant());
  // What a browser asks first for a page of another origin it is not allowed.
  const HttpResponse preflight =
      browser.send("OPTIONS", "/connections/hub", "",
                   {{"Origin", "https://evil.example"}, {"Access-Control-Request-Method", "DELETE"}});
  EXPECT_FALSE(preflight.headers.contains("Access-Control-Allow-Origin"));
  EXPECT_NE(preflight.status, 204);
  EXPECT_EQ(
      remove(browser, "hub", {{"Origin", "https://as.example"}, {"Sec-Fetch-Site", "same-origin"}}).status,
      204);
}

TEST_F(ConnectionsTest, TheFormOfThePageDisconnects) {
  Browser browser = signed_in();
  connect(browser);
  const HttpResponse shown = page(browser);
  Form form;
  form.add("csrf_token", hidden_value(shown.body, "csrf_token"));
  form.add("provider", hidden_value(shown.body, "provider"));
  EXPECT_EQ(destination_of(browser.post("/connections", form)).base, "/connections");
  EXPECT_FALSE(grant());
  EXPECT_EQ(browser.post("/connections", form).status, 303);  // pressed twice
  EXPECT_EQ(audit_details("broker_grant.revoked").size(), 1u);
}

TEST_F(ConnectionsTest, AFormOfAnotherSiteOrSessionChangesNothing) {
  add_user("user-eve", "eve@example.com", "eves-password");
  Browser eve = signed_in("eve@example.com", "eves-password");
  connect(eve);
  const std::string eves = hidden_value(page(eve).body, "csrf_token");
  Browser browser = signed_in();
  connect(browser);
  const std::string token = hidden_value(page(browser).body, "csrf_token");
  const auto post = [&](const std::string& csrf_token, Headers headers = {}) {
    Form form;
    form.add("csrf_token", csrf_token);
    form.add("provider", "hub");
    return browser.post("/connections", form, std::move(headers));
  };
  for (const std::string& bad : {std::string(), std::string("forged"), eves, token + "A"})
    expect_page(post(bad), 403, "Nothing was changed");
  expect_page(post(token, {{"Sec-Fetch-Site", "cross-site"}}), 403, "Nothing was changed");
  Browser stranger(server);
  Form form;
  form.add("csrf_token", token);
  form.add("provider", "hub");
  expect_page(stranger.post("/connections", form), 401, "Nothing was changed");
  expect_page(browser.send("POST", "/connections", "{}", {{"Content-Type", "application/json"}}), 400,
              "Nothing");
  EXPECT_TRUE(grant("user-ada"));
  EXPECT_TRUE(grant("user-eve"));
  EXPECT_EQ(post(token).status, 303);
  EXPECT_FALSE(grant("user-ada"));
}

TEST_F(ConnectionsTest, AStoreThatFailsChangesNothing) {
  Browser browser = signed_in();
  connect(browser);
  const std::string token = hidden_value(page(browser).body, "csrf_token");
  server.storage.refuse_broker_grants = DomainErrorCode::unavailable;
  expect_error(get(browser), 503, "temporarily_unavailable");
  expect_error(remove(browser), 503, "temporarily_unavailable");
  expect_page(page(browser), 503, "busy");
  Form form;
  form.add("csrf_token", token);
  form.add("provider", "hub");
  expect_page(browser.post("/connections", form), 503, "Nothing was changed");
  server.storage.refuse_broker_grants = DomainErrorCode::internal;
  const HttpResponse response = get(browser);
  expect_error(response, 500, "server_error");
  EXPECT_THAT(response.body, Not(HasSubstr("disk")));
  server.storage.refuse_broker_grants.reset();
  EXPECT_TRUE(grant());
  EXPECT_THAT(audit_details("broker_grant.revoked"), IsEmpty());
}

}  // namespace
}  // namespace authplane::authserver
