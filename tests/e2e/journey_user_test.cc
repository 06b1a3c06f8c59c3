#include <algorithm>

#include "journey.h"
#include "tier03.h"

// What a person and the applications they use go through, step by step, against real processes.

namespace authplane::e2e {
namespace {

// The value of a parameter of a challenge.
std::string in_challenge(const Reply& reply, const std::string& parameter) {
  const auto challenge = reply.header("WWW-Authenticate");
  const auto at = challenge.find(parameter + "=\"");
  if (at == std::string::npos) return "";
  const auto start = at + parameter.size() + 2;
  return challenge.substr(start, challenge.find('"', start) - start);
}

// Families and machine tokens of a client as the operator sees them.
nlohmann::json tokens_on_record(const AuthServer& as, const std::string& client_id) {
  const auto reply = as.admin("GET", "/admin/tokens?client_id=" + form_encode(client_id));
  EXPECT_EQ(reply.status, 200) << reply.body;
  return reply.json().value("tokens", nlohmann::json::array());
}

// From the first 401 of an MCP server to its tool, then a refresh, then a thief with the old refresh token.
TEST(Journey, FromAnMcpServerToItsToolAndATheft) {
  Tier01 tier;
  ASSERT_FALSE(HasFatalFailure());
  AuthServer& as = tier.as();
  const Person person = create_person(as, "jane@example.com");

  // The MCP server says whom to ask.
  const auto refused = tier.initialize("");
  EXPECT_EQ(refused.status, 401);
  const auto resource_metadata = http("GET", in_challenge(refused, "resource_metadata")).json();
  EXPECT_EQ(resource_metadata.value("resource", ""), tier.resource());
  EXPECT_EQ(resource_metadata["authorization_servers"], nlohmann::json::array({as.issuer()}));
  // The authorization server says how.
  const auto metadata = metadata_of(as);
  EXPECT_EQ(metadata["code_challenge_methods_supported"], nlohmann::json::array({"S256"}));
  EXPECT_EQ(metadata["authorization_response_iss_parameter_supported"], true);

  const App app = App::register_dynamically(as, {{"client_name", "Notes & <Friends>"}});
  expect_audited(as, {.action = "client.registered", .client_id = app.id()});

  // The person mistypes the password once, sees who asks for what, and allows one scope of two.
  ScriptedBrowser browser(as.issuer());
  const auto started = app.start({.scope = "mcp:echo mcp:other", .resource = tier.resource()});
  Page page = browser.open(started.url);
  ASSERT_EQ(page.path, "/login") << page.reply.body;
  page = browser.sign_in(page, {person.id, person.email, "mistyped"});
  EXPECT_EQ(page.reply.status, 422);
  page = browser.sign_in(page, person);
  ASSERT_EQ(page.path, "/consent") << page.reply.body;
  for (const std::string& shown :
       {std::string("Notes &amp; &lt;Friends&gt;"), app.id(), std::string("demo-mcp"),
        std::string("127.0.0.1:4711"), std::string("mcp:echo"), std::string("mcp:other"), person.email}) {
    EXPECT_NE(page.reply.body.find(shown), std::string::npos) << "consent does not show " << shown;
  }
  page = browser.decide(page, {.without = {"mcp:other"}});
  const auto code = app.code_from(page, started);

  // The token says exactly what was allowed.
  const auto first = app.redeem(code, started);
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(first.header("Cache-Control"), "no-store");
  EXPECT_EQ(first.json()["token_type"], "Bearer");
  EXPECT_EQ(first.json()["scope"], "mcp:echo");
  const std::string access = first.json()["access_token"], refresh = first.json()["refresh_token"];
  const auto claims = jwt_part(access, 1);
  EXPECT_EQ(claims["iss"], as.issuer());
  EXPECT_EQ(claims["sub"], person.id);
  EXPECT_EQ(claims["client_id"], app.id());
  EXPECT_EQ(claims["aud"], nlohmann::json::array({tier.resource()}));
  EXPECT_EQ(claims["scope"], "mcp:echo");
  const auto session = tier.open_session(access);
  EXPECT_EQ(tier.echo(access, session, "hello").status, 200);

  // Each refresh replaces the refresh token.
  const auto second = app.refresh(refresh);
  ASSERT_EQ(second.status, 200) << second.body;
  const std::string newer = second.json()["refresh_token"], newer_access = second.json()["access_token"];
  EXPECT_NE(newer, refresh);
  EXPECT_NE(newer_access, access);
  EXPECT_EQ(jwt_part(newer_access, 1)["aud"], claims["aud"]);
  EXPECT_EQ(tier.initialize(newer_access).status, 200);
  EXPECT_EQ(tokens_on_record(as, app.id())[0]["status"], "active");

  // The old one comes again: somebody has stolen it, and the whole family ends.
  expect_error(app.refresh(refresh), 400, "invalid_grant");
  expect_error(app.refresh(newer), 400, "invalid_grant");
  EXPECT_EQ(tokens_on_record(as, app.id())[0]["status"], "revoked");

  expect_audited(as, {.action = "user.login_failed", .actor_id = person.id, .detail = "invalid_credentials"});
  expect_audited(as, {.action = "user.login", .actor_id = person.id});
  expect_audited(as, {.action = "consent.granted", .actor_id = person.id, .client_id = app.id()});
  expect_audited(as, {.action = "token.issued", .client_id = app.id(), .detail = "family"});
  expect_audited(as, {.action = "token.refreshed", .client_id = app.id(), .detail = "family"});
  expect_audited(as, {.action = "family.revoked", .client_id = app.id(), .detail = "reuse_detection"});
  tier.tear_down();
}

// The application hears of a person who says no, and nothing else happens.
TEST(Journey, APersonWhoSaysNo) {
  Tier01 tier;
  ASSERT_FALSE(HasFatalFailure());
  AuthServer& as = tier.as();
  const Person person = create_person(as, "john@example.com");
  const App app = App::register_dynamically(as);
  ScriptedBrowser browser(as.issuer());

  const auto started = app.start({.scope = "mcp:echo", .resource = tier.resource()});
  const Page back = browser.authorize(started.url, person, {.action = "deny"});
  EXPECT_TRUE(back.url.starts_with(app.redirect_uri() + "?")) << back.url;
  EXPECT_EQ(back.parameter("error"), "access_denied");
  EXPECT_EQ(back.parameter("state"), started.state);
  EXPECT_EQ(back.parameter("iss"), as.issuer());
  EXPECT_EQ(back.parameter("code"), "");
  expect_audited(as, {.action = "consent.denied", .actor_id = person.id, .client_id = app.id()});

  // Asked again, they are still signed in, and still asked.
  const Page again = browser.open(app.start({.scope = "mcp:echo", .resource = tier.resource()}).url);
  EXPECT_EQ(again.path, "/consent");
  EXPECT_EQ(tokens_on_record(as, app.id()).size(), 0U);
}

// Tokens bound to a key, from the code on.
class DpopJourney : public ::testing::Test {
 protected:
  static const PrivateKey& key() { return testing::test_key(); }
  static std::string proof(const std::string& url, const PrivateKey& with = key()) {
    return ProofBuilder(now()).key(with).url(url).build();
  }
  static Reply call(const Tier03& tier, const std::string& token, const PrivateKey& with) {
    const auto text = ProofBuilder(now()).key(with).url(tier.resource).access_token(token).build();
    return post_mcp(tier.server->url(), initialize_call(),
                    {{"Authorization", "DPoP " + token}, {"DPoP", text}});
  }
};

TEST_F(DpopJourney, TheCodesTokensAndTheirRefreshAreBoundToTheKey) {
  Tier03 tier;
  ASSERT_FALSE(HasFatalFailure());
  AuthServer& as = tier.as;
  const Person person = create_person(as, "jane@example.com");
  const App app = App::register_dynamically(as);
  const PrivateKey& thief = testing::test_key(JwsAlgorithm::ES256, 1);

  ScriptedBrowser browser(as.issuer());
  auto started = app.start({.scope = "mcp:echo", .resource = tier.resource});
  const auto spent = proof(app.token_endpoint());
  const auto first =
      app.redeem(app.code_from(browser.authorize(started.url, person), started), started, {{"DPoP", spent}});
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(first.json()["token_type"], "DPoP");
  const std::string access = first.json()["access_token"], refresh = first.json()["refresh_token"];
  EXPECT_EQ(jwt_part(access, 1)["cnf"]["jkt"], key().public_key().thumbprint());

  // The server it is for takes it with a proof of the key, and no other way.
  EXPECT_EQ(call(tier, access, key()).status, 200);
  EXPECT_EQ(call(tier, access, thief).status, 401);
  for (const std::string scheme : {"DPoP ", "Bearer "}) {
    const auto without =
        post_mcp(tier.server->url(), initialize_call(), {{"Authorization", scheme + access}});
    EXPECT_EQ(without.status, 401) << scheme;
  }

  // So does the token endpoint with the refresh token; what is refused does not spend it.
  expect_error(app.refresh(refresh, {{"DPoP", spent}}), 400, "invalid_dpop_proof");
  expect_error(app.refresh(refresh), 400, "invalid_dpop_proof");
  expect_error(app.refresh(refresh, {{"DPoP", proof(app.token_endpoint(), thief)}}), 400,
               "invalid_dpop_proof");
  const auto second = app.refresh(refresh, {{"DPoP", proof(app.token_endpoint())}});
  ASSERT_EQ(second.status, 200) << second.body;
  EXPECT_EQ(second.json()["token_type"], "DPoP");
  EXPECT_EQ(call(tier, second.json()["access_token"], key()).status, 200);

  // A spent proof redeems no other code.
  started = app.start({.scope = "mcp:echo", .resource = tier.resource});
  const auto code = app.code_from(browser.authorize(started.url, person), started);
  expect_error(app.redeem(code, started, {{"DPoP", spent}}), 400, "invalid_dpop_proof");
}

TEST_F(DpopJourney, AServerThatDemandsNonces) {
  Tier03 tier(Environment{{"AUTHPLANE_DPOP_REQUIRE_NONCE", "true"}});
  ASSERT_FALSE(HasFatalFailure());
  const Person person = create_person(tier.as, "jane@example.com");
  const App app = App::register_dynamically(tier.as);
  ScriptedBrowser browser(tier.as.issuer());
  const Wanted wanted{.scope = "mcp:echo", .resource = tier.resource};

  // Nothing of nonces for who sends no proof.
  const auto plain_start = app.start(wanted);
  const auto plain =
      app.redeem(app.code_from(browser.authorize(plain_start.url, person), plain_start), plain_start);
  EXPECT_EQ(plain.status, 200) << plain.body;
  EXPECT_EQ(plain.header("DPoP-Nonce"), "");

  // Asked for one, the client tries again with the same code.
  const auto started = app.start(wanted);
  const auto code = app.code_from(browser.authorize(started.url, person), started);
  const auto asked = app.redeem(code, started, {{"DPoP", proof(app.token_endpoint())}});
  expect_error(asked, 400, "use_dpop_nonce");
  const auto nonce = asked.header("DPoP-Nonce");
  ASSERT_NE(nonce, "");
  const auto made_up =
      ProofBuilder(now()).key(key()).url(app.token_endpoint()).nonce("made-up-nonce").build();
  expect_error(app.redeem(code, started, {{"DPoP", made_up}}), 400, "use_dpop_nonce");
  const auto with_nonce = ProofBuilder(now()).key(key()).url(app.token_endpoint()).nonce(nonce).build();
  const auto granted = app.redeem(code, started, {{"DPoP", with_nonce}});
  ASSERT_EQ(granted.status, 200) << granted.body;
  EXPECT_EQ(granted.json()["token_type"], "DPoP");
}

// The operator takes back what a person allowed one application; the other keeps it.
TEST(Journey, ARevokedConsentReachesEverythingItAllowed) {
  Tier01 tier;
  ASSERT_FALSE(HasFatalFailure());
  AuthServer& as = tier.as();
  const Person person = create_person(as, "jane@example.com");
  const App app = App::register_dynamically(as, {{"client_name", "Loses it"}});
  const App other = App::register_dynamically(as, {{"client_name", "Keeps it"}});
  const Wanted wanted{.scope = "mcp:echo", .resource = tier.resource()};
  // What runs the MCP server may ask about its tokens.
  const App server(as, as.register_client("mcp-server", "mcp:echo"), "");
  const auto bound =
      as.admin("POST", "/admin/resources/demo-mcp/policy/runtime/client-ids", {{"client_id", server.id()}});
  ASSERT_LT(bound.status, 300) << bound.body;

  ScriptedBrowser browser(as.issuer());
  const auto started = app.start(wanted);
  const auto first =
      app.redeem(app.code_from(browser.authorize(started.url, person), started), started).json();
  const std::string access = first["access_token"];
  const auto second = app.refresh(first["refresh_token"]).json();
  const std::string newer_access = second["access_token"], newer = second["refresh_token"];
  const auto of_other = other.tokens_of(person, wanted);
  const std::string other_access = of_other["access_token"];
  for (const auto& token : {access, newer_access, other_access}) expect_active(server.introspect(token));

  // Once allowed, not asked again.
  const auto repeated = app.start(wanted);
  const Page without_question = browser.open(repeated.url);
  EXPECT_TRUE(without_question.left) << without_question.url;

  const auto grants = as.admin("GET", "/admin/users/" + person.id + "/grants").json()["consent_grants"];
  ASSERT_EQ(grants.size(), 2U) << grants;
  const auto found = std::find_if(grants.begin(), grants.end(),
                                  [&](const auto& grant) { return grant["client_id"] == app.id(); });
  ASSERT_NE(found, grants.end());
  const std::string grant_id = (*found)["id"];
  EXPECT_EQ(as.admin("DELETE", "/admin/grants/consent/" + grant_id).status, 204);

  for (const auto& token : {access, newer_access}) expect_inactive(server.introspect(token));
  expect_error(app.refresh(newer), 400, "invalid_grant");
  expect_active(server.introspect(other_access));
  EXPECT_EQ(other.refresh(of_other["refresh_token"]).status, 200);
  EXPECT_EQ(browser.open(app.start(wanted).url).path, "/consent");

  expect_audited(as, {.action = "consent_grant.revoked_admin",
                      .client_id = app.id(),
                      .detail = "revoked_issuances=2 revoked_families=1"});
  tier.tear_down();
}

// A person who is switched off: their browser, codes, refresh tokens and tokens all end.
TEST(Journey, ADisabledPersonGetsNoFurther) {
  Tier01 tier;
  ASSERT_FALSE(HasFatalFailure());
  AuthServer& as = tier.as();
  const Person person = create_person(as, "jane@example.com");
  const App app = App::register_dynamically(as, {{"token_endpoint_auth_method", "client_secret_basic"}});
  const Wanted wanted{.scope = "mcp:echo", .resource = tier.resource()};
  ScriptedBrowser browser(as.issuer());
  auto started = app.start(wanted);
  const auto tokens =
      app.redeem(app.code_from(browser.authorize(started.url, person), started), started).json();
  started = app.start(wanted);
  const auto code = app.code_from(browser.open(started.url), started);
  expect_active(app.introspect(tokens["access_token"]));

  const auto run = run_command(as, {"admin", "user", "disable", "--id", person.email});
  ASSERT_EQ(run.code, 0) << run.err;

  expect_inactive(app.introspect(tokens["access_token"]));
  expect_error(app.redeem(code, started), 400, "invalid_grant");
  expect_error(app.refresh(tokens["refresh_token"]), 400, "invalid_grant");
  const Page page = browser.open(app.start(wanted).url);
  ASSERT_EQ(page.path, "/login");
  EXPECT_EQ(browser.sign_in(page, person).reply.status, 422);
}

}  // namespace
}  // namespace authplane::e2e
