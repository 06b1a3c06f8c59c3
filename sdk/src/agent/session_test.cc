#include <atomic>
#include <thread>

#include "agent/test_support.h"

// From a server's URL to a token, with a user who clicks at once.

namespace authplane::agent {
namespace {

using authplane::testing::test_key;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class SessionTest : public AgentTest {
 protected:
  void expect_no_token_request() { EXPECT_THAT(as.token_requests(), SizeIs(0)); }
};

TEST_F(SessionTest, ABareUrlIsEnough) {
  const auto token = session().token().value();
  EXPECT_TRUE(as.is_live(token.access_token));
  EXPECT_EQ(token.scope, "read");
  EXPECT_EQ(token.refresh_token, "");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(opened, SizeIs(1));
  ASSERT_THAT(as.registrations(), SizeIs(1));
  EXPECT_EQ(as.registrations()[0]["client_name"], "test agent");

  EXPECT_EQ(last_authorization("client_id"), "registered-1");
  EXPECT_EQ(last_authorization("resource"), kServer);
  EXPECT_EQ(last_token_request("resource"), kServer);
  EXPECT_EQ(last_token_request("redirect_uri"), last_authorization("redirect_uri"));
  EXPECT_EQ(last_token_request("client_id"), "registered-1");
}

TEST_F(SessionTest, NothingSecretIsLogged) {
  const auto token = session().token().value();
  for (const std::string& secret :
       {token.access_token, last_token_request("code"), last_token_request("code_verifier"),
        last_authorization("state"), std::string("refresh-")}) {
    EXPECT_THAT(logger->text(), Not(HasSubstr(secret)));
  }
}

TEST_F(SessionTest, TheTokenInHandIsUsedUntilItIsAboutToExpire) {
  const auto user = session();
  EXPECT_FALSE(user.current());
  EXPECT_FALSE(user.signed_in());
  EXPECT_THAT(network->requests(), SizeIs(0));
  const auto token = user.token().value();
  const auto requests = network->requests().size();
  EXPECT_EQ(user.token().value().access_token, token.access_token);
  EXPECT_EQ(user.current().value().access_token, token.access_token);
  clock->advance(seconds(3590));
  EXPECT_FALSE(user.current());
  EXPECT_TRUE(user.signed_in());
  EXPECT_EQ(network->requests().size(), requests);

  const auto renewed = user.token().value();
  EXPECT_NE(renewed.access_token, token.access_token);
  EXPECT_TRUE(as.is_live(renewed.access_token));
  EXPECT_EQ(last_token_request("grant_type"), "refresh_token");
  EXPECT_EQ(last_token_request("resource"), kServer);
  EXPECT_THAT(opened, SizeIs(1));
}

TEST_F(SessionTest, AStoredLoginNeedsNoUser) {
  const auto token = session().token().value();
  const auto next = session();
  EXPECT_EQ(next.token().value().access_token, token.access_token);
  EXPECT_THAT(opened, SizeIs(1));
  EXPECT_THAT(as.registrations(), SizeIs(1));
}

TEST_F(SessionTest, ARotatedRefreshTokenIsKeptAndTheSpentOneForgotten) {
  const auto user = session();
  user.token().value();
  for (int i = 0; i < 3; ++i) {
    clock->advance(seconds(3600));
    ASSERT_TRUE(user.token());
  }
  EXPECT_THAT(as.token_requests(), SizeIs(4));
  EXPECT_THAT(opened, SizeIs(1));
}

TEST_F(SessionTest, ARefreshTokenThatIsNotReplacedStaysGood) {
  as.rotates = false;
  const auto user = session();
  user.token().value();
  for (int i = 0; i < 3; ++i) {
    clock->advance(seconds(3600));
    ASSERT_TRUE(user.token());
  }
  EXPECT_THAT(opened, SizeIs(1));
}

TEST_F(SessionTest, AnEndedGrantBringsTheUserBack) {
  const auto user = session();
  const auto token = user.token().value();
  as.revoke_everything();
  const auto next = user.token_after(unauthorized(token.access_token)).value();
  EXPECT_TRUE(as.is_live(next.access_token));
  EXPECT_THAT(opened, SizeIs(2));
}

TEST_F(SessionTest, AStolenAndSpentRefreshTokenEndsTheFamily) {
  const auto user = session();
  user.token().value();
  const LoginKey key{.issuer = kIssuer, .client_id = "registered-1", .resource = kServer};
  const StoredLogin stolen = store->find_login(key).value().value();
  clock->advance(seconds(3600));
  const auto renewed = user.token().value();
  EXPECT_TRUE(as.is_live(renewed.access_token));

  // The thief's copy of the store.
  auto thief = options();
  thief.store = make_memory_token_store();
  thief.store->put_client(kIssuer, {.id = "registered-1"}).value();
  thief.store->put_login(key, stolen).value();
  thief.open_url = [](const std::string&) -> Result<void> { return Err(ErrorCode::closed, "no user"); };
  EXPECT_FALSE(UserSession::create(thief).value().token());
  EXPECT_FALSE(as.is_live(renewed.access_token));
  EXPECT_TRUE(user.token_after(unauthorized(renewed.access_token)));  // the user is asked again
  EXPECT_THAT(opened, SizeIs(2));
}

TEST_F(SessionTest, AServerErrorWhileRefreshingAsksNobody) {
  const auto user = session();
  user.token().value();
  clock->advance(seconds(3600));
  network->on_json("https://as.example/token", "{}", 503);
  EXPECT_EQ(user.token().error().code, ErrorCode::server_error);
  EXPECT_THAT(opened, SizeIs(1));
}

TEST_F(SessionTest, ThreadsShareOneLoginAndOneRefresh) {
  const auto user = session();
  const auto all = [&](auto call) {
    std::vector<std::thread> threads;
    std::atomic<int> good = 0;
    for (int i = 0; i < 8; ++i) threads.emplace_back([&] { good += call() ? 1 : 0; });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(good, 8);
  };
  all([&] { return static_cast<bool>(user.token()); });
  EXPECT_THAT(opened, SizeIs(1));
  clock->advance(seconds(3600));
  all([&] { return static_cast<bool>(user.token()); });
  const std::string refused = user.token().value().access_token;
  all([&] { return static_cast<bool>(user.token_after(unauthorized(refused))); });
  EXPECT_THAT(as.token_requests(), SizeIs(3));
  EXPECT_THAT(opened, SizeIs(1));
}

TEST_F(SessionTest, SessionsThatShareAStoreDoNotSpendATokenTwice) {
  session().token().value();
  clock->advance(seconds(3600));
  std::vector<UserSession> sessions;
  for (int i = 0; i < 6; ++i) sessions.push_back(session());
  std::vector<std::thread> threads;
  for (const UserSession& one : sessions) threads.emplace_back([&one] { EXPECT_TRUE(one.token()); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(as.token_requests(), SizeIs(2));
  EXPECT_THAT(opened, SizeIs(1));
}

// Attacks on the way back. None of them may reach the token endpoint.

TEST_F(SessionTest, AnAnswerOfAnotherServerIsRefused) {
  as.iss = "https://evil.example";
  const auto token = session().token();
  ASSERT_FALSE(token);
  EXPECT_THAT(token.error().message, HasSubstr("mix-up"));
  EXPECT_EQ(page.status, 400);
  expect_no_token_request();
}

TEST_F(SessionTest, AnAnswerThatDoesNotSayItsServerIsRefused) {
  as.iss = "";
  EXPECT_THAT(session().token().error().message, HasSubstr("mix-up"));
  expect_no_token_request();
  as.metadata.erase("authorization_response_iss_parameter_supported");
  EXPECT_TRUE(session().token());
}

TEST_F(SessionTest, AnAnswerOfAnotherLoginIsRefused) {
  as.state = "injected";
  EXPECT_THAT(session().token().error().message, HasSubstr("state"));
  expect_no_token_request();
}

TEST_F(SessionTest, ACodeOfAnotherLoginFailsAtThePkceCheck) {
  std::string stolen;
  tamper = [&](const std::string& url) {
    const Form answer = Form::parse(Url::parse(url).value().query()).value();
    const std::string code = get(answer, "code");
    if (stolen.empty()) {
      stolen = code;
      return std::string();
    }
    std::string swapped = url;
    return swapped.replace(swapped.find(code), code.size(), stolen);
  };
  auto first = options();
  first.login_timeout = std::chrono::milliseconds(1);
  EXPECT_FALSE(UserSession::create(first).value().token());
  EXPECT_EQ(session().token().error().code, ErrorCode::invalid_grant);
}

TEST_F(SessionTest, TheUsersNoIsToldApart) {
  as.error = "access_denied";
  const auto token = session().token();
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, ErrorCode::access_denied);
  EXPECT_EQ(token.error().oauth->error, "access_denied");
  expect_no_token_request();
}

TEST_F(SessionTest, AUserWhoDoesNotComeBackIsNotWaitedForForever) {
  tamper = [](const std::string&) { return std::string(); };
  auto impatient = options();
  impatient.login_timeout = std::chrono::milliseconds(20);
  EXPECT_THAT(UserSession::create(impatient).value().token().error().message,
              HasSubstr("timed out: no answer from the browser within 1 s;"));
}

TEST_F(SessionTest, PagesThatAreNoWebPagesAreNotOpened) {
  auto plain = options();
  plain.fetch = net::FetchSettings::production();
  plain.fetch->allow_http = true;
  as.metadata["authorization_endpoint"] = "http://as.example/authorize";
  EXPECT_THAT(UserSession::create(plain).value().token().error().message, HasSubstr("refused to open"));
  EXPECT_THAT(opened, SizeIs(0));
}

TEST_F(SessionTest, WhatOpenUrlThrowsIsAnError) {
  auto broken = options();
  broken.open_url = [](const std::string&) -> Result<void> { throw std::runtime_error("no display"); };
  EXPECT_THAT(UserSession::create(broken).value().token().error().message, HasSubstr("no display"));
}

TEST_F(SessionTest, AServerThatRefusesANewTokenIsNotAskedAgainAndAgain) {
  as.issues_refresh_tokens = false;
  const auto user = session();
  const auto token = user.token().value();
  const auto again = user.token_after(unauthorized(token.access_token));
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr("just issued"));
  EXPECT_THAT(opened, SizeIs(1));
}

// Who the agent is.

TEST_F(SessionTest, TheOperatorsClientIsUsedFirst) {
  auto mine = options();
  mine.client = RegisteredClient{.id = "demo", .secret = "s3 cret"};
  ASSERT_TRUE(UserSession::create(mine).value().token());
  EXPECT_THAT(as.registrations(), SizeIs(0));
  EXPECT_EQ(last_authorization("client_id"), "demo");
  EXPECT_EQ(last_token_request("client_id"), "");
  EXPECT_THAT(std::string(network->requests().back().headers.get("Authorization").value()),
              HasSubstr("Basic "));
}

TEST_F(SessionTest, AMetadataUrlIsTheClientIdWhereTheServerTakesThem) {
  auto mine = options();
  mine.client_metadata_url = "https://agent.example/client.json";
  as.metadata["client_id_metadata_document_supported"] = true;
  ASSERT_TRUE(UserSession::create(mine).value().token());
  EXPECT_EQ(last_authorization("client_id"), "https://agent.example/client.json");
  EXPECT_EQ(last_token_request("client_id"), "https://agent.example/client.json");
  EXPECT_THAT(as.registrations(), SizeIs(0));
}

TEST_F(SessionTest, ARegistrationTheServerForgotIsReplaced) {
  const auto user = session();
  user.token().value();
  as.forget_clients();
  clock->advance(seconds(3600));
  ASSERT_TRUE(user.token());
  EXPECT_THAT(as.registrations(), SizeIs(2));
}

TEST_F(SessionTest, AServerThatMovesToAnotherIssuerGetsNothingOfTheOld) {
  const auto user = session();
  const auto token = user.token().value();
  authplane::testing::ScriptedAuthorizationServer moved(network, "https://new.example", kServer);
  const auto requests_before = as.token_requests().size();
  auto next = options();
  next.open_url = [&](const std::string& url) -> Result<void> {
    page = visit(moved.approve(url));
    return {};
  };
  const auto again = UserSession::create(next).value().token_after(unauthorized(token.access_token));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(moved.is_live(again->access_token));
  EXPECT_THAT(moved.registrations(), SizeIs(1));
  EXPECT_EQ(as.token_requests().size(), requests_before);
}

TEST_F(SessionTest, AServerMayMoveRightAfterALogin) {
  std::optional<authplane::testing::ScriptedAuthorizationServer> moved;
  auto mine = options();
  mine.open_url = [&](const std::string& url) -> Result<void> {
    page = visit(moved ? moved->approve(url) : as.approve(url));
    return {};
  };
  const auto user = UserSession::create(mine).value();
  const auto token = user.token().value();
  moved.emplace(network, "https://new.example", kServer);
  moved->issues_refresh_tokens = false;
  const auto again = user.token_after(unauthorized(token.access_token));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(moved->is_live(again->access_token));
  // The new one's token is not spared the rule.
  EXPECT_THAT(user.token_after(unauthorized(again->access_token)).error().message, HasSubstr("just issued"));
}

// Scopes.

TEST_F(SessionTest, TheChallengesScopesBeatTheAnnouncedOnes) {
  const auto user = session();
  user.token_after(unauthorized("", "Bearer scope=\"initial\"")).value();
  EXPECT_EQ(last_authorization("scope"), "initial");
}

TEST_F(SessionTest, NoScopesAtAllLeaveTheParameterOut) {
  as.resource_metadata.erase("scopes_supported");
  session().token().value();
  EXPECT_EQ(as.authorization_requests().back().count("scope"), 0U);
}

TEST_F(SessionTest, OwnAndOfflineScopesAreAdded) {
  auto mine = options();
  mine.scopes = {"extra"};
  as.metadata["scopes_supported"] = {"read", "offline_access"};
  ASSERT_TRUE(UserSession::create(mine).value().token());
  EXPECT_EQ(last_authorization("scope"), "read extra offline_access");
}

TEST_F(SessionTest, AStepUpKeepsWhatWasGranted) {
  const auto user = session();
  const auto token = user.token().value();
  const auto wider = user.token_after(too_narrow(token.access_token, "write")).value();
  EXPECT_EQ(last_authorization("scope"), "write read");
  EXPECT_EQ(as.scope_of(wider.access_token), "write read");
  // A request that was under way with the old token needs no further login.
  EXPECT_EQ(user.token_after(too_narrow(token.access_token, "write")).value().access_token,
            wider.access_token);
  EXPECT_THAT(opened, SizeIs(2));
}

TEST_F(SessionTest, AServerThatIsNeverSatisfiedIsGivenUpOn) {
  const auto user = session();
  std::string token = user.token().value().access_token;
  as.granted_scope = "read";  // the user never ticks the box
  for (int i = 0; i < 3; ++i) {
    const auto next = user.token_after(too_narrow(token, "write"));
    ASSERT_TRUE(next) << next.error().message;
    token = next->access_token;
  }
  const auto last = user.token_after(too_narrow(token, "write"));
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, ErrorCode::insufficient_scope);
  EXPECT_THAT(last.error().required_scopes, ::testing::ElementsAre("write"));
  EXPECT_THAT(opened, SizeIs(4));
}

TEST_F(SessionTest, AServerThatDemandsWhatItHasIsRefusedAtOnce) {
  const auto user = session();
  const auto token = user.token().value();
  const auto wider = user.token_after(too_narrow(token.access_token, "write")).value();
  EXPECT_EQ(user.token_after(too_narrow(wider.access_token, "write")).error().code,
            ErrorCode::insufficient_scope);
  EXPECT_THAT(opened, SizeIs(2));
}

TEST_F(SessionTest, OnlyRefusalsThatATokenCuresAreTaken) {
  const auto user = session();
  EXPECT_EQ(user.token_after({.token = "t", .status = 403, .headers = {}}).error().code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(user.token_after({.token = "t", .status = 500, .headers = {}}).error().code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(user.token_after(too_narrow("t", "")).error().code, ErrorCode::insufficient_scope);
  EXPECT_THAT(opened, SizeIs(0));
}

// Keys.

TEST_F(SessionTest, AClientWithAKeyAuthenticatesAtEveryEndpoint) {
  as.metadata["token_endpoint_auth_methods_supported"] = {"private_key_jwt"};
  as.metadata["token_endpoint_auth_signing_alg_values_supported"] = {"ES256"};
  as.client_keys.emplace("operators", test_key().public_key());
  auto with_key = options();
  with_key.client = RegisteredClient{.id = "operators", .key = test_key(), .key_id = "k1"};
  const auto user = UserSession::create(with_key).value();
  const auto token = user.token().value();
  EXPECT_EQ(last_authorization("client_id"), "operators");
  const std::string assertion = last_token_request("client_assertion");
  clock->advance(seconds(3600));
  const auto renewed = user.token().value();
  EXPECT_NE(last_token_request("client_assertion"), assertion);
  EXPECT_TRUE(as.is_live(renewed.access_token));
  ASSERT_TRUE(user.logout());
  EXPECT_FALSE(as.is_live(renewed.access_token));
  EXPECT_THAT(as.registrations(), SizeIs(0));
  EXPECT_THAT(logger->text(), Not(HasSubstr(assertion)));

  // Somebody else's key.
  with_key.client->key = test_key(JwsAlgorithm::ES256, 1);
  EXPECT_EQ(UserSession::create(with_key).value().token().error().code, ErrorCode::invalid_client);
}

TEST_F(SessionTest, AServerThatTakesNoAssertionsIsNamedBeforeTheLogin) {
  auto with_key = options();
  with_key.client = RegisteredClient{.id = "operators", .key = test_key()};
  const auto token = UserSession::create(with_key).value().token();
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(token.error().message, HasSubstr("private_key_jwt"));
  EXPECT_THAT(opened, SizeIs(0));
}

// Servers of MCP 2025-03-26.

class OwnIssuerTest : public SessionTest {
 protected:
  OwnIssuerTest() {
    for (const char* url : {kResourceMetadata, "https://rs.example/.well-known/oauth-protected-resource",
                            "https://rs.example/.well-known/oauth-authorization-server",
                            "https://rs.example/.well-known/openid-configuration"})
      network->on_json(url, "{}", 404);
  }
  UserSession session() {
    auto own = options();
    own.allow_server_as_issuer = true;
    own.open_url = [this](const std::string& url) {
      opened.push_back(url);
      std::string answer = old_server.approve(url);
      if (tamper) answer = tamper(answer);
      page = visit(answer);
      return Result<void>();
    };
    return UserSession::create(own).value();
  }
  authplane::testing::ScriptedAuthorizationServer old_server{network, "https://rs.example", kServer};
};

TEST_F(OwnIssuerTest, NothingIsPublishedAndTheUserSignsInAllTheSame) {
  EXPECT_FALSE(SessionTest::session().token());
  const auto token = session().token().value();
  EXPECT_TRUE(old_server.is_live(token.access_token));
  EXPECT_THAT(opened.at(0), StartsWith("https://rs.example/authorize?"));
  EXPECT_THAT(old_server.registrations(), SizeIs(1));
  EXPECT_TRUE(logger->contains("its own issuer"));
}

TEST_F(OwnIssuerTest, TheAnswerIsJudgedAsEver) {
  old_server.iss = "https://evil.example";
  EXPECT_THAT(session().token().error().message, HasSubstr("mix-up"));
  old_server.iss = "";
  old_server.state = "injected";
  EXPECT_THAT(session().token().error().message, HasSubstr("state"));
  EXPECT_THAT(old_server.token_requests(), SizeIs(0));
  old_server.state.reset();
  EXPECT_TRUE(session().token());
}

TEST_F(SessionTest, TokensAreBoundToTheKey) {
  auto bound = options();
  bound.dpop = dpop::Provider::create(test_key(), {.clock = clock}).value();
  const auto token = UserSession::create(bound).value().token().value();
  EXPECT_EQ(token.token_type, "DPoP");
  EXPECT_EQ(last_authorization("dpop_jkt"), bound.dpop->thumbprint());
  EXPECT_TRUE(network->requests().back().headers.contains("DPoP"));

  // Another key has no use for that login; the same one has.
  auto other = options();
  other.dpop = dpop::Provider::create(test_key(JwsAlgorithm::ES256, 1), {.clock = clock}).value();
  ASSERT_TRUE(UserSession::create(other).value().token());
  EXPECT_THAT(opened, SizeIs(2));
  EXPECT_TRUE(UserSession::create(other).value().token());
  EXPECT_THAT(opened, SizeIs(2));
}

TEST_F(SessionTest, AServerThatWantsBoundTokensIsToldBeforeTheLogin) {
  as.resource_metadata["dpop_bound_access_tokens_required"] = true;
  EXPECT_THAT(session().token().error().message, HasSubstr("set option dpop"));
  EXPECT_THAT(opened, SizeIs(0));
}

TEST_F(SessionTest, ADemandForANonceIsMetOnce) {
  auto bound = options();
  bound.dpop = dpop::Provider::create(test_key(), {.clock = clock}).value();
  std::atomic<int> asked = 0;
  network->on("https://as.example/token", [&](const OutboundRequest&) -> Result<HttpResponse> {
    ++asked;
    return HttpResponse{.status = 400,
                        .headers = {{"DPoP-Nonce", "n-" + std::to_string(asked)}},
                        .body = R"({"error":"use_dpop_nonce"})",
                        .stream = {}};
  });
  EXPECT_EQ(UserSession::create(bound).value().token().error().code, ErrorCode::use_dpop_nonce);
  EXPECT_EQ(asked, 2);
}

TEST_F(SessionTest, LogoutRevokesAndForgets) {
  const auto user = session();
  const auto token = user.token().value();
  ASSERT_TRUE(user.logout());
  EXPECT_FALSE(as.is_live(token.access_token));
  EXPECT_FALSE(user.current());
  EXPECT_FALSE(user.signed_in());
  EXPECT_TRUE(user.logout());
  user.token().value();
  EXPECT_THAT(opened, SizeIs(2));
}

TEST_F(SessionTest, OptionsThatCannotWorkAreRefused) {
  const auto refused = [this](const std::function<void(UserSessionOptions&)>& change) {
    auto wrong = options();
    change(wrong);
    const auto made = UserSession::create(wrong);
    EXPECT_FALSE(made);
    return made ? std::string() : made.error().message;
  };
  for (const char* url : {"", "mcp", "ftp://rs.example/", "https://u@rs.example/", "https://rs.example/#f"})
    EXPECT_THAT(refused([&](auto& o) { o.server_url = url; }), HasSubstr("server_url")) << url;
  for (const char* url : {"http://agent.example/c", "https://agent.example", "https://agent.example/"})
    EXPECT_THAT(refused([&](auto& o) { o.client_metadata_url = url; }), HasSubstr("client_metadata_url"))
        << url;
  EXPECT_THAT(refused([](auto& o) { o.client.emplace(); }), HasSubstr("client"));
  EXPECT_THAT(
      refused([](auto& o) { o.client = RegisteredClient{.id = "i", .secret = "s", .key = test_key()}; }),
      HasSubstr("both"));
  EXPECT_THAT(refused([](auto& o) { o.client = RegisteredClient{.id = "i", .key_id = "k"}; }),
              HasSubstr("key_id"));
  EXPECT_THAT(refused([](auto& o) { o.scopes = {"a b"}; }), HasSubstr("scopes"));
  EXPECT_THAT(refused([](auto& o) { o.login_timeout = std::chrono::milliseconds(0); }),
              HasSubstr("login_timeout"));
  EXPECT_THAT(refused([](auto& o) { o.max_step_ups = -1; }), HasSubstr("max_step_ups"));
}

}  // namespace
}  // namespace authplane::agent
