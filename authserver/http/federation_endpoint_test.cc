// Sign-in at the OpenID provider, from the login page to the session.

#include <atomic>
#include <thread>

#include "authserver/federation/scripted_provider.h"
#include "authserver/http/browser_fixture.h"

namespace authplane::authserver {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kStateCookie = "authserver_oidc_state";
constexpr const char* kSession = "authserver_session";

class FederationTest : public BrowserTest {
 protected:
  FederationTest() {
    server.config.browser.login.provider = "Example Login";
    connect(ScriptedProvider::options());
  }
  void connect(ProviderOptions options) {
    server.provider = std::make_shared<OpenIdProvider>(std::move(options),
                                                       ProviderDocuments::Deps{.transport = upstream.network,
                                                                               .clock = server.clock,
                                                                               .logger = server.logger,
                                                                               .metrics = server.metrics});
    server.provider->load().value();
    server.start();
  }

  // Where the browser is sent to sign in.
  static std::string start(Browser& browser, const std::string& redirect = "/consent?session_id=1") {
    const HttpResponse response = browser.get("/oidc/start?redirect=" + form_encode(redirect));
    EXPECT_EQ(response.status, 302) << response.body;
    expect_protected(response);
    return std::string(response.headers.get("Location").value_or(""));
  }
  static Form parameters(const std::string& target) {
    return Form::parse(target.substr(target.find('?') + 1)).value();
  }
  // What the provider sends the browser back with.
  std::string callback(Browser& browser) { return upstream.approve(start(browser)); }
  static std::string callback_with(const std::string& callback, std::string_view name,
                                   std::optional<std::string_view> value) {
    return "/oidc/callback?" + form_with(parameters(callback), name, value).encode();
  }
  // A whole sign-in.
  HttpResponse go(Browser& browser) { return browser.get(callback(browser)); }
  HttpResponse go() {
    Browser browser(server);
    return go(browser);
  }

  std::optional<User> eve() { return server.storage.users().find_by_provider("oidc", "upstream-7").value(); }
  std::size_t users() { return server.storage.users().list({1000, 0}).value().size(); }
  std::string last_detail() { return server.audit_rows().front().detail; }
  static void expect_signed_in(const Browser& browser, const HttpResponse& response) {
    EXPECT_EQ(response.status, 303) << response.body;
    EXPECT_EQ(browser.cookies.count(kSession), 1u);
    EXPECT_EQ(browser.cookies.count(kStateCookie), 0u);
    expect_protected(response);
  }
  // Nobody is signed in, and the page says what to do.
  static void expect_refused(const Browser& browser, const HttpResponse& response, int status,
                             std::string_view text) {
    expect_page(response, status, text);
    EXPECT_EQ(browser.cookies.count(kSession), 0u);
  }
  // The same for a sign-in with a provider that misbehaves; the audit row has that reason, and no account is
  // made.
  void expect_refusal(int status, std::string_view text, const std::string& reason) {
    const std::size_t before = users();
    Browser browser(server);
    expect_refused(browser, go(browser), status, text);
    EXPECT_EQ(browser.cookies.count(kStateCookie), 0u);
    EXPECT_EQ(users(), before);
    EXPECT_EQ(server.audit_rows().front().action, "user.oidc_login_failed");
    EXPECT_EQ(last_detail(), "reason=" + reason);
    EXPECT_EQ(server.audit_rows().front().ip, browser.address);
  }

  ScriptedProvider upstream{server.clock};
};

TEST_F(FederationTest, LeadsFromAnApplicationThroughTheProviderToItsConsentPage) {
  Browser browser(server);
  const Destination login = destination_of(browser.get(authorize_target(valid_request())));
  const HttpResponse page = browser.get(login.base + "?redirect=" + form_encode(login.get("redirect")));
  EXPECT_THAT(page.body, HasSubstr("Continue with Example Login"));
  const std::string href = "href=\"/oidc/start?redirect=" + percent_encode(login.get("redirect")) + "\"";
  EXPECT_THAT(page.body, HasSubstr(href));

  const HttpResponse back = browser.get(upstream.approve(start(browser, login.get("redirect"))));
  expect_signed_in(browser, back);
  EXPECT_EQ(back.headers.get("Location"), authorize_target(valid_request()));
  const HttpResponse consent = browser.get(consent_target(browser));
  EXPECT_THAT(consent.body, HasSubstr("eve@example.org"));
  const std::string code =
      expect_code(browser.post("/consent", consent_form(consent, "allow", {"mcp:echo"})));
  EXPECT_EQ(redeem(code).user_id, eve()->id);  // never the provider's name for the user
}

TEST_F(FederationTest, TheFirstSignInMakesAnAccount) {
  Browser browser(server);
  expect_signed_in(browser, go(browser));
  const User user = eve().value();
  EXPECT_EQ(user.email, "eve@example.org");
  EXPECT_EQ(user.name, "Eve");
  EXPECT_EQ(user.role, UserRole::user);
  EXPECT_EQ(user.status, UserStatus::active);
  EXPECT_EQ(user.password_hash, "");
  EXPECT_THAT(actions(), ElementsAre("user.created", "user.oidc_login"));
  EXPECT_EQ(server.audit_rows().front().actor_id, user.id);
  EXPECT_EQ(server.metrics.count("authserver_login_attempts_total{outcome=success}"), 1);
}

TEST_F(FederationTest, LaterSignInsAreTheSameAccountBroughtUpToDate) {
  go();
  const std::string id = eve()->id;
  upstream.user["email"] = "eve@new.example";
  upstream.user["name"] = "Eve Adams";
  EXPECT_EQ(go().status, 303);
  EXPECT_EQ(eve()->id, id);
  EXPECT_EQ(eve()->email, "eve@new.example");
  EXPECT_EQ(eve()->name, "Eve Adams");
  upstream.user["email_verified"] = false;  // says nothing
  upstream.user.erase("name");
  EXPECT_EQ(go().status, 303);
  EXPECT_EQ(eve()->email, "eve@new.example");
  EXPECT_EQ(eve()->name, "Eve Adams");
  EXPECT_EQ(users(), 2u);
  EXPECT_THAT(actions(),
              ElementsAre("user.created", "user.oidc_login", "user.oidc_login", "user.oidc_login"));
}

TEST_F(FederationTest, FirstSignInsAtOnceAreOneAccount) {
  std::atomic<int> signed_in = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      if (go().status == 303) ++signed_in;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(signed_in, 8);
  EXPECT_EQ(users(), 2u);
}

TEST_F(FederationTest, TheProviderIsAskedForWhatTheOperatorSays) {
  ProviderOptions options = ScriptedProvider::options();
  options.connector_id = "corp-ldap";
  connect(std::move(options));
  Browser browser(server);
  const HttpResponse response = browser.get("/oidc/start");
  const std::string location(*response.headers.get("Location"));
  EXPECT_TRUE(location.starts_with(ScriptedProvider::url("/authorize?p=1&response_type=code&")));
  const Form asked = parameters(location);
  EXPECT_EQ(asked.get("scope"), "openid email profile groups");
  EXPECT_EQ(asked.get("connector_id"), "corp-ldap");
  for (const char* name : {"state", "nonce", "code_challenge"})
    EXPECT_EQ(asked.get(name).value_or("").size(), 43u) << name;
  EXPECT_FALSE(asked.first_repeated());
  EXPECT_THAT(std::string(*response.headers.get("Set-Cookie")),
              AllOf(HasSubstr("authserver_oidc_state="), HasSubstr("; Path=/;"), HasSubstr("Max-Age=600"),
                    HasSubstr("HttpOnly"), HasSubstr("SameSite=Lax"), Not(HasSubstr("Domain"))));
}

TEST_F(FederationTest, GroupsAreNotAskedForWhereNobodyOffersThem) {
  upstream.metadata.erase("scopes_supported");
  connect(ScriptedProvider::options());
  Browser browser(server);
  EXPECT_EQ(parameters(start(browser)).get("scope"), "openid email profile");
}

TEST_F(FederationTest, TheSecretMayGoIntoTheForm) {
  upstream.metadata["token_endpoint_auth_methods_supported"] = {"client_secret_post"};
  connect(ScriptedProvider::options());
  EXPECT_EQ(go().status, 303);
  const OutboundRequest request = upstream.network->requests().back();
  EXPECT_FALSE(request.headers.contains("Authorization"));
}

// Who did not begin it does not end it

TEST_F(FederationTest, AStateThatIsNotOfThisSignInIsRefused) {
  Browser browser(server);
  const std::string good = callback(browser);
  const std::string state(*parameters(good).get("state"));
  Browser other(server);
  const std::string foreign(*parameters(start(other)).get("state"));
  for (const std::optional<std::string_view> value :
       {std::optional<std::string_view>(), std::optional<std::string_view>(""),
        std::optional<std::string_view>("forged"), std::optional<std::string_view>(foreign)}) {
    expect_refused(browser, browser.get(callback_with(good, "state", value)), 400, "cannot be continued");
  }
  expect_refused(browser, browser.get(good + "&state=" + state), 400, "cannot be continued");
  EXPECT_EQ(upstream.network->count(ScriptedProvider::url("/token")), 0u);
  expect_signed_in(browser, browser.get(good));  // none of that took it away
}

TEST_F(FederationTest, NobodyIsSignedInAsSomebodyElseByALink) {
  Browser attacker(server);
  const std::string link = callback(attacker);
  Browser victim(server);
  expect_refused(victim, victim.get(link), 400, "cannot be continued");
  start(victim);
  expect_refused(victim, victim.get(link), 400, "cannot be continued");
  victim.cookies[kStateCookie] += "A";
  expect_refused(victim, victim.get(link), 400, "cannot be continued");
  EXPECT_TRUE(server.audit_rows().empty());
  EXPECT_EQ(upstream.network->count(ScriptedProvider::url("/token")), 0u);
}

TEST_F(FederationTest, ASignInComesBackOnce) {
  Browser browser(server);
  const std::string url = start(browser);
  Browser copy = browser;  // with the cookie
  expect_signed_in(browser, browser.get(upstream.approve(url)));
  expect_refused(copy, copy.get(upstream.approve(url)), 400, "cannot be continued");
  EXPECT_EQ(upstream.network->count(ScriptedProvider::url("/token")), 1u);
}

TEST_F(FederationTest, OfCallbacksThatRaceOneCounts) {
  Browser browser(server);
  const std::string target = callback(browser);
  std::atomic<int> signed_in = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      Browser tab = browser;
      if (tab.get(target).status == 303) ++signed_in;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(signed_in, 1);
}

TEST_F(FederationTest, ASignInMayTakeTenMinutes) {
  Browser browser(server);
  const std::string late = callback(browser);
  server.clock.advance(minutes(10));
  expect_refused(browser, browser.get(late), 400, "cannot be continued");
  const std::string in_time = callback(browser);
  server.clock.advance(minutes(10) - seconds(1));
  expect_signed_in(browser, browser.get(in_time));
}

TEST_F(FederationTest, AnAnswerOfAnotherIssuerIsRefused) {
  upstream.iss = "https://other.example";
  expect_refusal(400, "not signed in", "provider_error");
  upstream.iss = ScriptedProvider::kIssuer;
  EXPECT_EQ(go().status, 303);
  upstream.metadata["authorization_response_iss_parameter_supported"] = true;
  connect(ScriptedProvider::options());
  EXPECT_EQ(go().status, 303);
  upstream.iss = "";
  expect_refusal(400, "not signed in", "provider_error");
}

TEST_F(FederationTest, NobodyIsSentAwayFromThisServer) {
  for (const char* redirect : {"https://evil.example/", "//evil.example", "/\\evil.example", "/%2F/evil",
                               "javascript:alert(1)", "/a/../b", ""}) {
    Browser browser(server);
    const HttpResponse response = browser.get(upstream.approve(start(browser, redirect)));
    EXPECT_EQ(response.headers.get("Location"), "/") << redirect;
  }
}

TEST_F(FederationTest, ARequestTooLongToBeCarriedAlongIsSaidSo) {
  Browser browser(server);
  const std::string longest = "/consent?session_id=" + std::string(kMaxSignInRedirect - 20, 'a');
  EXPECT_EQ(browser.get(upstream.approve(start(browser, longest))).headers.get("Location"), longest);
  expect_page(browser.get("/oidc/start?redirect=" + form_encode(longest + "a")), 400, "too long");
}

// What the provider says

TEST_F(FederationTest, AnIdTokenThatCannotBeBelievedSignsNobodyIn) {
  using Token = testing::TokenBuilder;
  const std::string invalid = "invalid_id_token";
  for (const auto& sign : std::vector<std::function<std::string(Token)>>{
           [](Token token) { return token.claim("nonce", "of another sign-in").build(); },
           [](Token token) { return token.issuer("https://evil.example").build(); },
           [](Token token) { return token.claim("aud", "another client").build(); },
           [](Token token) { return token.claim("azp", "another client").build(); },
           [](Token token) { return token.claim("exp", 1'700'000'000).build(); },
           [](Token token) { return token.build_unsigned(); },
           [](Token token) { return token.build_hs256(ScriptedProvider::kSecret); },
           [](Token token) { return token.build_hs256(testing::test_key().public_key().to_pem()); },
           [](Token token) { return token.key(testing::test_key(JwsAlgorithm::ES256, 1)).build(); },
           [](Token) { return std::string("no token"); }}) {
    upstream.sign = sign;
    expect_refusal(401, "could not be accepted", invalid);
  }
}

TEST_F(FederationTest, AKeyTheProviderHasJustMadeIsFetched) {
  upstream.key = testing::test_key(JwsAlgorithm::ES256, 1);
  upstream.keys = testing::jwks_document({testing::test_key(), upstream.key});
  EXPECT_EQ(go().status, 303);
  EXPECT_EQ(go().status, 303);
  EXPECT_EQ(upstream.network->count(ScriptedProvider::url("/keys")), 2u);
}

TEST_F(FederationTest, ACodeTheProviderDoesNotKnowIsRefused) {
  upstream.token_answer = [](const OutboundRequest&) {
    return ScriptedProvider::json(400, R"({"error":"invalid_grant","error_description":"canary"})");
  };
  expect_refusal(401, "could not be accepted", "code_exchange_failed");
}

TEST_F(FederationTest, AProviderThatFailsIsNotTheUsersFault) {
  const auto answer = [](int status, std::string body) {
    return [=](const OutboundRequest&) { return ScriptedProvider::json(status, body); };
  };
  const std::string huge = R"({"id_token":")" + std::string(1024 * 1024, 'a') + "\"}";
  for (const auto& failing : std::vector<std::function<Result<HttpResponse>(const OutboundRequest&)>>{
           answer(401, R"({"error":"invalid_client"})"), answer(503, "down"), answer(429, ""),
           answer(200, "no JSON"), answer(200, "{}"), answer(200, R"({"id_token":7})"), answer(200, huge),
           answer(302, ""), [](const OutboundRequest&) -> Result<HttpResponse> {
             return Err(ErrorCode::transport_error, "time is over");
           }}) {
    upstream.token_answer = failing;
    expect_refusal(500, "cannot be signed in now", "provider_failed");
  }
  for (const OutboundRequest& request : upstream.network->requests())
    EXPECT_LE(request.max_response_bytes, 128u * 1024);
}

TEST_F(FederationTest, AnErrorOfTheProviderIsAPageWithoutItsWords) {
  Browser browser(server);
  const std::string state(*parameters(start(browser)).get("state"));
  const HttpResponse response = browser.get(
      "/oidc/callback?error=access_denied%0A%3Cscript%3E&error_description=canary-words&state=" + state);
  expect_refused(browser, response, 400, "cancelled or refused");
  EXPECT_THAT(response.body, AllOf(Not(HasSubstr("access_denied")), Not(HasSubstr("canary-words"))));
  EXPECT_TRUE(server.logger.contains("access_denied"));
  EXPECT_EQ(browser.cookies.count(kStateCookie), 0u);
  for (const char* code : {"", "&code=", "&code=a&code=b"}) {
    const std::string next(*parameters(start(browser)).get("state"));
    expect_refused(browser, browser.get("/oidc/callback?state=" + next + code), 400, "not signed in");
  }
  expect_refused(browser, browser.get("/oidc/callback?error=access_denied"), 400, "cannot be continued");
}

// Whose account it is

TEST_F(FederationTest, AnAddressOpensNobodysAccount) {
  const User ada = server.storage.users().get("user-ada").value();
  upstream.user["email"] = "ADA@example.com";
  expect_refusal(409, "has another account", "email_in_use");
  EXPECT_EQ(server.storage.users().get("user-ada").value(), ada);
  EXPECT_FALSE(eve());
}

TEST_F(FederationTest, AnAddressOfSomebodyElseIsPassedOverLater) {
  go();
  upstream.user["email"] = std::string(kEmail);
  Browser browser(server);
  expect_signed_in(browser, go(browser));
  EXPECT_EQ(eve()->email, "eve@example.org");
  EXPECT_EQ(server.storage.users().get("user-ada").value().email, kEmail);
}

TEST_F(FederationTest, AnAddressTheProviderDoesNotStandByIsNoAddress) {
  upstream.user["email"] = std::string(kEmail);
  upstream.user["email_verified"] = false;
  EXPECT_EQ(go().status, 303);
  EXPECT_EQ(eve()->email, "");
  upstream.user["sub"] = "upstream-8";
  EXPECT_EQ(go().status, 303);  // any number of accounts has none
  EXPECT_EQ(users(), 3u);
}

TEST_F(FederationTest, TheSubjectOfAnotherProviderIsNotThisUser) {
  User other = user("user-other", "other@example.com", kPassword);
  other.provider = "another";
  other.provider_sub = "upstream-7";
  server.storage.users().insert(other).value();
  EXPECT_EQ(go().status, 303);
  EXPECT_NE(eve()->id, "user-other");
}

// Subjects are names at one issuer only: the "upstream-7" of the next may be anybody.
TEST_F(FederationTest, TheAccountsOfOneIssuerAreNotThoseOfTheNext) {
  EXPECT_EQ(go().status, 303);
  server.storage.settings().set(kOpenIdIssuerSetting, "https://before.example", server.clock.now()).value();
  const User before = *eve();
  expect_refusal(500, "cannot be signed in", "issuer_changed");
  EXPECT_EQ(*eve(), before);
  EXPECT_TRUE(server.logger.contains("the accounts here are those of https://before.example"));
  EXPECT_TRUE(server.logger.contains("accept-issuer --issuer " + std::string(ScriptedProvider::kIssuer)));
  server.storage.settings().set(kOpenIdIssuerSetting, ScriptedProvider::kIssuer, server.clock.now()).value();
  EXPECT_EQ(go().status, 303);
}

TEST_F(FederationTest, ADisabledUserStaysOut) {
  go();
  server.storage.users().transition(eve()->id, UserStatus::disabled, server.clock.now()).value();
  const User before = eve().value();
  upstream.user["name"] = "Changed";
  expect_refusal(401, "may not sign in", "user_disabled");
  EXPECT_EQ(server.audit_rows().front().actor_id, before.id);
  EXPECT_EQ(eve(), before);
}

TEST_F(FederationTest, AFederatedUserHasNoPassword) {
  go();
  Browser browser(server);
  EXPECT_EQ(sign_in(browser, "eve@example.org", "").status, 422);
}

// Around it

TEST_F(FederationTest, NothingSecretIsLoggedOrShown) {
  std::string shown = go().body;
  upstream.sign = [](testing::TokenBuilder token) { return token.claim("aud", "x").build(); };
  Browser browser(server);
  const std::string target = callback(browser);
  shown += browser.get(target).body;
  upstream.token_answer = [](const OutboundRequest&) { return ScriptedProvider::json(500, "canary-body"); };
  shown += go().body;
  for (const std::string& text : {server.logger.text(), shown}) {
    EXPECT_THAT(text, AllOf(Not(HasSubstr("canary")), Not(HasSubstr("eyJ")),
                            Not(HasSubstr(std::string(*parameters(target).get("state"))))));
  }
  EXPECT_TRUE(server.logger.contains("claim aud"));
}

TEST_F(FederationTest, SignInsThatWaitForTheProviderAreBounded) {
  std::atomic<bool> released = false;
  std::atomic<std::size_t> waiting = 0;
  upstream.token_answer = [&](const OutboundRequest&) {
    ++waiting;
    while (!released) std::this_thread::yield();
    return ScriptedProvider::json(400, R"({"error":"invalid_grant"})");
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < FederationEndpoint::kMostCallbacks; ++i)
    threads.emplace_back([&] { EXPECT_EQ(go().status, 401); });
  while (waiting < FederationEndpoint::kMostCallbacks) std::this_thread::yield();
  Browser browser(server);
  const HttpResponse response = go(browser);
  released = true;
  for (std::thread& thread : threads) thread.join();
  expect_refused(browser, response, 503, "Too many people");
  EXPECT_EQ(response.headers.get("Retry-After"), "1");
}

TEST_F(FederationTest, WithoutPasswordsThereIsOnlyTheButton) {
  server.config.browser.login.local = false;
  server.start();
  Browser browser(server);
  const HttpResponse page = browser.get("/login");
  EXPECT_THAT(page.body, AllOf(HasSubstr("Continue with Example Login"), Not(HasSubstr("<form"))));
  expect_page(browser.post("/login", login_form(page)), 404, "no sign-in with a password");
  expect_signed_in(browser, go(browser));
  EXPECT_EQ(browser.post("/logout", Form()).status, 303);
}

TEST_F(FederationTest, WithoutAProviderThereIsNothingOfIt) {
  server.provider = nullptr;
  server.config.browser.login.provider = "";
  server.start();
  Browser browser(server);
  EXPECT_EQ(browser.get("/oidc/start").status, 404);
  EXPECT_EQ(browser.get("/oidc/callback").status, 404);
  EXPECT_THAT(browser.get("/login").body, Not(HasSubstr("oidc")));
}

TEST_F(FederationTest, BehindHttpsOnlyThisHostCanSetTheCookie) {
  server.config.browser.session.cookie = {.name = kSession, .secure = true, .same_site = SameSite::strict};
  server.start();
  Browser browser(server);
  const std::string cookie(*browser.get("/oidc/start").headers.get("Set-Cookie"));
  EXPECT_THAT(cookie, AllOf(HasSubstr("__Host-authserver_oidc_state="), HasSubstr("; Secure"),
                            HasSubstr("SameSite=Lax")));  // browsers come back from another site
}

}  // namespace
}  // namespace authplane::authserver
