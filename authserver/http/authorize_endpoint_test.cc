#include <algorithm>

#include "authserver/http/browser_fixture.h"

namespace authplane::authserver {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kThumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

class AuthorizeTest : public BrowserTest {
 protected:
  HttpResponse ask(const Form& request) {
    Browser browser(server);
    return browser.get(authorize_target(request));
  }
};

TEST_F(AuthorizeTest, WhoIsNotSignedInIsSentToTheLoginPageAndBack) {
  Browser browser(server);
  const HttpResponse to_login = browser.get(authorize_target(valid_request()));
  EXPECT_EQ(destination_of(to_login).base, "/login");
  expect_protected(to_login);
  const HttpResponse page = browser.get(std::string(*to_login.headers.get("Location")));
  const HttpResponse back = browser.post("/login", login_form(page));
  EXPECT_EQ(back.headers.get("Location"), authorize_target(valid_request()));
  EXPECT_EQ(destination_of(browser.get(std::string(*back.headers.get("Location")))).base, "/consent");
}

TEST_F(AuthorizeTest, NothingIsWrittenForWhoIsNotSignedIn) {
  ask(valid_request());
  ask(request_with("scope", "unknown"));
  EXPECT_EQ(server.storage.authorizations()
                .purge_expired(server.clock.now() + std::chrono::hours(1), PurgeAuthorizations::all)
                .value(),
            0u);
  EXPECT_TRUE(server.audit_rows().empty());
}

TEST_F(AuthorizeTest, TheUsersYesBecomesACodeForTheClient) {
  Browser browser = signed_in();
  const HttpResponse answer = decide(browser, "allow", {"mcp:echo"});
  const std::string code = expect_code(answer);
  EXPECT_EQ(destination_of(answer).get("state"), "the state");

  const Authorization stored = redeem(code);
  EXPECT_EQ(stored.client_id, "app-1");
  EXPECT_EQ(stored.user_id, "user-ada");
  EXPECT_EQ(stored.redirect_uri, kRedirectUri);
  EXPECT_EQ(stored.resource_uri, kResource);
  EXPECT_EQ(stored.code_challenge, kChallenge);
  EXPECT_EQ(stored.scopes.to_string(), "mcp:echo");
  EXPECT_EQ(stored.expires_at, stored.created_at + std::chrono::minutes(10));
}

// RFC 9449 section 10.
TEST_F(AuthorizeTest, TheCodeIsBoundToTheKeyItWasAskedForWith) {
  const Form request = request_with("dpop_jkt", kThumbprint);
  Browser browser(server);
  const HttpResponse page =
      browser.get(std::string(*browser.get(authorize_target(request)).headers.get("Location")));
  const HttpResponse back = browser.post("/login", login_form(page));
  EXPECT_EQ(back.headers.get("Location"), authorize_target(request));
  EXPECT_EQ(redeem(expect_code(decide(browser, "allow", {"mcp:echo"}, request))).dpop_jkt, kThumbprint);
  EXPECT_EQ(redeem(expect_code(browser.get(authorize_target(request)))).dpop_jkt, kThumbprint);
  EXPECT_EQ(redeem(expect_code(browser.get(authorize_target(valid_request())))).dpop_jkt, "");
}

TEST_F(AuthorizeTest, WithoutDpopTheCodeIsNotBound) {
  server.config.dpop.enabled = false;
  server.start();
  Browser browser = signed_in();
  EXPECT_EQ(redeem(expect_code(decide(browser, "allow", {"mcp:echo"}, request_with("dpop_jkt", kThumbprint))))
                .dpop_jkt,
            "");
}

TEST_F(AuthorizeTest, WhoConsentedBeforeIsNotAskedAgain) {
  Browser browser = signed_in();
  expect_code(
      decide(browser, "allow", {"mcp:echo", "mcp:other"}, request_with("scope", "mcp:echo mcp:other")));
  const std::string code = expect_code(browser.get(authorize_target(valid_request())));
  EXPECT_EQ(redeem(code).scopes.to_string(), "mcp:echo");
}

TEST_F(AuthorizeTest, ConsentIsAskedForAgainWhenItDoesNotCoverTheRequest) {
  Browser browser = signed_in();
  expect_code(decide(browser, "allow", {"mcp:echo"}));
  EXPECT_EQ(destination_of(browser.get(authorize_target(request_with("scope", "mcp:echo mcp:other")))).base,
            "/consent");

  server.add(app("app-2"));
  EXPECT_EQ(destination_of(browser.get(authorize_target(request_with("client_id", "app-2")))).base,
            "/consent");

  const auto grants = server.storage.consent_grants().list(
      {.user_id = "user-ada", .client_id = {}, .resource_id = {}}, {.limit = 10, .offset = 0});
  server.storage.consent_grants().revoke(grants.value().at(0).id, server.clock.now()).value();
  EXPECT_EQ(destination_of(browser.get(authorize_target(valid_request()))).base, "/consent");
}

// The document of a client may name other destinations from one day to the next.
TEST_F(AuthorizeTest, WhereAClientMetadataDocumentLeadsElsewhereTheUserIsAlwaysAsked) {
  Client documented = app("https://app.example/client.json");
  documented.registration_source = RegistrationSource::cimd;
  documented.cimd_url = documented.id;
  documented.redirect_uris = {"https://app.example/cb", "https://app.example:8443/cb",
                              "https://elsewhere.example/cb", "http://127.0.0.1/cb"};
  server.add(documented);
  Browser browser = signed_in();
  const auto request_to = [&](const char* redirect) {
    return form_with(request_with("client_id", documented.id), "redirect_uri", redirect);
  };
  expect_code(decide(browser, "allow", {"mcp:echo"}, request_to("https://elsewhere.example/cb")),
              "https://elsewhere.example/cb");
  for (const char* own : {"https://app.example/cb", "http://127.0.0.1:5123/cb"})
    expect_code(browser.get(authorize_target(request_to(own))), own);
  for (const char* other : {"https://elsewhere.example/cb", "https://app.example:8443/cb"}) {
    EXPECT_EQ(destination_of(browser.get(authorize_target(request_to(other)))).base, "/consent") << other;
  }
}

TEST_F(AuthorizeTest, AnotherUsersConsentCountsForNobodyElse) {
  Browser browser = signed_in();
  expect_code(decide(browser, "allow", {"mcp:echo"}));
  add_user("user-bob", "bob@example.com", "another password");
  Browser bob = signed_in("bob@example.com", "another password");
  EXPECT_EQ(destination_of(bob.get(authorize_target(valid_request()))).base, "/consent");
}

TEST_F(AuthorizeTest, WithoutAResourceConsentIsAlwaysAskedFor) {
  Browser browser = signed_in();
  const Form request = request_with("resource", std::nullopt);
  expect_code(decide(browser, "allow", {"mcp:echo"}, request));
  EXPECT_EQ(destination_of(browser.get(authorize_target(request))).base, "/consent");
}

// Errors before the client and its redirect URI are proven: a page, never a redirect.

struct PageCase {
  std::string_view name, parameter;
  std::optional<std::string_view> value;
  int status;
  std::string_view text;
};

class AuthorizePageTest : public AuthorizeTest, public ::testing::WithParamInterface<PageCase> {};

TEST_P(AuthorizePageTest, IsAnsweredToTheUser) {
  const PageCase& c = GetParam();
  Client off = app("app-off");
  off.status = ClientStatus::suspended;
  server.add(off);
  Client gone = app("app-gone");
  gone.status = ClientStatus::revoked;
  server.add(gone);
  expect_page(ask(request_with(c.parameter, c.value)), c.status, c.text);
  // And to who is signed in.
  Browser browser = signed_in();
  expect_page(browser.get(authorize_target(request_with(c.parameter, c.value))), c.status, c.text);
  EXPECT_EQ(server.metrics.count("authserver_auth_denied_total{reason=invalid_request}") +
                server.metrics.count("authserver_auth_denied_total{reason=invalid_client}") +
                server.metrics.count("authserver_auth_denied_total{reason=invalid_redirect_uri}"),
            2);
}

INSTANTIATE_TEST_SUITE_P(
    All, AuthorizePageTest,
    ::testing::Values(
        PageCase{"NoClient", "client_id", std::nullopt, 400, "This link is not complete"},
        PageCase{"EmptyClient", "client_id", "", 400, "This link is not complete"},
        PageCase{"UnknownClient", "client_id", "app-<b>none", 400, "&#39;app-&lt;b&gt;none&#39;"},
        PageCase{"SuspendedClient", "client_id", "app-off", 403, "may not be used"},
        PageCase{"RevokedClient", "client_id", "app-gone", 403, "may not be used"},
        PageCase{"NoRedirectUri", "redirect_uri", std::nullopt, 400, "This link is not complete"},
        PageCase{"OtherHost", "redirect_uri", "https://evil.example/cb", 400, "leads somewhere unexpected"},
        PageCase{"SubdomainOfTheHost", "redirect_uri", "https://x.app.example/cb", 400, "unexpected"},
        PageCase{"HostAsPrefix", "redirect_uri", "https://app.example.evil.example/cb", 400, "unexpected"},
        PageCase{"Userinfo", "redirect_uri", "https://app.example@evil.example/cb", 400, "unexpected"},
        PageCase{"EmptyUserinfo", "redirect_uri", "https://@app.example/cb", 400, "unexpected"},
        PageCase{"Backslash", "redirect_uri", "https://evil.example\\@app.example/cb", 400, "unexpected"},
        PageCase{"Fragment", "redirect_uri", "https://app.example/cb#x", 400, "unexpected"},
        PageCase{"OtherScheme", "redirect_uri", "http://app.example/cb", 400, "unexpected"},
        PageCase{"OtherPort", "redirect_uri", "https://app.example:8443/cb", 400, "unexpected"},
        PageCase{"DefaultPort", "redirect_uri", "https://app.example:443/cb", 400, "unexpected"},
        PageCase{"UpperCaseHost", "redirect_uri", "https://APP.example/cb", 400, "unexpected"},
        PageCase{"TrailingSlash", "redirect_uri", "https://app.example/cb/", 400, "unexpected"},
        PageCase{"LongerPath", "redirect_uri", "https://app.example/cb/next", 400, "unexpected"},
        PageCase{"DotSegments", "redirect_uri", "https://app.example/x/../cb", 400, "unexpected"},
        PageCase{"EncodedDotSegments", "redirect_uri", "https://app.example/x/%2e%2e/cb", 400, "unexpected"},
        PageCase{"EncodedPath", "redirect_uri", "https://app.example/%63b", 400, "unexpected"},
        PageCase{"ExtraQuery", "redirect_uri", "https://app.example/cb?next=https://evil.example", 400,
                 "unexpected"},
        PageCase{"LineBreak", "redirect_uri", "https://app.example/cb\r\nSet-Cookie: a=b", 400, "unexpected"},
        PageCase{"Space", "redirect_uri", "https://app.example/cb ", 400, "unexpected"},
        PageCase{"UnicodeHost", "redirect_uri",
                 "https://app\xEF\xBC\x8E"
                 "example/cb",
                 400, "unexpected"},
        PageCase{"Javascript", "redirect_uri", "javascript:alert(1)//https://app.example/cb", 400,
                 "unexpected"},
        PageCase{"Data", "redirect_uri", "data:text/html,x", 400, "unexpected"},
        PageCase{"Relative", "redirect_uri", "/cb", 400, "unexpected"},
        PageCase{"NetworkPath", "redirect_uri", "//app.example/cb", 400, "unexpected"},
        PageCase{"LoopbackByAnotherName", "redirect_uri", "http://localhost/cb", 400, "unexpected"},
        PageCase{"LoopbackIPv6", "redirect_uri", "http://[::1]/cb", 400, "unexpected"},
        PageCase{"LoopbackOtherPath", "redirect_uri", "http://127.0.0.1:4000/other", 400, "unexpected"},
        PageCase{"LoopbackHttps", "redirect_uri", "https://127.0.0.1/cb", 400, "unexpected"},
        PageCase{"LoopbackOtherSpelling", "redirect_uri", "http://127.1/cb", 400, "unexpected"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(AuthorizeTest, WhatNamesNoClientForSureIsAPage) {
  for (const char* repeated : {"client_id", "redirect_uri"}) {
    Form request = valid_request();
    request.add(repeated, std::string(*valid_request().get(repeated)));
    expect_page(ask(request), 400, "This link is not complete");
  }
  Browser browser(server);
  expect_page(browser.get("/oauth/authorize"), 400, "This link is not complete");
  expect_page(browser.get("/oauth/authorize?client_id=%zz"), 400, "This link is not complete");
  expect_page(browser.get("/oauth/authorize?client_id=app-1%00"), 400, "This link is not complete");
}

TEST_F(AuthorizeTest, AStoreThatDoesNotAnswerAboutTheClientIsAPage) {
  server.storage.refuse_clients = DomainErrorCode::unavailable;
  const HttpResponse busy = ask(valid_request());
  expect_page(busy, 503, "The server is busy");
  EXPECT_EQ(busy.headers.get("Retry-After"), "1");
  server.storage.refuse_clients = DomainErrorCode::internal;
  expect_page(ask(valid_request()), 500, "Something went wrong");
  EXPECT_THAT(ask(valid_request()).body, Not(HasSubstr("disk")));
  EXPECT_TRUE(server.logger.contains("disk"));
}

// An error page names the line of the log that has its cause.
TEST_F(AuthorizeTest, AnErrorPageHasTheReferenceOfItsLogLine) {
  const std::string page = ask(request_with("client_id", "none")).body;
  const std::size_t at = page.find("reference: <code>");
  ASSERT_NE(at, std::string::npos);
  const std::string reference = page.substr(at + 17, 12);
  EXPECT_TRUE(server.logger.contains("reference=" + reference)) << server.logger.text();
}

// Errors after that: the client hears of them, with state and issuer.

struct RedirectCase {
  std::string_view name, parameter;
  std::optional<std::string_view> value;
  std::string_view error, description;
};

class AuthorizeRedirectTest : public AuthorizeTest, public ::testing::WithParamInterface<RedirectCase> {};

TEST_P(AuthorizeRedirectTest, IsAnsweredToTheClient) {
  const RedirectCase& c = GetParam();
  server.add(server.resource_named("empty", "https://empty.example/mcp", {}));
  server.add(server.resource_named("foreign", "https://foreign.example/mcp", {"foreign:x"}));
  server.add(server.resource_named("twin-1", "https://twin.example", {"mcp:echo"}));
  server.add(server.resource_named("twin-2", "https://twin.example", {"mcp:echo"}));
  Resource broker = server.resource_named("broker", "https://broker.example", {"mcp:echo"});
  broker.backend_kind = BackendKind::broker;
  broker.broker_provider_id = "provider";
  BrokerProvider provider;
  provider.id = provider.slug = broker.broker_provider_id;
  ASSERT_TRUE(server.storage.broker_providers().insert(provider));
  server.add(broker);
  const Form request = request_with(c.parameter, c.value);
  expect_sent_back(ask(request), c.error, c.description);
  Browser browser = signed_in();
  expect_sent_back(browser.get(authorize_target(request)), c.error, c.description);
  EXPECT_EQ(server.metrics.count("authserver_auth_denied_total{reason=" + std::string(c.error) + "}"), 2);
}

INSTANTIATE_TEST_SUITE_P(
    All, AuthorizeRedirectTest,
    ::testing::Values(
        RedirectCase{"NoResponseType", "response_type", std::nullopt, "invalid_request",
                     "response_type is missing"},
        RedirectCase{"Token", "response_type", "token", "unsupported_response_type", "code"},
        RedirectCase{"Hybrid", "response_type", "code token", "unsupported_response_type", "code"},
        RedirectCase{"UpperCaseCode", "response_type", "CODE", "unsupported_response_type", "code"},
        RedirectCase{"NoChallenge", "code_challenge", std::nullopt, "invalid_request", "PKCE is required"},
        RedirectCase{"EmptyChallenge", "code_challenge", "", "invalid_request", "PKCE is required"},
        RedirectCase{"ShortChallenge", "code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c",
                     "invalid_request", "SHA-256"},
        RedirectCase{"LongChallenge", "code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMM",
                     "invalid_request", "SHA-256"},
        RedirectCase{"PaddedChallenge", "code_challenge",
                     "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=", "invalid_request", "SHA-256"},
        RedirectCase{"ChallengeOfAnotherAlphabet", "code_challenge",
                     "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", "invalid_request", "SHA-256"},
        RedirectCase{"KeyOfAnotherLength", "dpop_jkt", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c",
                     "invalid_request", "dpop_jkt"},
        RedirectCase{"KeyOfTheOtherAlphabet", "dpop_jkt", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
                     "invalid_request", "dpop_jkt"},
        RedirectCase{"NoMethod", "code_challenge_method", std::nullopt, "invalid_request", "S256"},
        RedirectCase{"Plain", "code_challenge_method", "plain", "invalid_request", "S256"},
        RedirectCase{"LowerCaseMethod", "code_challenge_method", "s256", "invalid_request", "S256"},
        RedirectCase{"UnknownResource", "resource", "https://other.example/mcp", "invalid_target",
                     "not registered"},
        RedirectCase{"ResourceWithSlash", "resource", "https://rs.example/mcp/", "invalid_target",
                     "not registered"},
        RedirectCase{"ResourceWithFragment", "resource", "https://rs.example/mcp#x", "invalid_target",
                     "not registered"},
        RedirectCase{"AmbiguousResource", "resource", "https://twin.example", "invalid_target", "several"},
        RedirectCase{"BrokerResource", "resource", "broker", "invalid_target", "not registered"},
        RedirectCase{"ResourceWithoutScopes", "resource", "empty", "invalid_scope", "has no scopes"},
        RedirectCase{"MalformedScope", "scope", "mcp:echo \"x\"", "invalid_scope", "malformed"},
        RedirectCase{"ScopeBeyondTheClient", "scope", "mcp:echo mcp:admin", "invalid_scope",
                     "not registered for: mcp:admin"},
        RedirectCase{"ScopeOfAnotherResource", "resource", "foreign", "invalid_scope",
                     "does not have: mcp:echo"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(AuthorizeTest, ARepeatedParameterIsRefusedWhicheverItIs) {
  for (const char* name : {"response_type", "scope", "code_challenge", "code_challenge_method", "prompt"}) {
    Form request = valid_request();
    request.add(name, "x");
    request.add(name, "x");
    expect_sent_back(ask(request), "invalid_request", "more than once");
  }
}

// Neither of two states is the client's.
TEST_F(AuthorizeTest, ARepeatedStateIsNotReturned) {
  Form request = valid_request();
  request.add("state", "another");
  expect_sent_back(ask(request), "invalid_request", "more than once", "");
}

TEST_F(AuthorizeTest, SeveralResourcesAreRefused) {
  Form request = valid_request();
  request.add("resource", "https://rs.example/mcp");
  expect_sent_back(ask(request), "invalid_target", "one resource");
}

TEST_F(AuthorizeTest, AClientWithoutTheGrantIsToldSo) {
  Client machine = app("machine");
  machine.grant_types = {"client_credentials"};
  server.add(machine);
  expect_sent_back(ask(request_with("client_id", "machine")), "unauthorized_client", "authorization_code");
}

TEST_F(AuthorizeTest, AStoreThatDoesNotAnswerLaterIsToldToTheClient) {
  Browser browser = signed_in();
  server.storage.refuse_resources = DomainErrorCode::unavailable;
  expect_sent_back(browser.get(authorize_target(valid_request())), "temporarily_unavailable", "busy");
  server.storage.refuse_resources = DomainErrorCode::internal;
  const HttpResponse failed = browser.get(authorize_target(valid_request()));
  expect_sent_back(failed, "server_error", "the server failed");
  EXPECT_THAT(std::string(*failed.headers.get("Location")), Not(HasSubstr("disk")));
  EXPECT_TRUE(server.logger.contains("disk"));
}

// Scope

TEST_F(AuthorizeTest, WithoutAScopeTheRequestIsForAllTheClientMayHaveOfTheResource) {
  Browser browser = signed_in();
  for (const std::optional<std::string_view> scope : {std::optional<std::string_view>(), {""}, {"  "}}) {
    const std::string page = browser.get(consent_target(browser, request_with("scope", scope))).body;
    EXPECT_THAT(page, AllOf(HasSubstr("value=\"mcp:echo\""), HasSubstr("value=\"mcp:other\""),
                            Not(HasSubstr("value=\"mcp:admin\""))));
  }
}

TEST_F(AuthorizeTest, WithoutAScopeAndWithNothingToAskForTheReasonIsTold) {
  server.add(server.resource_named("empty", "https://empty.example/mcp", {}));
  server.add(server.resource_named("foreign", "https://foreign.example/mcp", {"foreign:x"}));
  const Form request = request_with("scope", std::nullopt);
  expect_sent_back(ask(form_with(request, "resource", "empty")), "invalid_scope",
                   "the resource has no scopes");
  expect_sent_back(ask(form_with(request, "resource", "foreign")), "invalid_scope", "registered for none");
  TestServer bare;
  bare.add(app("app-1"));
  bare.start();
  expect_sent_back(bare.get(authorize_target(form_with(request, "resource", std::nullopt))), "invalid_scope",
                   "this server knows no scopes");
}

TEST_F(AuthorizeTest, TheOperatorMayDemandAScope) {
  server.config.browser.require_scope = true;
  server.start();
  expect_sent_back(ask(request_with("scope", std::nullopt)), "invalid_scope", "scope is missing");
  EXPECT_EQ(destination_of(ask(valid_request())).base, "/login");
}

TEST_F(AuthorizeTest, AClientWithoutRegisteredScopeIsBoundedByTheResourceAndNamedInTheLogOnce) {
  Client open = app("app-open");
  open.scope.clear();
  server.add(open);
  const Form request = request_with("client_id", "app-open");
  EXPECT_EQ(destination_of(ask(form_with(request, "scope", "mcp:admin"))).base, "/login");
  expect_sent_back(ask(form_with(request, "scope", "foreign:x")), "invalid_scope",
                   "does not have: foreign:x");
  const std::string log = server.logger.text();
  const std::string_view warning = "client without registered scope";
  EXPECT_NE(log.find(warning), std::string::npos);
  EXPECT_EQ(log.find(warning), log.rfind(warning));
}

// Resource

TEST_F(AuthorizeTest, AResourceMayBeNamedBySlugAndIsKeptAsRegistered) {
  Browser browser = signed_in();
  const std::string code =
      expect_code(decide(browser, "allow", {"mcp:echo"}, request_with("resource", "demo")));
  EXPECT_EQ(redeem(code).resource_uri, kResource);
}

TEST_F(AuthorizeTest, AnOriginIsTheSameResourceWithAndWithoutItsSlash) {
  server.add(server.resource_named("origin", "https://origin.example", {"mcp:echo"}));
  Browser browser = signed_in();
  const Form request = request_with("resource", "https://origin.example/");
  EXPECT_EQ(redeem(expect_code(decide(browser, "allow", {"mcp:echo"}, request))).resource_uri,
            "https://origin.example");
}

// Redirect URI and the answer

TEST_F(AuthorizeTest, ANativeApplicationChoosesItsLoopbackPort) {
  Browser browser = signed_in();
  for (const char* uri : {"http://127.0.0.1:49152/cb", "http://127.0.0.1/cb"}) {
    const Form request = request_with("redirect_uri", uri);
    const HttpResponse first = browser.get(authorize_target(request));
    const HttpResponse answer =
        destination_of(first).base == "/consent" ? decide(browser, "allow", {"mcp:echo"}, request) : first;
    EXPECT_EQ(redeem(expect_code(answer, uri)).redirect_uri, uri);
  }
}

TEST_F(AuthorizeTest, TheQueryOfTheRedirectUriStays) {
  Client client = app("app-query");
  client.redirect_uris = {"https://app.example/cb?tenant=a%20b&code=mine", "https://app.example/cb?"};
  server.add(client);
  for (const std::string& uri : client.redirect_uris) {
    Form request = form_with(request_with("client_id", "app-query"), "redirect_uri", uri);
    request = form_with(request, "response_type", "token");
    const std::string location(*ask(request).headers.get("Location"));
    EXPECT_TRUE(location.starts_with(uri)) << location;
    EXPECT_THAT(location.substr(uri.size()),
                AllOf(HasSubstr("error=unsupported_response_type"), Not(HasSubstr("?"))));
  }
}

TEST_F(AuthorizeTest, TheStateComesBackAsItCame) {
  std::string all_ascii;
  for (char c = 1; c < 127; ++c) all_ascii += c;
  for (const std::string& state :
       {std::string("plain"), std::string("a b+c%20d"),
        std::string("x&code=forged&iss=https://evil.example#f"),
        std::string("\r\nSet-Cookie: a=b\r\n\r\n<html>"), std::string("\xE2\x82\xAC \xF0\x9F\x98\x80"),
        all_ascii, std::string(2000, 's')}) {
    const HttpResponse answer = ask(form_with(request_with("response_type", "token"), "state", state));
    expect_sent_back(answer, "unsupported_response_type", "code", state);
    EXPECT_EQ(destination_of(answer).query.fields().size(), 4u);
    const std::string_view location = *answer.headers.get("Location");
    EXPECT_TRUE(std::all_of(location.begin(), location.end(), [](char c) { return c > 0x20 && c < 0x7F; }));
  }
}

TEST_F(AuthorizeTest, TheStateSurvivesLoginAndConsent) {
  const std::string state = "a b+c%20d\"<>\\|#?&=\xE2\x82\xAC";
  Browser browser(server);
  const HttpResponse to_login = browser.get(authorize_target(request_with("state", state)));
  const HttpResponse page = browser.get(std::string(*to_login.headers.get("Location")));
  const HttpResponse back = browser.post("/login", login_form(page));
  const HttpResponse to_consent = browser.get(std::string(*back.headers.get("Location")));
  ASSERT_EQ(destination_of(to_consent).base, "/consent");
  const HttpResponse consent = browser.get(std::string(*to_consent.headers.get("Location")));
  const HttpResponse answer = browser.post("/consent", consent_form(consent, "allow", {"mcp:echo"}));
  EXPECT_EQ(destination_of(answer).get("state"), state);
}

TEST_F(AuthorizeTest, WithoutAStateNoneIsReturned) {
  for (const std::optional<std::string_view> state : {std::optional<std::string_view>(), {""}}) {
    const Form request = form_with(request_with("response_type", "token"), "state", state);
    expect_sent_back(ask(request), "unsupported_response_type", "code", "");
  }
}

TEST_F(AuthorizeTest, ARequestTooLongForTheWayThroughTheLoginIsRefused) {
  expect_sent_back(ask(request_with("nonce", std::string(9000, 'n'))), "invalid_request", "too long");
  expect_sent_back(ask(request_with("nonce", std::string(1700, '/'))), "invalid_request", "too long");
}

// A client that attaches a code to its request must not make us return it.
TEST_F(AuthorizeTest, ParametersOfAnAnswerAreNotTakenFromTheRequest) {
  Browser browser = signed_in();
  Form request = valid_request();
  for (const char* name : {"code", "iss", "error", "session_id", "user_id"}) request.add(name, "forged");
  const HttpResponse answer = decide(browser, "allow", {"mcp:echo"}, request);
  EXPECT_NE(expect_code(answer), "forged");
  EXPECT_EQ(destination_of(answer).query.fields().size(), 3u);
}

TEST_F(AuthorizeTest, EveryCodeIsAnother) {
  Browser browser = signed_in();
  std::vector<std::string> codes{expect_code(decide(browser, "allow", {"mcp:echo"}))};
  for (int i = 0; i < 20; ++i) codes.push_back(expect_code(browser.get(authorize_target(valid_request()))));
  std::sort(codes.begin(), codes.end());
  EXPECT_EQ(std::unique(codes.begin(), codes.end()), codes.end());
}

TEST_F(AuthorizeTest, OnlyGetIsServed) {
  Browser browser = signed_in();
  const HttpResponse answer = browser.post("/oauth/authorize", valid_request());
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.headers.get("Allow"), "GET");
}

// It would make a code, and hand it to whoever only wanted to see whether the link is alive.
TEST_F(AuthorizeTest, HeadMakesNoCode) {
  Browser browser = signed_in();
  expect_code(decide(browser, "allow", {"mcp:echo"}));
  HttpRequest head{.method = "HEAD",
                   .target = authorize_target(valid_request()),
                   .headers = {},
                   .body = "",
                   .remote_address = ""};
  const HttpResponse answer = server.send(std::move(head));
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.headers.get("Location"), std::nullopt);
}

TEST_F(AuthorizeTest, AnIssuerWithAPathKeepsEverybodyBelowIt) {
  server.config.issuer = "https://as.example/tenant";
  server.start();
  Browser browser(server);
  // Whether or not a proxy in front takes the path off.
  for (const char* prefix : {"", "/tenant"}) {
    const HttpResponse to_login = browser.get(prefix + authorize_target(valid_request()));
    EXPECT_EQ(destination_of(to_login).base, "/tenant/login");
    EXPECT_EQ(destination_of(to_login).get("redirect"), "/tenant" + authorize_target(valid_request()));
  }
  const HttpResponse page =
      browser.get("/tenant/login?redirect=" + form_encode("/tenant" + authorize_target(valid_request())));
  EXPECT_THAT(page.body, HasSubstr("action=\"/tenant/login\""));
  const HttpResponse back = browser.post("/tenant/login", login_form(page));
  const HttpResponse to_consent = browser.get(std::string(*back.headers.get("Location")));
  EXPECT_EQ(destination_of(to_consent).base, "/tenant/consent");
  const HttpResponse consent = browser.get(std::string(*to_consent.headers.get("Location")));
  EXPECT_THAT(consent.body,
              AllOf(HasSubstr("action=\"/tenant/consent\""), HasSubstr("action=\"/tenant/logout\"")));
  const HttpResponse answer = browser.post("/tenant/consent", consent_form(consent, "allow", {"mcp:echo"}));
  EXPECT_EQ(destination_of(answer).get("iss"), "https://as.example/tenant");
}

TEST_F(AuthorizeTest, NoCodeIsLoggedAuditedOrStored) {
  Browser browser = signed_in();
  const std::string code = expect_code(decide(browser, "allow", {"mcp:echo"}));
  EXPECT_FALSE(server.logger.contains(code));
  EXPECT_FALSE(server.logger.contains(kPassword));
  EXPECT_FALSE(server.logger.contains(browser.cookies.at("authserver_session")));
  EXPECT_FALSE(server.logger.contains(kEmail));
  for (const AuditEvent& event : server.audit_rows()) {
    EXPECT_THAT(event.detail, AllOf(Not(HasSubstr(code)), Not(HasSubstr(std::string(kEmail)))));
  }
}

}  // namespace
}  // namespace authplane::authserver
