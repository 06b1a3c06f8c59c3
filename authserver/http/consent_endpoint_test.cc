#include <atomic>
#include <thread>

#include "authserver/http/browser_fixture.h"
#include "authserver/identity/form_tokens.h"
#include "authserver/identity/session_cookie.h"

namespace authplane::authserver {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ConsentTest : public BrowserTest {
 protected:
  ConsentTest() { add_user("user-bob", "bob@example.com", "another password"); }

  Browser bob() { return signed_in("bob@example.com", "another password"); }
  std::optional<ConsentGrant> grant() {
    return server.storage.consent_grants().find_active("user-ada", "app-1", "id-demo").value();
  }
  std::size_t codes_given() {
    std::size_t count = 0;
    for (const AuditEvent& event : server.audit_rows()) count += event.action == "consent.granted";
    return count;
  }
};

TEST_F(ConsentTest, ThePageShowsWhoAsksForWhatAndWhereTheAnswerGoes) {
  Resource resource = server.resource_named("calendar", "https://cal.example/mcp", {"mcp:other", "mcp:echo"});
  resource.display_name = "Calendar tools";
  resource.scopes[0].description = "Change <everything>";
  server.add(resource);
  Browser browser = signed_in();
  const HttpResponse page = browser.get(consent_target(
      browser, form_with(request_with("resource", "calendar"), "scope", "mcp:echo mcp:other")));
  expect_page(page, 200, "Allow access?");
  EXPECT_THAT(page.body, AllOf(HasSubstr("Travel Assistant"), HasSubstr("<code>app-1</code>"),
                               HasSubstr("Calendar tools"), HasSubstr("<code>calendar</code>"),
                               HasSubstr("Change &lt;everything&gt;"), HasSubstr("app.example"),
                               HasSubstr(std::string(kEmail)), Not(HasSubstr("your own device"))));
  EXPECT_LT(page.body.find("value=\"mcp:other\""), page.body.find("value=\"mcp:echo\""));
  EXPECT_THAT(page.body, Not(HasSubstr("<script")));
}

TEST_F(ConsentTest, AnAddressOnTheOwnDeviceIsWarnedOf) {
  Browser browser = signed_in();
  const HttpResponse page =
      browser.get(consent_target(browser, request_with("redirect_uri", "http://127.0.0.1:5123/cb")));
  EXPECT_THAT(page.body, AllOf(HasSubstr("your own device"), HasSubstr("127.0.0.1:5123")));
}

TEST_F(ConsentTest, ExactlyWhatTheUserLeavesCheckedIsAllowed) {
  Browser browser = signed_in();
  const Form request = request_with("scope", "mcp:echo mcp:other");
  const std::string code = expect_code(decide(browser, "allow", {"mcp:other"}, request));
  EXPECT_EQ(redeem(code).scopes.to_string(), "mcp:other");
  EXPECT_EQ(grant()->scopes.to_string(), "mcp:other");
}

TEST_F(ConsentTest, AYesIsAudited) {
  Browser browser = signed_in();
  expect_code(decide(browser, "allow", {"mcp:echo"}));
  const AuditEvent row = server.audit_rows().front();
  EXPECT_EQ(row.action, "consent.granted");
  EXPECT_EQ(row.actor_id, "user-ada");
  EXPECT_EQ(row.client_id, "app-1");
  EXPECT_EQ(row.ip, "192.0.2.7");
  EXPECT_EQ(row.detail, "resource=https://rs.example/mcp scopes=mcp:echo");
  EXPECT_EQ(server.metrics.count("authserver_consent_decisions_total{decision=granted}"), 1);
}

TEST_F(ConsentTest, ANoIsToldToTheClientAndForgotten) {
  Browser browser = signed_in();
  const std::string target = consent_target(browser);
  const HttpResponse page = browser.get(target);
  expect_sent_back(browser.post("/consent", consent_form(page, "deny", {})), "access_denied", "denied");
  EXPECT_FALSE(grant());
  const AuditEvent row = server.audit_rows().front();
  EXPECT_EQ(row.action, "consent.denied");
  EXPECT_EQ(row.actor_id, "user-ada");
  EXPECT_EQ(row.client_id, "app-1");
  EXPECT_EQ(row.detail, "session=" + hidden_value(page.body, "session_id"));
  EXPECT_EQ(server.metrics.count("authserver_consent_decisions_total{decision=denied}"), 1);
  expect_page(browser.get(target), 400, "This request has expired");
  expect_page(browser.post("/consent", consent_form(page, "allow", {"mcp:echo"})), 400, "expired");
}

// Who does not decide

TEST_F(ConsentTest, WhoIsNotSignedInSeesTheLoginPage) {
  Browser browser = signed_in();
  const std::string target = consent_target(browser);
  Browser stranger(server);
  const HttpResponse response = stranger.get(target);
  EXPECT_EQ(destination_of(response).base, "/login");
  EXPECT_EQ(destination_of(response).get("redirect"), target);
}

TEST_F(ConsentTest, AnotherUserNeitherSeesNorDecidesARequest) {
  Browser ada = signed_in();
  const std::string target = consent_target(ada);
  const HttpResponse page = ada.get(target);
  Browser other = bob();
  expect_page(other.get(target), 403, "This request is not yours");
  // Not with the owner's form, nor with one made for the other user's own request.
  for (const char* action : {"allow", "deny"}) {
    expect_page(other.post("/consent", consent_form(page, action, {"mcp:echo"})), 403, "out of date");
    const HttpResponse own = other.get(consent_target(other));
    Form mixed = form_with(consent_form(own, action, {"mcp:echo"}), "session_id",
                           hidden_value(page.body, "session_id"));
    expect_page(other.post("/consent", mixed), 403, "out of date");
  }
  EXPECT_EQ(codes_given(), 0u);
  expect_code(ada.post("/consent", consent_form(page, "allow", {"mcp:echo"})));
}

// Even who could make form tokens could not decide for somebody else.
TEST_F(ConsentTest, TheStoreKnowsWhoseRequestItIs) {
  Browser ada = signed_in();
  const HttpResponse page = ada.get(consent_target(ada));
  const std::string id = hidden_value(page.body, "session_id");
  Browser other = bob();
  const std::string token =
      consent_form_token(SessionKeys(server.session_secret), other.cookies.at("authserver_session"), id);
  for (const char* action : {"allow", "deny"}) {
    const Form form = form_with(consent_form(page, action, {"mcp:echo"}), "csrf_token", token);
    expect_page(other.post("/consent", form), 403, "This request is not yours");
  }
  EXPECT_EQ(codes_given(), 0u);
}

TEST_F(ConsentTest, AFormOfAnEarlierLoginIsWorthNothing) {
  Browser browser = signed_in();
  const HttpResponse page = browser.get(consent_target(browser));
  EXPECT_EQ(sign_in(browser).status, 303);
  expect_page(browser.post("/consent", consent_form(page, "allow", {"mcp:echo"})), 403, "out of date");
  browser.cookies.clear();
  expect_page(browser.post("/consent", consent_form(page, "allow", {"mcp:echo"})), 401, "not signed in");
  EXPECT_EQ(codes_given(), 0u);
}

TEST_F(ConsentTest, AFormIsGoodForOneRequestOnly) {
  Browser browser = signed_in();
  const HttpResponse first = browser.get(consent_target(browser));
  const HttpResponse second =
      browser.get(consent_target(browser, request_with("scope", "mcp:echo mcp:other")));
  const Form mixed = form_with(consent_form(first, "allow", {"mcp:echo", "mcp:other"}), "session_id",
                               hidden_value(second.body, "session_id"));
  expect_page(browser.post("/consent", mixed), 403, "out of date");
  EXPECT_EQ(codes_given(), 0u);
}

TEST_F(ConsentTest, AnotherSiteCannotAnswer) {
  Browser browser = signed_in();
  const HttpResponse page = browser.get(consent_target(browser));
  const Form good = consent_form(page, "allow", {"mcp:echo"});
  for (const std::optional<std::string_view> token : {std::optional<std::string_view>(), {""}, {"forged"}}) {
    expect_page(browser.post("/consent", form_with(good, "csrf_token", token)), 403, "out of date");
  }
  expect_page(browser.post("/consent", good, {{"Sec-Fetch-Site", "cross-site"}}), 403, "out of date");
  expect_page(browser.post("/consent", good, {{"Origin", "https://evil.example"}}), 403, "out of date");
  expect_page(browser.send("POST", "/consent?" + good.encode(), "", {}), 400, "did not arrive whole");
  expect_page(browser.send("POST", "/consent", good.encode(), {{"Content-Type", "text/plain"}}), 400,
              "did not arrive whole");
  EXPECT_EQ(codes_given(), 0u);
}

// Answers that are none

TEST_F(ConsentTest, AnswersThatMakeNoSenseAllowNothing) {
  Browser browser = signed_in();
  const HttpResponse page = browser.get(consent_target(browser));
  const Form good = consent_form(page, "allow", {"mcp:echo"});
  const auto post = [&](const Form& form) { return browser.post("/consent", form); };
  expect_page(post(form_with(good, "action", std::nullopt)), 400, "Your answer is missing");
  expect_page(post(form_with(good, "action", "Allow")), 400, "Your answer is missing");
  expect_page(post(form_with(good, "session_id", std::nullopt)), 400, "nothing to decide");
  expect_page(post(form_with(good, "session_id", "unknown")), 403, "out of date");
  expect_page(post(form_with(good, "scopes", std::nullopt)), 400, "Nothing was allowed");
  expect_page(post(form_with(good, "scopes", "")), 400, "Nothing was allowed");
  for (const char* beyond : {"mcp:other", "mcp:admin", "mcp:echo mcp:other", "MCP:ECHO", "\r\n"}) {
    Form form = good;
    form.add("scopes", beyond);
    expect_page(post(form), 400, "Nothing was allowed");
  }
  Form both = good;
  both.add("action", "deny");
  expect_page(post(both), 400, "did not arrive whole");
  EXPECT_EQ(codes_given(), 0u);
  EXPECT_FALSE(grant());
  expect_code(post(good));
}

TEST_F(ConsentTest, AnAnswerCountsOnce) {
  Browser browser = signed_in();
  const std::string target = consent_target(browser);
  const HttpResponse page = browser.get(target);
  expect_code(browser.post("/consent", consent_form(page, "allow", {"mcp:echo"})));
  expect_page(browser.post("/consent", consent_form(page, "allow", {"mcp:echo"})), 409, "answered already");
  expect_page(browser.post("/consent", consent_form(page, "deny", {})), 409, "answered already");
  expect_page(browser.get(target), 409, "answered already");
  EXPECT_EQ(codes_given(), 1u);
}

TEST_F(ConsentTest, OfAnswersThatRaceOneCounts) {
  for (int round = 0; round < 5; ++round) {
    Browser browser = signed_in();
    const Form request = request_with("resource", std::nullopt);
    const HttpResponse page = browser.get(consent_target(browser, request));
    std::atomic<int> allowed = 0, denied = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        Browser tab = browser;
        const bool allow = i % 2 == 0;
        const HttpResponse answer =
            tab.post("/consent", consent_form(page, allow ? "allow" : "deny", {"mcp:echo"}));
        if (answer.status == 303) ++(allow ? allowed : denied);
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(allowed + denied, 1);
  }
}

TEST_F(ConsentTest, ARequestExpiresAfterTenMinutes) {
  Browser browser = signed_in();
  const std::string target = consent_target(browser);
  const HttpResponse page = browser.get(target);
  server.clock.advance(std::chrono::minutes(10));
  expect_page(browser.get(target), 400, "This request has expired");
  expect_page(browser.post("/consent", consent_form(page, "allow", {"mcp:echo"})), 400, "expired");
  expect_page(browser.post("/consent", consent_form(page, "deny", {})), 400, "expired");
}

TEST_F(ConsentTest, AnUnknownRequestIsAPage) {
  Browser browser = signed_in();
  expect_page(browser.get("/consent"), 400, "nothing to decide");
  expect_page(browser.get("/consent?session_id="), 400, "nothing to decide");
  expect_page(browser.get("/consent?session_id=a&session_id=b"), 400, "nothing to decide");
  expect_page(browser.get("/consent?session_id=unknown"), 400, "This request has expired");
}

TEST_F(ConsentTest, WhatHappensMeanwhileCounts) {
  Browser browser = signed_in();
  std::string target = consent_target(browser);
  HttpResponse page = browser.get(target);
  server.storage.clients().transition("app-1", ClientStatus::suspended, server.clock.now()).value();
  expect_page(browser.get(target), 403, "may not be used");
  expect_page(browser.post("/consent", consent_form(page, "allow", {"mcp:echo"})), 403, "may not be used");
  server.storage.clients().transition("app-1", ClientStatus::active, server.clock.now()).value();

  server.storage.users().transition("user-ada", UserStatus::disabled, server.clock.now()).value();
  expect_page(browser.post("/consent", consent_form(page, "allow", {"mcp:echo"})), 401, "not signed in");
  server.storage.users().transition("user-ada", UserStatus::active, server.clock.now()).value();

  server.clock.advance(std::chrono::seconds(1));
  browser = signed_in();
  target = consent_target(browser);
  page = browser.get(target);
  server.storage.resources().remove("id-demo", RemoveResource::unless_linked, server.clock.now()).value();
  expect_page(browser.get(target), 400, "nothing left to allow");
  expect_page(browser.post("/consent", consent_form(page, "allow", {"mcp:echo"})), 400,
              "nothing left to allow");
  EXPECT_EQ(codes_given(), 0u);
}

// What a catalogue lost after the request was made is still shown before it is allowed.
TEST_F(ConsentTest, EveryScopeThatIsAllowedWasShown) {
  Browser browser = signed_in();
  const std::string target = consent_target(browser, request_with("scope", "mcp:other mcp:echo"));
  Resource changed = *server.storage.resources().catalog().value()->find_by_slug("demo");
  changed.scopes.resize(1);
  server.storage.resources().update(changed).value();
  EXPECT_THAT(browser.get(target).body,
              AllOf(HasSubstr("value=\"mcp:echo\""), HasSubstr("value=\"mcp:other\"")));
}

TEST_F(ConsentTest, ManyScopesFitIntoTheForm) {
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) names.push_back("scope:" + std::to_string(i));
  server.add(server.resource_named("wide", "https://wide.example", names));
  Client open = app("app-open");
  open.scope.clear();
  server.add(open);
  Form request = form_with(request_with("client_id", "app-open"), "resource", "wide");
  request = form_with(request, "scope", std::nullopt);
  Browser browser = signed_in();
  const HttpResponse page = browser.get(consent_target(browser, request));
  Form form = consent_form(page, "allow", {});
  for (const std::string& name : names) form.add("scopes", name);
  EXPECT_EQ(redeem(expect_code(browser.post("/consent", form))).scopes.size(), 200u);
}

TEST_F(ConsentTest, AUserinfoDecoyNeverBecomesADestination) {
  Client hostile = app("app-hostile");
  hostile.redirect_uris = {"https://trusted.example@evil.example/cb"};
  server.add(hostile);
  Form request =
      form_with(request_with("client_id", "app-hostile"), "redirect_uri", hostile.redirect_uris[0]);
  Browser browser = signed_in();
  expect_page(browser.get(authorize_target(request)), 400, "leads somewhere unexpected");
}

TEST_F(ConsentTest, NamesFromStrangersCannotDisguiseThePage) {
  Client hostile = app("app-hostile");
  hostile.name = "</strong><script>alert(1)</script>\xE2\x80\xAE";
  hostile.registration_source = RegistrationSource::dcr;
  server.add(hostile);
  Browser browser = signed_in();
  const HttpResponse page = browser.get(consent_target(browser, request_with("client_id", "app-hostile")));
  EXPECT_THAT(page.body, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("\xE2\x80\xAE")),
                               HasSubstr("has not been checked by anyone")));
}

}  // namespace
}  // namespace authplane::authserver
