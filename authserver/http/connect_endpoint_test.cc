// Connecting an account, from the application to the provider and back.

#include <atomic>
#include <thread>

#include "authserver/http/connect_fixture.h"
#include "authserver/identity/connect_state.h"

namespace authplane::authserver {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kNotNow = "cannot be connected now";
constexpr const char* kFailed = "failed to complete";

// The way there

TEST_F(ConnectTest, F5D18WhoIsNotSignedInSignsInFirstAndGoesOn) {
  for (const std::string parameter : {"redirect", "next"}) {
    Browser browser(server);
    const std::string target = connect_target(kReturnUrl, "code");
    const HttpResponse response = browser.get(target);
    EXPECT_EQ(response.status, 302);
    expect_protected(response);
    EXPECT_EQ(response.headers.get("Location"), "/login?redirect=" + form_encode(target));
    const HttpResponse page = browser.get("/login?" + parameter + "=" + form_encode(target));
    EXPECT_EQ(hidden_value(page.body, "redirect"), target);
    const HttpResponse signed_in = browser.post("/login", login_form(page));
    EXPECT_EQ(signed_in.status, 303);
    EXPECT_EQ(signed_in.headers.get("Location"), target);
    start(browser, target);
  }
}

TEST_F(ConnectTest, T6D18TheLoginPageLeadsNowhereElse) {
  for (const char* next : {"https://evil.example/", "//evil.example", "/\\evil.example", "/%09/evil.example",
                           "/%2Fevil.example", "javascript:alert(1)"}) {
    Browser browser(server);
    EXPECT_EQ(hidden_value(browser.get("/login?next=" + form_encode(next)).body, "redirect"), "/") << next;
  }
  // The one that was there first is the one that counts, whatever it holds.
  Browser browser(server);
  EXPECT_EQ(hidden_value(browser.get("/login?redirect=//evil.example&next=/connections").body, "redirect"),
            "/");
  EXPECT_EQ(hidden_value(browser.get("/login?next=/a&next=/b").body, "redirect"), "/");
}

TEST_F(ConnectTest, F11AsksTheProviderForAllTheResourceOffers) {
  Browser browser = signed_in();
  const HttpResponse response = browser.get(connect_target(kReturnUrl, "code"));
  EXPECT_EQ(response.status, 302);
  expect_protected(response);
  const Form asked = start(browser, connect_target(kReturnUrl, "code"));
  EXPECT_EQ(asked.get("response_type"), "code");
  EXPECT_EQ(asked.get("client_id"), ScriptedAccounts::kClientId);
  EXPECT_EQ(asked.get("redirect_uri"), "https://as.example/connect/hub/callback");
  EXPECT_EQ(asked.get("scope"), "repo read:user user:email plain");
  EXPECT_EQ(asked.get("code_challenge_method"), "S256");
  EXPECT_EQ(asked.get("code_challenge").value_or("").size(), 43u);
  EXPECT_FALSE(asked.first_repeated());
  for (const auto& [name, value] : asked.fields())
    EXPECT_THAT(value,
                AllOf(Not(HasSubstr("user-ada")), Not(HasSubstr("app.example")), Not(HasSubstr("canary"))));
  // No two are alike.
  const Form again = start(browser);
  for (const char* name : {"state", "code_challenge"}) EXPECT_NE(asked.get(name), again.get(name));
}

TEST_F(ConnectTest, TheProviderSendsUsersBackToTheConfiguredBase) {
  server.config.browser.connect.redirect_base_url = "https://public.example/as/";
  server.start();
  Browser browser = signed_in();
  EXPECT_EQ(start(browser).get("redirect_uri"), "https://public.example/as/connect/hub/callback");
  start(browser, connect_target("https://public.example/as/connections"));
  start(browser, connect_target("https://as.example/connections"));
}

// Who reads the database cannot come back with what is in it.
TEST_F(ConnectTest, WhatIsStoredOfItIsOfNoUseToOthers) {
  Browser browser = signed_in();
  const std::string state(*start(browser).get("state"));
  EXPECT_FALSE(server.storage.broker_grants().finish(state, server.clock.now()).value());
  const SessionKeys keys(state_secret);
  const auto opened =
      ConnectState::open(keys, state, "user-ada", "id-of-hub", server.clock.now_seconds(), minutes(10))
          .value();
  const auto pending = server.storage.broker_grants().finish(opened.id(), server.clock.now()).value();
  ASSERT_TRUE(pending);
  EXPECT_EQ(pending->return_url, kReturnUrl);
  EXPECT_EQ(pending->resource_id, "id-code");
  EXPECT_EQ(pending->expires_at, server.clock.now() + minutes(10));
  const auto verifier = sealer->open(pending->code_verifier, pending_connect_owner("user-ada", "id-of-hub"));
  ASSERT_TRUE(verifier);
  EXPECT_EQ(verifier->text.size(), 43u);
  EXPECT_THAT(pending->code_verifier, Not(HasSubstr(std::string(verifier->text.expose()))));
  EXPECT_FALSE(sealer->open(pending->code_verifier, pending_connect_owner("user-eve", "id-of-hub")));
}

TEST_F(ConnectTest, F26WhatIsMissingOrUnknownIsSaid) {
  Browser browser = signed_in();
  add_provider("idle");
  const std::string good = form_encode(kReturnUrl);
  expect_error(browser.get("/connect/hub"), 400, "invalid_request", "return_url is missing");
  expect_error(browser.get("/connect/hub?return_url="), 400, "invalid_request", "return_url is missing");
  expect_error(browser.get("/connect/hub?return_url=" + good + "&return_url=" + good), 400,
               "invalid_request");
  expect_error(browser.get("/connect/hub?resource=code&resource=code&return_url=" + good), 400,
               "invalid_request");
  expect_error(browser.get("/connect/hub?return_url=%zz"), 400, "invalid_request");
  expect_error(browser.get(connect_target("https://app.example/other")), 400, "invalid_request",
               "return_url");
  expect_error(browser.get(connect_target(kReturnUrl, "", "nowhere")), 400, "invalid_request", "no provider");
  expect_error(browser.get(connect_target(kReturnUrl, "nothing")), 400, "invalid_request",
               "no such resource");
  expect_error(browser.get(connect_target(kReturnUrl, "", "idle")), 400, "invalid_request",
               "no resource uses");
  expect_error(browser.get(connect_target(kReturnUrl, "demo")), 400, "invalid_target");  // this server's own
  expect_error(browser.get(connect_target(kReturnUrl, "code", "idle")), 400, "invalid_target");
  add_broker_resource("code-2", "hub");
  expect_error(browser.get(connect_target()), 400, "invalid_request", "several resources");
  start(browser, connect_target(kReturnUrl, "code-2"));
  start(browser, connect_target(kReturnUrl, "https://code.example/api"));  // by URI too
  Resource twin = add_broker_resource("code-3", "hub");
  twin.uri = "https://code.example/api";
  server.storage.resources().update(twin).value();
  expect_error(browser.get(connect_target(kReturnUrl, "https://code.example/api")), 400, "invalid_request");
}

TEST_F(ConnectTest, AProviderWithoutAccountsHasNothingToConnect) {
  Browser browser = signed_in();
  for (const BrokerProtocol protocol : {BrokerProtocol::api_key, BrokerProtocol::service_account}) {
    const std::string slug = protocol == BrokerProtocol::api_key ? "keys" : "service";
    add_provider(slug, protocol);
    add_broker_resource("of-" + slug, slug);
    expect_error(browser.get(connect_target(kReturnUrl, "", slug)), 400, "invalid_target");
  }
}

TEST_F(ConnectTest, UsersGoBackOnlyWhereTheOperatorSays) {
  const auto catalog = server.storage.resources().catalog().value();
  Resource code = *catalog->find_by_slug("code");
  code.policy.connect_allowed_return_urls = {"https://only.example/code", "http://localhost:*"};
  server.storage.resources().update(code).value();
  Browser browser = signed_in();
  for (const std::string_view allowed :
       {kReturnUrl, std::string_view("https://only.example/code"),
        std::string_view("http://localhost:5173/a/b"), std::string_view("https://as.example/connections")}) {
    start(browser, connect_target(allowed));
  }
  // What one resource allows another does not.
  add_broker_resource("code-2", "hub");
  for (const char* refused : {"https://only.example/code", "http://localhost:5173/a/b"})
    expect_error(browser.get(connect_target(refused, "code-2")), 400, "invalid_request");
}

TEST_F(ConnectTest, T6NoReturnUrlLeadsAstray) {
  server.config.browser.connect.allowed_return_urls = {std::string(kReturnUrl), "http://localhost:*",
                                                       "https://127.0.0.1:*"};
  server.start();
  Browser browser = signed_in();
  for (const char* url : {"https://app.example@evil.example/done",
                          "https://app.example/done@evil.example",
                          "https://app.example\\done",
                          "https://app.example/done/",
                          "https://app.example/done?a",
                          "https://app.example/done#a",
                          "https://app.example:443/done",
                          "https://APP.example/done",
                          "http://app.example/done",
                          "https://app.example/%64one",
                          "https://app.example//done",
                          "//app.example/done",
                          "/done",
                          "\\\\app.example",
                          "\thttps://app.example/done",
                          "https://app.example/done\n",
                          "http://localhost:3000@evil.example",
                          "http://localhost:3000\\@evil.example",
                          "http://localhost:3000.evil.example",
                          "http://localhost.evil:3000",
                          "http://localhost:a",
                          "http://localhost:",
                          "http://localhost",
                          "http://localhost:3000/\\evil.example",
                          "http://localhost:3000/%09",
                          "http://localhost:\t3000/",
                          "//localhost:3000",
                          "http://127.0.0.1:3000",
                          "https://localhost:3000",
                          "https://127.1:3000",
                          "javascript:alert(1)",
                          "data:text/html,a",
                          "https://as.example/connections/",
                          "https://as.example/connections@evil.example",
                          "https://as.example.evil.example/connections",
                          "https://as.example:443/connections",
                          "/connections",
                          "//as.example/connections"}) {
    expect_error(browser.get(connect_target(url)), 400, "invalid_request", "return_url");
  }
  EXPECT_EQ(browser.get("/connect/hub?return_url=%09https%3A%2F%2Fapp.example%2Fdone").status, 400);
}

TEST_F(ConnectTest, AProviderThatIsNotConfiguredWellIsTheOperatorsToMend) {
  BrokerProvider provider = add_provider("broken");
  add_broker_resource("of-broken", "broken");
  nlohmann::json config = ScriptedAccounts::config();
  config["client_secret_ref"] = "CONNECTOR_UNSET";
  provider.config_data = config.dump();
  server.storage.broker_providers().update(provider).value();
  Browser browser = signed_in();
  const HttpResponse response = browser.get(connect_target(kReturnUrl, "", "broken"));
  expect_error(response, 500, "server_error");
  EXPECT_THAT(response.body, Not(HasSubstr("CONNECTOR_UNSET")));
  EXPECT_TRUE(server.logger.contains("CONNECTOR_UNSET"));
}

TEST_F(ConnectTest, WithoutConfigurationItIsUnavailableAndTheLogSaysWhy) {
  const ConnectTools all = server.connect;
  const std::pair<ConnectTools, const char*> cases[] = {
      {{.broker = all.broker, .sealer = all.sealer, .state_secret = nullptr}, "connect.state_secret"},
      {{.broker = all.broker, .sealer = nullptr, .state_secret = all.state_secret}, "data_encryption.driver"},
      {{}, "connect.state_secret"}};
  for (const auto& [tools, missing] : cases) {
    server.connect = tools;
    server.start();
    Browser browser(server);  // whoever asks
    const HttpResponse response = browser.get(connect_target());
    expect_error(response, 503, "service_unavailable", missing);
    EXPECT_FALSE(response.headers.contains("Retry-After"));
    EXPECT_TRUE(server.logger.contains(missing));
    expect_page(browser.get("/connect/hub/callback?code=a&state=b"), 503, "No accounts");
  }
}

TEST_F(ConnectTest, AStoreThatFailsBeginsNothing) {
  Browser browser = signed_in();
  server.storage.refuse_broker_grants = DomainErrorCode::unavailable;
  expect_error(browser.get(connect_target()), 503, "temporarily_unavailable");
  server.storage.refuse_broker_grants = DomainErrorCode::internal;
  expect_error(browser.get(connect_target()), 500, "server_error");
  server.storage.refuse_resources = DomainErrorCode::internal;
  const HttpResponse response = browser.get(connect_target());
  expect_error(response, 500, "server_error");
  EXPECT_THAT(response.body, Not(HasSubstr("disk full")));
}

TEST_F(ConnectTest, HeadBeginsAndEndsNothing) {
  Browser browser = signed_in();
  for (const std::string& target : {connect_target(), approve(start(browser))})
    EXPECT_EQ(browser.send("HEAD", target, "", {}).status, 405) << target;
  EXPECT_EQ(token_calls(), 0u);
}

TEST_F(ConnectTest, F29NothingIsLeftOfOlderPaths) {
  Browser browser = signed_in();
  for (const char* path : {"/vault/connect/hub", "/vault/callback/hub", "/vault/connections", "/vault"})
    EXPECT_EQ(browser.get(path).status, 404) << path;
}

TEST_F(ConnectTest, AnIssuerWithAPathHasAllOfItBelowThat) {
  server.config.issuer = "https://as.example/tenant";
  server.start();
  Browser browser(server);
  const HttpResponse response = browser.get("/tenant" + connect_target());
  EXPECT_EQ(response.headers.get("Location"),
            "/tenant/login?redirect=" + form_encode("/tenant" + connect_target()));
  browser.post("/tenant/login", login_form(browser.get("/tenant/login")));
  EXPECT_EQ(
      start(browser, "/tenant" + connect_target("https://as.example/tenant/connections")).get("redirect_uri"),
      "https://as.example/tenant/connect/hub/callback");
}

// The way back

TEST_F(ConnectTest, F12TheAccountIsConnectedAndTheUserGoesOn) {
  Browser browser = signed_in();
  const HttpResponse response = connect(browser);
  EXPECT_EQ(response.status, 302) << response.body;
  EXPECT_EQ(response.headers.get("Location"), kReturnUrl);
  expect_protected(response);
  EXPECT_EQ(token_calls(), 1u);
  const OutboundRequest call = accounts.network->requests().back();
  const Form sent = Form::parse(call.body).value();
  EXPECT_EQ(call.method, "POST");
  EXPECT_EQ(call.headers.get("Accept"), "application/json");
  EXPECT_EQ(sent.get("redirect_uri"), ScriptedAccounts::kCallback);
  EXPECT_LE(call.max_response_bytes, 1024u * 1024);

  const auto stored = grant();
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->scopes_granted.to_string(), "repo read:user");
  EXPECT_EQ(stored->enc_backend, "aes_master");
  EXPECT_THAT(stored->credential, Not(HasSubstr("canary")));
  const auto opened = sealer->open(stored->credential, grant_owner("user-ada", "id-of-hub"));
  ASSERT_TRUE(opened);
  EXPECT_TRUE(accounts.is_live(std::string(opened->text.expose())));
  EXPECT_THAT(audit_details("broker_grant.created"),
              ElementsAre("provider=hub grant_id=" + stored->id + " version=1"));
  EXPECT_EQ(server.audit_rows().front().actor_id, "user-ada");
  EXPECT_EQ(server.audit_rows().front().ip, browser.address);
  EXPECT_EQ(server.metrics.count("authserver_connection_connect_total{provider=hub}"), 1);
}

TEST_F(ConnectTest, ConnectingAgainReplacesTheAccount) {
  Browser browser = signed_in();
  connect(browser);
  const BrokerGrant before = grant().value();
  accounts.scope = "repo";
  EXPECT_EQ(connect(browser).status, 302);
  const BrokerGrant after = grant().value();
  EXPECT_EQ(after.id, before.id);
  EXPECT_EQ(after.version, before.version + 1);
  EXPECT_EQ(after.scopes_granted.to_string(), "repo");
  EXPECT_NE(after.credential, before.credential);
}

TEST_F(ConnectTest, F24ACallbackWithoutCodeOrStateIsAPage) {
  Browser browser = signed_in();
  const std::string good = approve(start(browser));
  for (const char* name : {"code", "state"}) {
    expect_page(browser.get(with(good, name, std::nullopt)), 400, kNotNow);
    expect_page(browser.get(with(good, name, "")), 400, kNotNow);
    const std::string value(*Form::parse(good.substr(good.find('?') + 1)).value().get(name));
    expect_page(browser.get(good + "&" + name + "=" + value), 400, kNotNow);
  }
  expect_page(browser.get(with(good, "code", std::string(5000, 'a'))), 400, kNotNow);
  expect_page(browser.get("/connect/hub/callback"), 400, kNotNow);
  expect_page(browser.get("/connect/hub/callback?code=%zz"), 400, kNotNow);
  EXPECT_EQ(token_calls(), 0u);
  EXPECT_EQ(browser.get(good).status, 302);  // none of that took it away
}

TEST_F(ConnectTest, F25WithoutALoginNothingIsConnected) {
  Browser browser = signed_in();
  const std::string good = approve(start(browser));
  Browser stranger(server);
  expect_page(stranger.get(good), 403, "not signed in");
  stranger.cookies["authserver_session"] = "forged";
  expect_page(stranger.get(good), 403, "not signed in");
  EXPECT_EQ(browser.get(good).status, 302);
}

TEST_F(ConnectTest, T13AStateThatWasNotMadeHereIsRefused) {
  Browser browser = signed_in();
  const std::string good = approve(start(browser));
  const std::string state = state_of(good);
  const SessionKeys others(SecretString(std::string(32, 'x')));
  const std::string forged =
      ConnectState::make(
          others, {.user_id = "user-ada", .provider_id = "id-of-hub", .return_url = "https://evil.example"},
          server.clock.now_seconds(), server.random)
          .text();
  for (const std::string& bad : {state + "A", "A" + state, state.substr(0, state.size() - 1), forged,
                                 std::string("forged"), state + state}) {
    expect_page(browser.get(with(good, "state", bad)), 400, kNotNow);
  }
  EXPECT_EQ(token_calls(), 0u);
  EXPECT_EQ(browser.get(good).status, 302);
}

// Even who knows the secret cannot make up what was never begun.
TEST_F(ConnectTest, T13AStateThatIsNotStoredIsRefused) {
  Browser browser = signed_in();
  const SessionKeys keys(state_secret);
  const auto unknown =
      ConnectState::make(keys, {.user_id = "user-ada", .provider_id = "id-of-hub", .return_url = kReturnUrl},
                         server.clock.now_seconds(), server.random);
  expect_page(browser.get("/connect/hub/callback?code=a&state=" + unknown.text()), 400, kNotNow);
}

// Who can write to the database cannot send users elsewhere.
TEST_F(ConnectTest, T13WhatIsStoredHasToFitTheState) {
  Browser browser = signed_in();
  const std::string good = approve(start(browser));
  const SessionKeys keys(state_secret);
  const auto state = ConnectState::open(keys, state_of(good), "user-ada", "id-of-hub",
                                        server.clock.now_seconds(), minutes(10))
                         .value();
  auto pending = server.storage.broker_grants().finish(state.id(), server.clock.now()).value();
  pending->return_url = "https://evil.example/";
  server.storage.broker_grants().begin(*pending).value();
  expect_page(browser.get(good), 400, kNotNow);
  EXPECT_EQ(token_calls(), 0u);
  EXPECT_FALSE(grant());
}

TEST_F(ConnectTest, F25T13ACallbackCountsOnce) {
  Browser browser = signed_in();
  const std::string good = approve(start(browser));
  EXPECT_EQ(browser.get(good).status, 302);
  expect_page(browser.get(good), 400, kNotNow);
  EXPECT_EQ(token_calls(), 1u);
}

TEST_F(ConnectTest, T13OfCallbacksThatRaceOneCounts) {
  Browser browser = signed_in();
  const std::string good = approve(start(browser));
  std::atomic<int> connected = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      Browser tab = browser;
      const int status = tab.get(good).status;
      ++(status == 302 ? connected : refused);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(connected, 1);
  EXPECT_EQ(refused, 7);
  EXPECT_EQ(token_calls(), 1u);
}

// The state, and the code with it, is spent only when there is room to use it.
TEST_F(ConnectTest, WhenTooManyAreConnectingTheCallbackIsStillGoodLater) {
  Browser browser = signed_in();
  const std::string good = approve(start(browser));
  std::vector<AccountTasks::Place> places;
  while (auto place = broker.reserve_connection("id-of-hub", "user-ada")) places.push_back(std::move(place));
  const HttpResponse response = browser.get(good);
  expect_page(response, 503, "nothing is lost");
  EXPECT_TRUE(response.headers.contains("Retry-After"));
  EXPECT_THAT(response.body, HasSubstr("href=\"/connect/hub/callback?code="));
  EXPECT_EQ(token_calls(), 0u);
  // Whatever does not fit is refused as ever.
  expect_page(browser.get(with(good, "state", "forged")), 400, kNotNow);
  places.clear();
  EXPECT_EQ(browser.get(good).status, 302);
  EXPECT_TRUE(grant());
}

TEST_F(ConnectTest, F25T13T25AnotherUserDoesNotFinishIt) {
  add_user("user-eve", "eve@example.com", "eves-password");
  Browser ada = signed_in();
  Browser eve = signed_in("eve@example.com", "eves-password");
  // Eve cannot have her account at the provider connected to Ada's here, nor the other way round.
  const std::string eves = approve(start(eve));
  expect_page(ada.get(eves), 403, "not yours to finish");
  EXPECT_EQ(token_calls(), 0u);
  EXPECT_FALSE(grant("user-ada"));
  EXPECT_EQ(eve.get(eves).status, 302);  // and Ada took nothing away
  EXPECT_TRUE(grant("user-eve"));
  EXPECT_FALSE(grant("user-ada"));
}

TEST_F(ConnectTest, T13AnotherProvidersCallbackDoesNotFinishIt) {
  add_provider("other");
  add_broker_resource("of-other", "other");
  Browser browser = signed_in();
  const std::string good = approve(start(browser));
  std::string elsewhere = good;
  elsewhere.replace(elsewhere.find("/hub/"), 5, "/other/");
  expect_page(browser.get(elsewhere), 400, kNotNow);
  elsewhere.replace(elsewhere.find("/other/"), 7, "/nowhere/");
  expect_page(browser.get(elsewhere), 400, kNotNow);
  EXPECT_EQ(token_calls(), 0u);
  EXPECT_EQ(browser.get(good).status, 302);
}

TEST_F(ConnectTest, F25T13ItMayTakeTenMinutes) {
  Browser browser = signed_in();
  const std::string late = approve(start(browser));
  server.clock.advance(minutes(10));
  expect_page(browser.get(late), 400, kNotNow);
  const std::string in_time = approve(start(browser));
  server.clock.advance(minutes(10) - seconds(1));
  EXPECT_EQ(browser.get(in_time).status, 302);
}

TEST_F(ConnectTest, T13ACodeOfAnotherVisitIsOfNoUse) {
  Browser browser = signed_in();
  const std::string first = approve(start(browser));
  const Form second = start(browser);
  // The code belongs to the challenge of the first visit.
  expect_page(browser.get(with(first, "state", *second.get("state"))), 500, kFailed);
  EXPECT_FALSE(grant());
}

TEST_F(ConnectTest, T29AUserWhoIsDisabledMeanwhileConnectsNothing) {
  Browser browser = signed_in();
  const std::string good = approve(start(browser));
  server.storage.users().transition("user-ada", UserStatus::disabled, server.clock.now()).value();
  expect_page(browser.get(good), 403, "not signed in");
  EXPECT_EQ(token_calls(), 0u);
}

TEST_F(ConnectTest, F24ARefusalAtTheProviderEndsThereWithAWayBack) {
  Browser browser = signed_in();
  const std::string state(*start(browser, connect_target(kReturnUrl, "code")).get("state"));
  const std::string denied =
      "/connect/hub/callback?error=access_denied%0A%3Cscript%3E&error_description=canary-words&state=" +
      form_encode(state);
  const HttpResponse response = browser.get(denied);
  expect_page(response, 400, "was not connected");
  EXPECT_THAT(response.body,
              AllOf(HasSubstr("cancelled or refused at The hub"), Not(HasSubstr("canary-words")),
                    Not(HasSubstr("access_denied")),
                    HasSubstr("href=\"https://app.example/done\">Back to app.example</a>"),
                    HasSubstr("href=\"/connect/hub?resource=code&amp;return_url=https%3A%2F%2F")));
  EXPECT_TRUE(server.logger.contains("access_denied"));
  EXPECT_FALSE(server.logger.contains("canary"));
  EXPECT_FALSE(grant());
  // It is over: a code that turns up afterwards ends nothing.
  expect_page(browser.get("/connect/hub/callback?code=a&state=" + form_encode(state)), 400, kNotNow);
  expect_page(browser.get("/connect/hub/callback?error=access_denied"), 400, kNotNow);
  EXPECT_EQ(token_calls(), 0u);
  start(browser, connect_target(kReturnUrl, "code"));  // trying again works
}

TEST_F(ConnectTest, F23AProviderWithoutRefreshTokensCannotBeConnected) {
  accounts.gives_refresh_tokens = false;
  Browser browser = signed_in();
  const HttpResponse response = connect(browser);
  expect_page(response, 500, kFailed);
  EXPECT_THAT(response.body, HasSubstr("Back to app.example"));
  EXPECT_FALSE(grant());
  EXPECT_TRUE(server.logger.contains("refresh token"));
  EXPECT_EQ(server.metrics.count("authserver_connection_connect_total{provider=hub}"), 0);
}

TEST_F(ConnectTest, AProviderThatFailsIsNotQuoted) {
  const auto answer = [](int status, std::string body) {
    return [=](const OutboundRequest&) -> std::optional<Result<HttpResponse>> {
      return HttpResponse{
          .status = status, .headers = {{"Content-Type", "application/json"}}, .body = body, .stream = {}};
    };
  };
  for (const auto& failing :
       std::vector<std::function<std::optional<Result<HttpResponse>>(const OutboundRequest&)>>{
           answer(500, "canary-body"),
           answer(400, R"({"error":"invalid_grant","error_description":"canary"})"),
           answer(200, R"({"error":"bad_verification_code","error_description":"canary"})"),
           answer(401, R"({"error":"invalid_client","canary":1})"), answer(200, "canary, no JSON"),
           answer(200, "{}"), answer(302, "canary"),
           [](const OutboundRequest&) -> std::optional<Result<HttpResponse>> {
             return Err(ErrorCode::transport_error, "time is over");
           }}) {
    accounts.instead = failing;
    Browser browser = signed_in();
    const std::string callback = approve(start(browser));
    const HttpResponse response = browser.get(callback);
    expect_page(response, 500, kFailed);
    EXPECT_THAT(response.body, Not(HasSubstr("canary")));
    EXPECT_FALSE(grant());
    expect_page(browser.get(callback), 400, kNotNow);
  }
  EXPECT_FALSE(server.logger.contains("canary"));
  EXPECT_THAT(audit_details("broker_grant.created"), IsEmpty());
}

TEST_F(ConnectTest, AStoreThatFailsConnectsNothing) {
  Browser browser = signed_in();
  const std::string good = approve(start(browser));
  server.storage.refuse_broker_grants = DomainErrorCode::internal;
  expect_page(browser.get(good), 500, kFailed);
  server.storage.refuse_broker_grants.reset();
  EXPECT_FALSE(grant());
  accounts.instead = [&](const OutboundRequest&) -> std::optional<Result<HttpResponse>> {
    server.storage.refuse_broker_grants = DomainErrorCode::unavailable;  // when the code is spent
    return std::nullopt;
  };
  expect_page(browser.get(approve(start(browser))), 500, kFailed);
  server.storage.refuse_broker_grants.reset();
  EXPECT_FALSE(grant());
}

TEST_F(ConnectTest, AnotherMasterKeyOpensNoVerifier) {
  Browser browser = signed_in();
  const std::string good = approve(start(browser));
  const auto other = make_aes_sealer(SecretString(std::string(kMasterKeyBytes, 'o')), {}, server.random);
  server.connect.sealer = other.get();
  server.start();
  expect_page(browser.get(good), 500, kFailed);
  EXPECT_EQ(token_calls(), 0u);
}

TEST_F(ConnectTest, T30NothingSecretIsLoggedOrAudited) {
  Browser browser = signed_in();
  const std::string good = approve(start(browser));
  const std::string shown = browser.get(good).body + browser.get("/connections").body;
  std::string told = server.logger.text() + shown;
  for (const AuditEvent& event : server.audit_rows()) told += event.detail;
  EXPECT_THAT(told, AllOf(Not(HasSubstr("canary")), Not(HasSubstr(state_of(good))),
                          Not(HasSubstr("credential")), Not(HasSubstr(std::string(grant()->credential)))));
}

}  // namespace
}  // namespace authplane::authserver
