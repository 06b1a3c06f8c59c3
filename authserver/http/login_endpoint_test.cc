#include <atomic>

#include <authplane/testing/race.h>

#include "authserver/http/browser_fixture.h"
#include "authserver/identity/form_tokens.h"

namespace authplane::authserver {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kSession = "authserver_session";
constexpr std::string_view kNonce = "authserver_login_nonce";
constexpr std::string_view kWrong = "Email or password is wrong.";

class LoginTest : public BrowserTest {
 protected:
  static Form with(const HttpResponse& page, std::string_view name, std::optional<std::string_view> value) {
    return form_with(login_form(page), name, value);
  }
  bool is_signed_in(Browser& browser) {
    return destination_of(browser.get(authorize_target(valid_request()))).base == "/consent";
  }
  double attempts(const std::string& outcome) {
    return server.metrics.count("authserver_login_attempts_total{outcome=" + outcome + "}");
  }
};

TEST_F(LoginTest, TheFormHasATokenForThisBrowserOnly) {
  Browser browser(server);
  const HttpResponse page = browser.get("/login?redirect=/oauth/authorize%3Fa%3Db");
  expect_page(page, 200, "Sign in");
  EXPECT_EQ(hidden_value(page.body, "redirect"), "/oauth/authorize?a=b");
  EXPECT_EQ(hidden_value(page.body, "csrf_token").size(), 43u);
  const std::string cookie(*page.headers.get("Set-Cookie"));
  EXPECT_THAT(cookie,
              AllOf(HasSubstr("authserver_login_nonce="), HasSubstr("; Path=/;"), HasSubstr("HttpOnly"),
                    HasSubstr("SameSite=Lax"), HasSubstr("Max-Age=43200"), Not(HasSubstr("Domain"))));
}

TEST_F(LoginTest, AFormOpenInAnotherTabStaysGood) {
  Browser browser(server);
  const HttpResponse first = browser.get("/login");
  const HttpResponse second = browser.get("/login");
  EXPECT_FALSE(second.headers.contains("Set-Cookie"));
  EXPECT_EQ(browser.post("/login", login_form(first)).status, 303);
}

TEST_F(LoginTest, WhoKnowsThePasswordIsSignedIn) {
  Browser browser(server);
  const HttpResponse response = sign_in(browser);
  EXPECT_EQ(response.status, 303);
  EXPECT_EQ(response.headers.get("Location"), "/");
  expect_protected(response);
  const std::string cookie(*response.headers.get("Set-Cookie"));
  EXPECT_THAT(cookie, AllOf(HasSubstr("authserver_session="), HasSubstr("; Path=/;"), HasSubstr("HttpOnly"),
                            HasSubstr("SameSite=Lax"), HasSubstr("Max-Age=86400"), Not(HasSubstr("Domain")),
                            Not(HasSubstr("Secure"))));
  EXPECT_TRUE(is_signed_in(browser));
  EXPECT_EQ(attempts("success"), 1);
  const auto rows = server.audit_rows();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].action, "user.login");
  EXPECT_EQ(rows[0].actor_id, "user-ada");
  EXPECT_EQ(rows[0].ip, "192.0.2.7");
  EXPECT_EQ(rows[0].detail, "");
}

TEST_F(LoginTest, AnAddressMayBeTypedInAnyCase) {
  Browser browser(server);
  EXPECT_EQ(sign_in(browser, " ADA@Example.com ").status, 303);
}

TEST_F(LoginTest, SecureCookiesAreForThisHostAlone) {
  server.config.browser.session.cookie.secure = true;
  server.config.browser.session.cookie.same_site = SameSite::strict;
  server.start();
  Browser browser(server);
  const HttpResponse page = browser.get("/login");
  for (const HttpResponse& response : {page, browser.post("/login", login_form(page))}) {
    EXPECT_THAT(std::string(*response.headers.get("Set-Cookie")),
                AllOf(::testing::StartsWith("__Host-authserver_"), HasSubstr("; Secure"),
                      HasSubstr("; Path=/;"), HasSubstr("SameSite=Strict"), Not(HasSubstr("Domain"))));
  }
  EXPECT_TRUE(browser.cookies.contains("__Host-authserver_session"));
  EXPECT_TRUE(is_signed_in(browser));
}

// What is wrong, and what it costs, is nobody's business.

struct WrongCase {
  std::string_view name, email, password, reason, actor;
};

class WrongCredentialsTest : public LoginTest, public ::testing::WithParamInterface<WrongCase> {};

TEST_P(WrongCredentialsTest, AreAnsweredAlike) {
  const WrongCase& c = GetParam();
  User off = user("user-off", "off@example.com", kPassword);
  off.status = UserStatus::disabled;
  server.storage.users().insert(off).value();
  User federated = user("user-fed", "fed@example.com", kPassword);
  federated.provider = "oidc";
  federated.provider_sub = "42";
  server.storage.users().insert(federated).value();
  User broken = user("user-broken", "broken@example.com", kPassword);
  broken.password_hash = "$argon2id$v=19$m=9999999,t=1,p=1$c2FsdHNhbHQ$dGFndGFndGFndGFndGFn";
  server.storage.users().insert(broken).value();

  Browser browser(server);
  const HttpResponse response = sign_in(browser, c.email, c.password);
  expect_page(response, 422, kWrong);
  EXPECT_EQ(response.headers.count("Set-Cookie"), 0u);
  EXPECT_THAT(response.body, Not(HasSubstr(std::string(c.password))));
  EXPECT_FALSE(browser.cookies.contains(std::string(kSession)));
  EXPECT_EQ(attempts("failure"), 1);
  const auto rows = server.audit_rows();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].action, "user.login_failed");
  EXPECT_EQ(rows[0].actor_id, c.actor);
  EXPECT_EQ(rows[0].detail, "reason=" + std::string(c.reason));
  EXPECT_FALSE(server.logger.contains(c.email));
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongCredentialsTest,
    ::testing::Values(
        WrongCase{"Password", kEmail, "wrong password", "invalid_credentials", "user-ada"},
        WrongCase{"LongPassword", kEmail,
                  "0123456789012345678901234567890123456789012345678901234567890123456789012345",
                  "invalid_credentials", "user-ada"},
        WrongCase{"User", "eve@example.com", kPassword, "user_not_found", ""},
        WrongCase{"NoAddress", "eve", kPassword, "user_not_found", ""},
        WrongCase{"DisabledUser", "off@example.com", kPassword, "user_disabled", "user-off"},
        WrongCase{"FederatedUser", "fed@example.com", kPassword, "user_not_local", "user-fed"},
        WrongCase{"BrokenRow", "broken@example.com", kPassword, "unusable_stored_hash", "user-broken"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(LoginTest, AnEmptyPasswordIsWrong) {
  Browser browser(server);
  expect_page(sign_in(browser, kEmail, ""), 422, kWrong);
}

TEST_F(LoginTest, WhatIsTooLongForAnAddressLeavesNoTrace) {
  Browser browser(server);
  const std::string long_address = std::string(250, 'x') + "@example.com";
  for (const std::string& email : {long_address, std::string(" "), std::string()}) {
    const HttpResponse response = sign_in(browser, email);
    expect_page(response, 422, kWrong);
    EXPECT_THAT(response.body, Not(HasSubstr("xxxxxxxx")));
  }
  EXPECT_TRUE(server.audit_rows().empty());
  EXPECT_FALSE(server.logger.contains("xxxxxxxx"));
}

// Lockout

class LockoutTest : public LoginTest {
 protected:
  void fail(Browser& browser, std::size_t times, std::string_view email = kEmail) {
    for (std::size_t i = 0; i < times; ++i) EXPECT_EQ(sign_in(browser, email, "wrong").status, 422);
  }
};

TEST_F(LockoutTest, TenFailuresLockTheAddressForFifteenMinutes) {
  Browser browser(server);
  fail(browser, 10);
  const HttpResponse locked = sign_in(browser);
  expect_page(locked, 429, "Too many failed attempts");
  EXPECT_EQ(locked.headers.get("Retry-After"), "900");
  EXPECT_EQ(server.metrics.count("authserver_auth_denied_total{reason=locked_out}"), 1);
  EXPECT_EQ(attempts("locked_out"), 1);

  server.clock.advance(minutes(15) - seconds(1));
  EXPECT_EQ(sign_in(browser).headers.get("Retry-After"), "1");
  server.clock.advance(seconds(1));
  EXPECT_EQ(sign_in(browser).status, 303);
}

TEST_F(LockoutTest, ItIsLoggedAndAuditedOnceWithoutTheAddress) {
  Browser browser(server);
  fail(browser, 10);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(sign_in(browser).status, 429);
  std::size_t rows = 0;
  for (const AuditEvent& event : server.audit_rows()) {
    if (event.action != "auth.locked_out") continue;
    ++rows;
    EXPECT_EQ(event.actor_id, "user-ada");
    EXPECT_EQ(event.ip, "192.0.2.7");
    EXPECT_EQ(event.detail, "until=2026-01-01T00:15:00Z");
  }
  EXPECT_EQ(rows, 1u);
  const std::string log = server.logger.text();
  EXPECT_EQ(log.find("sign-in locked"), log.rfind("sign-in locked"));
  EXPECT_NE(log.find("sign-in locked"), std::string::npos);
  EXPECT_FALSE(server.logger.contains(kEmail));
}

TEST_F(LockoutTest, AnUnknownAddressIsLockedLikeAKnownOne) {
  Browser browser(server);
  fail(browser, 10, "eve@example.com");
  EXPECT_EQ(sign_in(browser, "eve@example.com").status, 429);
}

TEST_F(LockoutTest, NeitherSpellingNorANewBrowserGetsAroundIt) {
  Browser browser(server);
  fail(browser, 10);
  Browser other(server);
  for (const char* email : {"ADA@example.com", " ada@example.com", "ada@EXAMPLE.com\t"}) {
    EXPECT_EQ(sign_in(other, email).status, 429) << email;
  }
  HttpResponse page = other.get("/login");
  Form form = login_form(page);
  EXPECT_EQ(
      other.post("/login", form, {{"X-Forwarded-For", "198.51.100.1"}, {"Forwarded", "for=198.51.100.1"}})
          .status,
      429);
}

TEST_F(LockoutTest, NobodyIsLockedOutFromElsewhere) {
  Browser attacker(server);
  attacker.address = "203.0.113.5";
  fail(attacker, 10);
  Browser browser(server);
  EXPECT_EQ(sign_in(browser).status, 303);
  EXPECT_EQ(sign_in(attacker).status, 429);
  Browser other(server);
  other.address = "203.0.113.5";
  EXPECT_EQ(sign_in(other, "eve@example.com").status, 422);
}

TEST_F(LockoutTest, SuccessForgetsFailures) {
  Browser browser(server);
  fail(browser, 9);
  EXPECT_EQ(sign_in(browser).status, 303);
  fail(browser, 9);
  EXPECT_EQ(sign_in(browser).status, 303);
}

TEST_F(LockoutTest, ItMayBeSwitchedOff) {
  server.config.browser.lockout.max_failures = 0;
  server.start();
  Browser browser(server);
  fail(browser, 25);
  EXPECT_EQ(sign_in(browser).status, 303);
}

TEST_F(LockoutTest, NoTokenIsCheckedAndNoFailureCountedForAForgedForm) {
  Browser browser(server);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(browser.post("/login", with(browser.get("/login"), "csrf_token", "forged")).status, 422);
  }
  EXPECT_EQ(sign_in(browser).status, 303);
}

// Forged forms

struct ForgedCase {
  std::string_view name;
  std::function<HttpResponse(Browser&, const HttpResponse& page)> send;
};

class ForgedLoginTest : public LoginTest, public ::testing::WithParamInterface<ForgedCase> {};

TEST_P(ForgedLoginTest, SignsNobodyIn) {
  Browser browser(server);
  const HttpResponse page = browser.get("/login");
  const HttpResponse response = GetParam().send(browser, page);
  expect_page(response, 422, "Sign in");
  EXPECT_THAT(response.body, Not(HasSubstr(std::string(kWrong))));
  EXPECT_FALSE(browser.cookies.contains(std::string(kSession)));
  EXPECT_TRUE(server.audit_rows().empty());
  // The form it was answered with works.
  EXPECT_EQ(browser.post("/login", login_form(response)).status, 303);
}

Form login_with(const HttpResponse& page, std::string_view token) {
  Form form;
  form.add("csrf_token", std::string(token));
  form.add("redirect", hidden_value(page.body, "redirect"));
  form.add("email", std::string(kEmail));
  form.add("password", std::string(kPassword));
  return form;
}

INSTANTIATE_TEST_SUITE_P(
    All, ForgedLoginTest,
    ::testing::Values(ForgedCase{"NoToken",
                                 [](Browser& b, const HttpResponse& p) {
                                   return b.post("/login", login_with(p, ""));
                                 }},
                      ForgedCase{"WrongToken",
                                 [](Browser& b, const HttpResponse& p) {
                                   std::string token = hidden_value(p.body, "csrf_token");
                                   token[0] = token[0] == 'A' ? 'B' : 'A';
                                   return b.post("/login", login_with(p, token));
                                 }},
                      ForgedCase{"NoCookie",
                                 [](Browser& b, const HttpResponse& p) {
                                   b.cookies.clear();
                                   return b.post("/login", login_with(p, hidden_value(p.body, "csrf_token")));
                                 }},
                      ForgedCase{"NonceAsToken",
                                 [](Browser& b, const HttpResponse& p) {
                                   return b.post("/login", login_with(p, b.cookies.at(std::string(kNonce))));
                                 }},
                      ForgedCase{"ForeignCookie",
                                 [](Browser& b, const HttpResponse& p) {
                                   // What an attacker who can write cookies, but has not our key, would
                                   // plant.
                                   testing::SeededRandom random(7);
                                   const SessionKeys foreign(SecretString("another secret"));
                                   const std::string nonce = make_login_nonce(foreign, random);
                                   b.cookies[std::string(kNonce)] = nonce;
                                   return b.post("/login", login_with(p, *login_form_token(foreign, nonce)));
                                 }},
                      ForgedCase{"TwoCookies",
                                 [](Browser& b, const HttpResponse& p) {
                                   b.cookies["x"] =
                                       "1; " + std::string(kNonce) + "=" + b.cookies.at(std::string(kNonce));
                                   const auto response =
                                       b.post("/login", login_with(p, hidden_value(p.body, "csrf_token")));
                                   b.cookies.erase("x");
                                   return response;
                                 }},
                      ForgedCase{"SentByAnotherSite",
                                 [](Browser& b, const HttpResponse& p) {
                                   return b.post("/login", login_with(p, hidden_value(p.body, "csrf_token")),
                                                 {{"Sec-Fetch-Site", "cross-site"}});
                                 }},
                      ForgedCase{"SentByANeighbour",
                                 [](Browser& b, const HttpResponse& p) {
                                   return b.post("/login", login_with(p, hidden_value(p.body, "csrf_token")),
                                                 {{"Sec-Fetch-Site", "same-site"}});
                                 }},
                      ForgedCase{"ForeignOrigin",
                                 [](Browser& b, const HttpResponse& p) {
                                   return b.post("/login", login_with(p, hidden_value(p.body, "csrf_token")),
                                                 {{"Origin", "https://evil.example"}});
                                 }},
                      ForgedCase{"NoForm",
                                 [](Browser& b, const HttpResponse& p) {
                                   return b.send("POST", "/login",
                                                 login_with(p, hidden_value(p.body, "csrf_token")).encode(),
                                                 {{"Content-Type", "text/plain"}});
                                 }},
                      ForgedCase{"InTheQuery",
                                 [](Browser& b, const HttpResponse& p) {
                                   const Form form = login_with(p, hidden_value(p.body, "csrf_token"));
                                   return b.post("/login?" + form.encode(), Form());
                                 }},
                      ForgedCase{"TwoTokens",
                                 [](Browser& b, const HttpResponse& p) {
                                   Form form = login_with(p, hidden_value(p.body, "csrf_token"));
                                   form.add("csrf_token", hidden_value(p.body, "csrf_token"));
                                   return b.post("/login", form);
                                 }},
                      ForgedCase{"TwoPasswords",
                                 [](Browser& b, const HttpResponse& p) {
                                   Form form = login_with(p, hidden_value(p.body, "csrf_token"));
                                   form.add("password", "other");
                                   return b.post("/login", form);
                                 }}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(LoginTest, WhatABrowserSaysOfItsOwnFormIsFine) {
  for (const Headers& headers :
       {Headers{{"Sec-Fetch-Site", "same-origin"}, {"Origin", "null"}}, Headers{{"Sec-Fetch-Site", "none"}},
        Headers{{"Origin", "null"}}, Headers{{"Origin", "https://as.example"}}}) {
    Browser browser(server);
    EXPECT_EQ(browser.post("/login", login_form(browser.get("/login")), headers).status, 303);
  }
}

// Where it goes afterwards

TEST_F(LoginTest, ItNeverLeadsToAnotherSite) {
  for (const char* target :
       {"https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
        "/\t/evil.example", "/%09/evil.example", "javascript:alert(1)", "/x//evil.example",
        "/%2f/evil.example", "/%5cevil.example", " /x", "/x\r\nLocation: https://evil.example", "/../x",
        "https:evil.example", "http:///evil.example", "/x#y", "?x", ""}) {
    Browser browser(server);
    const HttpResponse page = browser.get("/login?redirect=" + form_encode(target));
    EXPECT_EQ(hidden_value(page.body, "redirect"), "/") << target;
    EXPECT_EQ(browser.post("/login", with(page, "redirect", target)).headers.get("Location"), "/") << target;
  }
}

TEST_F(LoginTest, ARepeatedDestinationIsNone) {
  Browser browser(server);
  EXPECT_EQ(hidden_value(browser.get("/login?redirect=/a&redirect=/b").body, "redirect"), "/");
}

// Sessions

TEST_F(LoginTest, ASessionIsNeverTakenOver) {
  Browser attacker = signed_in();
  // A cookie planted in the victim's browser is replaced at login.
  Browser victim(server);
  victim.cookies[std::string(kSession)] = "planted";
  EXPECT_EQ(sign_in(victim).status, 303);
  EXPECT_NE(victim.cookies.at(std::string(kSession)), "planted");
  EXPECT_NE(victim.cookies.at(std::string(kSession)), attacker.cookies.at(std::string(kSession)));
  const std::string before = victim.cookies.at(std::string(kSession));
  EXPECT_EQ(sign_in(victim).status, 303);
  EXPECT_NE(victim.cookies.at(std::string(kSession)), before);
}

TEST_F(LoginTest, AForgedOrExpiredSessionIsNone) {
  Browser browser = signed_in();
  const std::string good = browser.cookies.at(std::string(kSession));
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string forged = good;
    forged[at] = forged[at] == 'A' ? 'B' : 'A';
    browser.cookies[std::string(kSession)] = forged;
    EXPECT_FALSE(is_signed_in(browser)) << at;
    EXPECT_FALSE(browser.cookies.contains(std::string(kSession)));
  }
  browser.cookies[std::string(kSession)] = good;
  EXPECT_TRUE(is_signed_in(browser));
  server.clock.advance(std::chrono::hours(24));
  EXPECT_FALSE(is_signed_in(browser));
}

TEST_F(LoginTest, ASessionEndsWithItsUser) {
  Browser browser = signed_in();
  server.storage.users().transition("user-ada", UserStatus::disabled, server.clock.now()).value();
  EXPECT_FALSE(is_signed_in(browser));
  EXPECT_FALSE(browser.cookies.contains(std::string(kSession)));

  server.storage.users().transition("user-ada", UserStatus::active, server.clock.now()).value();
  browser = signed_in();
  server.storage.users().remove("user-ada", RemoveUser::revoke_tokens, server.clock.now()).value();
  EXPECT_FALSE(is_signed_in(browser));
}

TEST_F(LoginTest, ASessionOfADisabledUserStaysEndedWhenTheyAreEnabled) {
  Browser browser = signed_in();
  const std::string cookie = browser.cookies.at(std::string(kSession));
  server.clock.advance(seconds(1));
  server.storage.users().transition("user-ada", UserStatus::disabled, server.clock.now()).value();
  server.storage.users().transition("user-ada", UserStatus::active, server.clock.now()).value();
  browser.cookies[std::string(kSession)] = cookie;
  EXPECT_FALSE(is_signed_in(browser));
  server.clock.advance(seconds(1));
  browser = signed_in();
  EXPECT_TRUE(is_signed_in(browser));
}

TEST_F(LoginTest, ALogoutReachesEveryBrowserOfThatUser) {
  add_user("user-eve", "eve@example.com", kPassword);
  Browser browser = signed_in(), other = signed_in(), of_another(server);
  sign_in(of_another, "eve@example.com", kPassword);
  server.clock.advance(seconds(1));
  ASSERT_TRUE(server.storage.families().revoke_of_user("user-ada", server.clock.now()));
  EXPECT_FALSE(is_signed_in(browser));
  EXPECT_FALSE(is_signed_in(other));
  EXPECT_TRUE(is_signed_in(of_another));
}

// Whoever guessed the password a moment before it was changed is not let in a moment after.
TEST_F(LoginTest, ALogoutReachesALoginThatIsUnderWay) {
  Browser browser(server);
  server.storage.after_email_lookup = [this] {
    server.clock.advance(seconds(1));
    EXPECT_TRUE(server.storage.families().revoke_of_user("user-ada", server.clock.now()));
    server.clock.advance(seconds(1));
  };
  EXPECT_EQ(sign_in(browser).status, 303);
  EXPECT_FALSE(is_signed_in(browser));
}

TEST_F(LoginTest, ASessionWhoseUserCannotBeLookedUpCountsAsNone) {
  Browser browser = signed_in();
  server.storage.refuse_users = DomainErrorCode::unavailable;
  EXPECT_EQ(destination_of(browser.get(authorize_target(valid_request()))).base, "/login");
  EXPECT_FALSE(browser.cookies.contains(std::string(kSession)));
  EXPECT_TRUE(server.logger.contains("session refused"));
}

TEST_F(LoginTest, OrStaysWhenTheOperatorPrefersThat) {
  server.config.browser.session.fail_closed = false;
  server.start();
  Browser browser = signed_in();
  server.storage.refuse_users = DomainErrorCode::unavailable;
  EXPECT_TRUE(is_signed_in(browser));
  EXPECT_TRUE(server.logger.contains("session kept"));
  // That is about a store that does not answer. A user who was removed is nobody.
  server.storage.refuse_users.reset();
  server.storage.users().remove("user-ada", RemoveUser::revoke_tokens, server.clock.now()).value();
  EXPECT_EQ(destination_of(browser.get("/")).base, "/login");
}

TEST_F(LoginTest, AStoreThatFailsIsNoWrongPassword) {
  Browser browser(server);
  server.storage.refuse_users = DomainErrorCode::unavailable;
  for (int i = 0; i < 20; ++i) {
    const HttpResponse response = sign_in(browser);
    expect_page(response, 500, "could not check");
    EXPECT_THAT(response.body, Not(HasSubstr("disk")));
  }
  server.storage.refuse_users.reset();
  EXPECT_EQ(sign_in(browser).status, 303);
}

TEST_F(LoginTest, ThirtyWhoSignInAtOnceFromOnePlaceAllGetIn) {
  constexpr int kPeople = 30;
  std::vector<Browser> browsers(kPeople, Browser(server));
  std::vector<Form> forms;
  for (Browser& browser : browsers) forms.push_back(login_form(browser.get("/login")));
  std::atomic<int> signed_in = 0;
  testing::race(kPeople, [&](int i) {
    const auto who = static_cast<std::size_t>(i);
    signed_in += browsers[who].post("/login", forms[who]).status == 303;
  });
  EXPECT_EQ(signed_in, kPeople);
  EXPECT_EQ(attempts("success"), kPeople);
}

// Guesses that were let into the queue together are not all looked at: the lockout is asked again.
TEST_F(LoginTest, GuessesThatWaitTogetherAreLockedOutTogether) {
  constexpr int kGuesses = 60;
  server.config.browser.hash_slots = 1;
  server.config.browser.lockout.max_failures = 10;
  server.start();
  std::vector<Browser> browsers(kGuesses, Browser(server));
  std::vector<Form> forms;
  for (Browser& browser : browsers) forms.push_back(login_form(browser.get("/login"), kEmail, "wrong"));
  testing::race(kGuesses, [&](int i) {
    const auto who = static_cast<std::size_t>(i);
    browsers[who].post("/login", forms[who]);
  });
  EXPECT_EQ(attempts("failure"), 10);
  EXPECT_EQ(attempts("locked_out"), kGuesses - 10);
}

TEST_F(LoginTest, TooManySignInsAtOnceAreToldToWait) {
  server.config.browser.hash_slots = 0;
  server.start();
  Browser browser(server);
  for (int i = 0; i < 20; ++i) {
    const HttpResponse response = sign_in(browser);
    expect_page(response, 503, "Too many people");
    EXPECT_EQ(response.headers.get("Retry-After"), "1");
  }
  EXPECT_TRUE(server.audit_rows().empty());
  EXPECT_EQ(attempts("overloaded"), 20);
}

TEST_F(LoginTest, APasswordHashOutOfDateIsRenewed) {
  User imported = user("user-old", "old@example.com", kPassword);
  HashSlots slots(1);
  PasswordPolicy older = server.config.browser.passwords;
  older.cost.passes = 2;
  imported.password_hash = hash_password(kPassword, older, slots, server.random).value_or("");
  server.storage.users().insert(imported).value();
  Browser browser(server);
  EXPECT_EQ(sign_in(browser, "old@example.com", "wrong").status, 422);
  EXPECT_EQ(server.storage.users().get("user-old").value().password_hash, imported.password_hash);
  EXPECT_EQ(sign_in(browser, "old@example.com").status, 303);
  const User renewed = server.storage.users().get("user-old").value();
  EXPECT_THAT(renewed.password_hash, HasSubstr("t=1,"));
  EXPECT_EQ(sign_in(browser, "old@example.com").status, 303);
  EXPECT_EQ(server.storage.users().get("user-old").value().version, renewed.version);
}

// Every one of them is worth a hash, so none is told from the others by time.
TEST_F(LoginTest, NobodyIsRefusedWithoutTheWorkOfAPassword) {
  server.config.browser.hash_slots = 0;
  server.start();
  User off = user("user-off", "off@example.com", kPassword);
  off.status = UserStatus::disabled;
  server.storage.users().insert(off).value();
  User federated = user("user-fed", "fed@example.com", kPassword);
  federated.provider = "oidc";
  federated.provider_sub = "42";
  server.storage.users().insert(federated).value();
  for (const std::string_view email :
       {kEmail, std::string_view("eve@example.com"), std::string_view("off@example.com"),
        std::string_view("fed@example.com")}) {
    Browser browser(server);
    EXPECT_EQ(sign_in(browser, email).status, 503) << email;
  }
}

TEST_F(LoginTest, ALoginFromNowhereEndsOnAPageThatSaysSo) {
  Browser browser(server);
  EXPECT_EQ(destination_of(browser.get("/")).base, "/login");
  EXPECT_EQ(sign_in(browser).headers.get("Location"), "/");
  const HttpResponse page = browser.get("/");
  expect_page(page, 200, "You are signed in");
  EXPECT_THAT(page.body, AllOf(HasSubstr(std::string(kEmail)), HasSubstr("action=\"/logout\"")));
}

TEST_F(LoginTest, AnIssuerWithAPathHasItsPagesBelowItWithOneSlash) {
  for (const char* issuer : {"https://as.example/tenant", "https://as.example/tenant/"}) {
    server.config.issuer = issuer;
    server.start();
    Browser browser(server);
    EXPECT_EQ(destination_of(browser.get("/tenant/")).base, "/tenant/login");
    const HttpResponse page = browser.get("/tenant/login");
    expect_page(page, 200, "Sign in");
    EXPECT_EQ(browser.post("/tenant/login", login_form(page)).headers.get("Location"), "/tenant/");
    expect_page(browser.get("/tenant/"), 200, "You are signed in");
    EXPECT_EQ(destination_of(browser.post("/tenant/logout", Form())).base, "/tenant/login");
    const HttpResponse asked =
        browser.get(std::string(issuer).substr(std::string_view("https://as.example").size()) +
                    authorize_target(valid_request()));
    EXPECT_EQ(destination_of(asked).base, "/tenant/login") << issuer;
  }
}

// Logout

TEST_F(LoginTest, LogoutForgetsBothCookies) {
  Browser browser = signed_in();
  const HttpResponse response = browser.post("/logout", Form());
  EXPECT_EQ(response.headers.get("Location"), "/login");
  EXPECT_EQ(response.status, 303);
  EXPECT_TRUE(browser.cookies.empty());
  EXPECT_FALSE(is_signed_in(browser));
}

TEST_F(LoginTest, AnotherSiteCannotSignAnybodyOut) {
  Browser browser = signed_in();
  expect_page(browser.post("/logout", Form(), {{"Sec-Fetch-Site", "cross-site"}}), 403,
              "You are still signed in");
  EXPECT_TRUE(is_signed_in(browser));
}

TEST_F(LoginTest, LogoutTakesAPost) {
  Browser browser = signed_in();
  EXPECT_EQ(browser.get("/logout").status, 405);
  EXPECT_TRUE(is_signed_in(browser));
}

TEST_F(LoginTest, APageThatIsPostedToShowsNoInputUnescaped) {
  Browser browser(server);
  const HttpResponse response = sign_in(browser, "\"><script>alert(1)</script>@x", "\"><script>");
  expect_page(response, 422, kWrong);
  EXPECT_THAT(response.body, Not(HasSubstr("<script")));
}

}  // namespace
}  // namespace authplane::authserver
