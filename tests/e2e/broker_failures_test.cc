#include <future>
#include <set>

#include <authplane/base/encoding.h>
#include <authplane/http_httplib/transport.h>

#include "broker_stack.h"

// A provider that misbehaves in every way it can, people who change what is on its way, and requests that
// come at the same time.

namespace authplane::e2e {
namespace {

class BrokerFailures : public ::testing::Test {
 protected:
  void SetUp() override {
    stack.start();
    ASSERT_FALSE(HasFatalFailure());
    jane = std::make_unique<Visitor>(stack.visitor("jane"));
  }
  void TearDown() override {
    stack.github().release();
    EXPECT_EQ(stack.as().stop(), 0) << stack.as().log();
  }

  // Neither a token nor a demand for consent: somebody has to wait, or mend something.
  static void expect_out_of_order(const Reply& reply) {
    EXPECT_GE(reply.status, 500) << reply.body;
    EXPECT_EQ(reply.body.find("consent"), std::string::npos) << reply.body;
    EXPECT_EQ(reply.body.find("gho_"), std::string::npos);
  }

  BrokerStack stack;
  std::unique_ptr<Visitor> jane;
};

// F18: the provider replaces the refresh token with every use.
TEST_F(BrokerFailures, RotationIsFollowed) {
  stack.connect(*jane);
  std::set<std::string> tokens;
  for (int i = 0; i < 5; ++i) {
    stack.github().expire_access_tokens();
    tokens.insert(stack.vended(stack.exchange(jane->token)));
  }
  EXPECT_EQ(tokens.size(), 5U);
  const auto asked = stack.github().asked("token");
  ASSERT_EQ(asked.size(), 6U);
  for (std::size_t i = 1; i < asked.size(); ++i) {
    EXPECT_EQ(asked[i]["grant_type"], "refresh_token");
    EXPECT_EQ(asked[i]["scope"], "repo");
    EXPECT_EQ(asked[i]["refresh_token"]["match"], true);
  }
}

// F19: nobody loses the credential, and nobody is asked to connect again.
TEST_F(BrokerFailures, ManyAtOnceUnderRotationAllGetOne) {
  Visitor joe = stack.visitor("joe");
  stack.connect(*jane);
  stack.connect(joe);
  std::vector<std::future<Reply>> replies;
  for (int i = 0; i < 12; ++i) {
    const std::string token = i % 3 == 0 ? joe.token : jane->token;
    replies.push_back(std::async(std::launch::async, [this, token] { return stack.exchange(token); }));
  }
  std::set<std::string> tokens;
  for (auto& reply : replies) tokens.insert(stack.vended(reply.get()));
  EXPECT_EQ(tokens.size(), replies.size());
  for (const auto& row : stack.github().asked("token")) {
    if (row["grant_type"] == "refresh_token") {
      EXPECT_EQ(row["refresh_token"]["match"], true) << row;
    }
  }
  stack.vended(stack.exchange(jane->token));
  stack.vended(stack.exchange(joe.token));
  EXPECT_EQ(stack.active_grants_of(jane->person), 1);
}

// F20
TEST_F(BrokerFailures, LessThanWasAskedForIsNotEnough) {
  stack.connect(*jane);
  stack.github().behave("scope_subset");
  stack.expect_connect_first(stack.exchange(jane->token), "scope_insufficient");
  stack.vended(stack.exchange(jane->token));
  stack.github().behave("scope_subset");
  stack.connect(*jane);
  const auto asked = stack.github().asked("token").size();
  stack.expect_connect_first(stack.exchange(jane->token), "scope_insufficient");
  EXPECT_EQ(stack.github().asked("token").size(), asked) << "what is stored tells without asking";
  stack.connect(*jane);
  stack.vended(stack.exchange(jane->token));
}

TEST_F(BrokerFailures, SpellingsOfScopesAreNoDowngrade) {
  for (const char* spelling : {"scope_comma", "scope_absent", "scope_empty", "form_body", "no_rotate"}) {
    stack.github().behave(spelling);
    EXPECT_EQ(stack.connect(*jane).path, "/connections") << spelling;
    stack.github().behave(spelling);
    stack.vended(stack.exchange(jane->token));
    stack.vended(stack.exchange(jane->token));
  }
}

// F21
TEST_F(BrokerFailures, ARefusedRefreshTokenAsksThePersonAgain) {
  for (const char* error : {"error_400", "error_200"}) {
    stack.connect(*jane);
    stack.vended(stack.exchange(jane->token));
    stack.github().behave(error);
    stack.expect_connect_first(stack.exchange(jane->token), "consent_missing");
  }
}

// F22, D-19
TEST_F(BrokerFailures, AProviderOutOfOrderIsNoReasonToAskThePerson) {
  stack.connect(*jane);
  for (const char* trouble : {"http_500", "huge_body", "bad_json", "redirect_hop"}) {
    stack.github().behave(trouble);
    expect_out_of_order(stack.exchange(jane->token));
    stack.vended(stack.exchange(jane->token));
  }
  stack.github().behave("http_500");
  EXPECT_EQ(stack.exchange(jane->token).status, 503);
  EXPECT_TRUE(stack.github().asked("hop").empty());
  EXPECT_EQ(stack.active_grants_of(jane->person), 1);
}

// F22: no answer in time. Meanwhile the server works for everybody else.
TEST_F(BrokerFailures, AProviderThatDoesNotAnswerHoldsNobodyElseUp) {
  Visitor joe = stack.visitor("joe");
  stack.connect(*jane);
  stack.connect(joe);
  stack.github().behave("slow:600000");
  const auto asked = stack.github().asked("token").size();
  auto waiting = std::async(std::launch::async, [&] {
    const auto basic = base64_encode(stack.acting_client().id + ":" + stack.acting_client().secret);
    OutboundRequest request;
    request.method = "POST";
    request.url = Url::parse(stack.as().issuer() + "/oauth/token").value();
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                       {"Authorization", "Basic " + basic}};
    request.body = BrokerStack::exchange_form(jane->token).encode();
    request.timeout = std::chrono::minutes(3);
    const auto response = make_httplib_transport()->send(request);
    return response ? Reply{response->status, response->headers, response->body} : Reply{};
  });
  ASSERT_TRUE(
      eventually(std::chrono::seconds(30), [&] { return stack.github().asked("token").size() > asked; }));
  stack.vended(stack.exchange(joe.token));
  expect_out_of_order(waiting.get());
  stack.github().release();
  stack.vended(stack.exchange(jane->token));
}

// F23, F24
TEST_F(BrokerFailures, ConnectingThatFailsKeepsNothing) {
  const auto failed = [&](const char* mode, int status) {
    stack.github().behave(mode);
    const Page page = stack.connect(*jane);
    EXPECT_EQ(page.reply.status, status) << mode << " " << page.reply.body;
    EXPECT_EQ(page.path, "/connect/github/callback") << mode;
    EXPECT_EQ(stack.active_grants_of(jane->person), 0) << mode;
  };
  for (const char* mode :
       {"no_refresh", "error_200", "error_400", "http_500", "huge_body", "bad_json", "redirect_hop"})
    failed(mode, 500);
  for (const char* mode : {"deny", "wrong_state"}) failed(mode, 400);
  EXPECT_TRUE(stack.github().asked("hop").empty());
  stack.expect_connect_first(stack.exchange(jane->token), "consent_missing");
}

// F25
TEST_F(BrokerFailures, AnAnswerIsForOnePersonAndOneUse) {
  Visitor mallory = stack.visitor("mallory");
  const std::string answer = stack.answer_of_github(*jane);
  auto changed = answer;
  changed.insert(changed.find("state=") + 6, "x");
  EXPECT_EQ(jane->browser.open(changed).reply.status, 400);
  EXPECT_EQ(mallory.browser.open(answer).reply.status, 403);
  EXPECT_EQ(ScriptedBrowser(stack.as().issuer()).open(answer).reply.status, 403);
  EXPECT_EQ(stack.active_grants_of(mallory.person), 0);
  EXPECT_EQ(stack.github().asked("token").size(), 0U);
  EXPECT_EQ(jane->browser.open(answer).path, "/connections");
  EXPECT_EQ(jane->browser.open(answer).reply.status, 400);
  EXPECT_EQ(stack.active_grants_of(jane->person), 1);
  // With the code of another person: GitHub's, which knows the challenge of mallory's own request.
  const std::string mine = stack.answer_of_github(mallory), other = stack.answer_of_github(*jane);
  const auto part = [](const std::string& url, const std::string& name) {
    const auto at = url.find(name + "=");
    return url.substr(at, url.find('&', at) - at);
  };
  auto mixed = mine;
  mixed.replace(mixed.find(part(mine, "code")), part(mine, "code").size(), part(other, "code"));
  EXPECT_EQ(mallory.browser.open(mixed).reply.status, 500);
  EXPECT_EQ(stack.active_grants_of(mallory.person), 0);
}

// F26
TEST_F(BrokerFailures, ConnectingBeginsAndEndsWhereTheOperatorSays) {
  const auto start = [&](const std::string& query, const std::string& provider = "github") {
    return jane->browser.fetch("GET", stack.as().issuer() + "/connect/" + provider + "?" + query);
  };
  const std::string home = "return_url=" + percent_encode(stack.as().issuer() + "/connections");
  expect_error(start("resource=github"), 400, "invalid_request");
  expect_error(start("resource=github&return_url=https%3A%2F%2Fevil.example%2F"), 400, "invalid_request");
  expect_error(start("resource=github&" + home + "%2F..%2Fx"), 400, "invalid_request");
  expect_error(start(home, "gitlab"), 400, "invalid_request");
  expect_error(start("resource=gitlab&" + home), 400, "invalid_request");
  EXPECT_EQ(start("resource=mcp-agent-cpp&" + home).status, 400);
  EXPECT_EQ(start("resource=github&return_url=http%3A%2F%2Flocalhost%3A9200%2Fback").status, 302);
  EXPECT_EQ(start(home).status, 302);
  auto second = stack.as().admin("GET", "/admin/resources?slug=github").json();
  second = {{"slug", "github-2"},
            {"backend_kind", "broker"},
            {"broker_provider_slug", "github"},
            {"display_name", "second"},
            {"scopes", second["scopes"]}};
  ASSERT_EQ(stack.as().admin("POST", "/admin/resources", second).status, 201);
  expect_error(start(home), 400, "invalid_request");
  EXPECT_EQ(start("resource=github-2&" + home).status, 302);
}

// F15: what is stored is worth nothing without the key, and the operator is told which key is missing.
TEST_F(BrokerFailures, AnotherMasterKeyOpensNothing) {
  stack.connect(*jane);
  stack.vended(stack.exchange(jane->token));
  ASSERT_EQ(stack.as().stop(), 0);
  stack.as().set("AUTHPLANE_AES_MASTER_KEY", std::string(64, 'f'));
  stack.as().start();
  const auto asked = stack.github().asked("token").size();
  expect_out_of_order(stack.exchange(jane->token));
  EXPECT_EQ(stack.github().asked("token").size(), asked);
  stack.expect_logged("another master key than data_encryption names");
  ASSERT_EQ(stack.as().stop(), 0);
  stack.as().set("AUTHPLANE_AES_MASTER_KEY", BrokerStack::kMasterKey);
  stack.as().start();
  stack.vended(stack.exchange(jane->token));
}

// Both positions of broker.allow_private_upstreams: without it a provider on loopback is out of reach.
TEST_F(BrokerFailures, PrivateAddressesAreNotDialledUnlessTheOperatorSaysSo) {
  stack.connect(*jane);
  ASSERT_EQ(stack.as().stop(), 0);
  stack.as().set("AUTHPLANE_BROKER_ALLOW_PRIVATE_UPSTREAMS", "false");
  stack.as().start();
  const auto asked = stack.github().asked("token").size();
  expect_out_of_order(stack.exchange(jane->token));
  EXPECT_EQ(stack.github().asked("token").size(), asked);
  stack.expect_logged("broker.allow_private_upstreams permits it");
}

}  // namespace
}  // namespace authplane::e2e
