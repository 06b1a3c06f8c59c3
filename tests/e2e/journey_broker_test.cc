#include "broker_stack.h"

// A user's account at another provider, from the first refusal to the end of the connection.

namespace authplane::e2e {
namespace {

class BrokerJourney : public ::testing::Test {
 protected:
  void SetUp() override { stack.start(); }
  void TearDown() override { EXPECT_EQ(stack.as().stop(), 0) << stack.as().log(); }

  double counted(const std::string& series) {
    const auto metrics = stack.as().admin("GET", "/metrics");
    EXPECT_EQ(metrics.status, 200);
    const auto at = metrics.body.find("\n" + series);
    return at == std::string::npos ? 0 : std::stod(metrics.body.substr(metrics.body.find(' ', at + 1)));
  }

  BrokerStack stack;
};

// J7: asked to connect, connects, has tokens, loses them at the provider, is asked again.
TEST_F(BrokerJourney, J7ConnectVendAndRevokedUpstream) {
  Visitor jane = stack.visitor("jane");
  stack.expect_connect_first(stack.exchange(jane.token), "consent_missing");
  EXPECT_EQ(stack.github().asked("token").size(), 0U);

  const Page end = stack.connect(jane);
  EXPECT_EQ(end.path, "/connections");
  EXPECT_EQ(end.reply.status, 200) << end.reply.body;
  const auto authorized = stack.github().asked("authorize"), redeemed = stack.github().asked("token");
  ASSERT_EQ(authorized.size(), 1U);
  ASSERT_EQ(redeemed.size(), 1U);
  EXPECT_EQ(authorized[0]["redirect_uri"], redeemed[0]["redirect_uri"]);
  EXPECT_EQ(authorized[0]["scope"], "repo read:user");
  EXPECT_EQ(redeemed[0]["authorization_header"], false);
  for (const char* name : {"client_id", "client_secret", "code", "code_verifier"}) {
    EXPECT_EQ(redeemed[0][name]["match"], true) << name;
  }
  const auto listed = jane.browser.fetch("GET", stack.as().issuer() + "/connections");
  EXPECT_EQ(listed.status, 200);
  ASSERT_EQ(listed.json().size(), 1U) << listed.body;
  EXPECT_EQ(listed.json()[0]["provider"], "github");
  EXPECT_EQ(stack.active_grants_of(jane.person), 1);
  EXPECT_EQ(stack.grants_of(jane.person)["consent_grants"].size(), 1U);

  // The provider's token, as it gave it, and good there.
  const auto reply = stack.exchange(jane.token);
  const std::string token = stack.vended(reply);
  const auto body = reply.json();
  EXPECT_EQ(body["token_type"], "Bearer");
  EXPECT_EQ(body["issued_token_type"], "urn:ietf:params:oauth:token-type:access_token");
  EXPECT_EQ(body["expires_in"], 28800);
  EXPECT_EQ(body["scope"], "repo");
  EXPECT_FALSE(body.contains("refresh_token"));
  const auto user = http("GET", stack.github().url() + "/user", {{"Authorization", "Bearer " + token}});
  EXPECT_EQ(user.json().value("login", ""), "octocat") << user.body;
  expect_audited(
      stack.as(),
      {.action = "token.exchanged", .client_id = stack.acting_client().id, .detail = "broker_dispatch"});
  expect_audited(stack.as(), {.action = "broker_grant.created", .actor_id = jane.person.id});
  EXPECT_GT(counted("authplane_token_exchange_total{kind=\"fronted\""), 0);
  EXPECT_GT(counted("authplane_token_exchange_denied_total{reason=\"broker_consent_required\"}"), 0);

  // On record as something nobody here can revoke.
  const auto issuances =
      stack.as().admin("GET", "/admin/issuances?client=" + stack.acting_client().id).json()["issuances"];
  ASSERT_EQ(issuances.size(), 1U) << issuances;
  EXPECT_EQ(issuances[0]["backend_kind"], "broker");
  EXPECT_EQ(issuances[0]["revocable"], false);
  EXPECT_EQ(issuances[0]["jti"], "");

  stack.github().revoke(token);
  stack.expect_connect_first(stack.exchange(jane.token), "consent_missing");
  EXPECT_EQ(stack.connect(jane).path, "/connections");
  stack.vended(stack.exchange(jane.token));
}

// J8: a token for an MCP server that nothing links to the provider.
TEST_F(BrokerJourney, J8WithoutALinkNobodyIsAskedForConsent) {
  Visitor jane = stack.visitor("jane");
  stack.connect(jane);
  stack.link(false);
  const auto reply = stack.exchange(jane.token);
  expect_error(reply, 400, "invalid_request");
  EXPECT_FALSE(reply.json().contains("consent_url"));
  const auto why = reply.json().value("error_description", "");
  EXPECT_NE(why.find(BrokerStack::kActorSlug), std::string::npos) << why;
  EXPECT_NE(why.find("github"), std::string::npos) << why;
  stack.link(true);
  stack.vended(stack.exchange(jane.token));
}

// F4: a token that names no MCP server leaves it to the person's consent there.
TEST_F(BrokerJourney, ATokenForNoServerNeedsConsentAtTheOneThatActs) {
  Visitor jane{create_person(stack.as(), "jane@example.com"), ScriptedBrowser(stack.as().issuer()), ""};
  const std::string token = stack.token_for_nobody(jane);
  const auto refused = stack.exchange(token);
  expect_error(refused, 400, "consent_required");
  EXPECT_EQ(refused.json().value("cause", ""), "consent_missing");
  const auto url = refused.json().value("consent_url", "");
  EXPECT_EQ(url, stack.as().issuer() + "/authorize?resource=" + BrokerStack::kActorSlug);
  EXPECT_EQ(jane.browser.open(url).reply.status, 200);

  Visitor joe = stack.visitor("joe");
  const std::string joes = stack.token_for_nobody(joe);
  stack.expect_connect_first(stack.exchange(joes), "consent_missing");
  stack.connect(joe);
  stack.vended(stack.exchange(joes));
  // Consent covers repo, not what was never asked for.
  EXPECT_EQ(stack.exchange(joes, "read:user").status, 400);
}

// D-10: a machine has no account that could be connected.
TEST_F(BrokerJourney, AMachineIsToldSoAtOnce) {
  const auto& machine = stack.acting_client();
  expect_error(stack.as().token(machine, "repo", "https://github-stub.example.invalid/api"), 400,
               "invalid_target");
  expect_error(stack.exchange(stack.as().access_token(machine, "repo", stack.actor())), 400, "invalid_grant");
  expect_error(stack.exchange(stack.as().access_token(machine, "repo", "")), 400, "invalid_grant");
}

TEST_F(BrokerJourney, WhoMayExchangeIsUpToTheOperator) {
  Visitor jane = stack.visitor("jane");
  stack.connect(jane);
  const auto form = BrokerStack::exchange_form(jane.token);
  const Registered stranger =
      create_client(stack.as(), {{"client_name", "stranger"},
                                 {"grant_types", {"urn:ietf:params:oauth:grant-type:token-exchange"}},
                                 {"token_endpoint_auth_method", "client_secret_basic"},
                                 {"scope", "repo"}});
  expect_error(stack.exchange(stranger, form), 403, "access_denied");
  const Registered other = stack.as().register_client("no such grant", "repo");
  expect_error(stack.exchange(other, form), 400, "unauthorized_client");
  expect_error(stack.exchange({stack.acting_client().id, "wrong"}, form), 401, "invalid_client");
  Form unknown = BrokerStack::exchange_form(jane.token);
  Form elsewhere;
  for (const auto& [name, value] : unknown.fields())
    elsewhere.add(name, name == "resource" ? "gitlab" : value);
  expect_error(stack.exchange(stack.acting_client(), elsewhere), 400, "invalid_target");
  expect_error(stack.exchange(jane.token + "x"), 400, "invalid_grant");
  Form acting_for = BrokerStack::exchange_form(jane.token);
  acting_for.add("actor_token", jane.token);
  acting_for.add("actor_token_type", "urn:ietf:params:oauth:token-type:access_token");
  expect_error(stack.exchange(stack.acting_client(), acting_for), 400, "invalid_request");
  stack.vended(stack.exchange(jane.token));
}

// F27: the person ends it, here and at the provider.
TEST_F(BrokerJourney, DisconnectingEndsItOnBothSides) {
  Visitor jane = stack.visitor("jane"), joe = stack.visitor("joe");
  stack.connect(jane);
  stack.connect(joe);
  const auto url = stack.as().issuer() + "/connections/github";
  EXPECT_EQ(http("DELETE", url).status, 401);
  EXPECT_EQ(jane.browser.fetch("DELETE", url).status, 204);
  EXPECT_EQ(jane.browser.fetch("DELETE", url).status, 404);
  EXPECT_EQ(jane.browser.fetch("GET", stack.as().issuer() + "/connections").body, "[]");
  EXPECT_TRUE(eventually(std::chrono::seconds(20), [&] { return !stack.github().asked("revoke").empty(); }))
      << "GitHub was not told";
  EXPECT_EQ(stack.github().asked("revoke")[0]["token"]["match"], true);
  stack.expect_connect_first(stack.exchange(jane.token), "consent_missing");
  stack.vended(stack.exchange(joe.token));
  // By the operator, without a word to the provider.
  const std::string grant = stack.grants_of(joe.person)["broker_grants"][0]["id"];
  EXPECT_EQ(stack.as().admin("DELETE", "/admin/grants/broker/" + grant).status, 204);
  stack.expect_connect_first(stack.exchange(joe.token), "consent_missing");
  // Connecting again brings the same row back.
  stack.connect(joe);
  EXPECT_EQ(stack.grants_of(joe.person)["broker_grants"][0]["id"], grant);
  stack.vended(stack.exchange(joe.token));
}

// F29
TEST_F(BrokerJourney, PathsOfLongAgoAreGone) {
  for (const char* path : {"/vault/connect/github", "/vault/callback/github", "/vault/connections"}) {
    EXPECT_EQ(http("GET", stack.as().issuer() + path).status, 404) << path;
  }
}

// What was stored outlives the process, and so does a person who is at the provider meanwhile.
TEST_F(BrokerJourney, ARestartForgetsNothing) {
  Visitor jane = stack.visitor("jane"), joe = stack.visitor("joe");
  stack.connect(jane);
  stack.vended(stack.exchange(jane.token));
  const auto answer = stack.answer_of_github(joe);
  EXPECT_EQ(stack.as().stop(), 0) << stack.as().log();
  stack.as().start();
  EXPECT_EQ(joe.browser.open(answer).path, "/connections");
  stack.vended(stack.exchange(joe.token));
  stack.vended(stack.exchange(jane.token));
}

}  // namespace
}  // namespace authplane::e2e
