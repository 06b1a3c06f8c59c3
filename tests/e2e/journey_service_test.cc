#include "journey.h"

// What machines, resource servers and the operator go through.

namespace authplane::e2e {
namespace {

// A machine: created on the command line, gets tokens for one server, and is told why it gets no others.
TEST(Journey, AMachine) {
  Tier01 tier;
  ASSERT_FALSE(HasFatalFailure());
  AuthServer& as = tier.as();
  const auto run = run_command(
      as, {"admin", "client", "create", "--name", "nightly job", "--grant-types", "client_credentials",
           "--auth-method", "client_secret_basic", "--scope", "mcp:echo outside:catalog"});
  ASSERT_EQ(run.code, 0) << run.err;
  const auto listed = as.admin("GET", "/admin/clients").json();
  Registered machine;
  for (const auto& client : listed) {
    if (client["name"] == "nightly job") machine.id = client["id"];
  }
  ASSERT_NE(machine.id, "") << listed;
  const auto rotated = as.admin("POST", "/admin/clients/" + machine.id + "/rotate-secret");
  ASSERT_EQ(rotated.status, 200) << rotated.body;
  machine.secret = rotated.json()["client_secret"];

  const auto granted = as.token(machine, "mcp:echo", tier.resource());
  ASSERT_EQ(granted.status, 200) << granted.body;
  EXPECT_FALSE(granted.json().contains("refresh_token"));
  const std::string token = granted.json()["access_token"];
  const auto claims = jwt_part(token, 1);
  EXPECT_EQ(claims["sub"], machine.id);
  EXPECT_EQ(claims["aud"], nlohmann::json::array({tier.resource()}));
  EXPECT_EQ(tier.echo(token, tier.open_session(token), "hello").status, 200);

  expect_error(as.token(machine, "mcp:echo", "http://localhost:1/elsewhere"), 400, "invalid_target");
  expect_error(as.token(machine, "mcp:other", tier.resource()), 400, "invalid_scope");
  expect_error(as.token(machine, "outside:catalog", tier.resource()), 400, "invalid_scope");
  expect_error(as.token({machine.id, "wrong"}, "mcp:echo", tier.resource()), 401, "invalid_client");

  // On record: the token among the machine's, and what it was issued for.
  const std::string jti = claims["jti"];
  const auto tokens = as.admin("GET", "/admin/tokens?client_id=" + machine.id).json()["tokens"];
  ASSERT_EQ(tokens.size(), 1U) << tokens;
  EXPECT_EQ(tokens[0]["jti"], jti);
  EXPECT_EQ(tokens[0]["type"], "client_credentials");
  const auto issuances = as.admin("GET", "/admin/issuances?client=" + machine.id).json()["issuances"];
  ASSERT_EQ(issuances.size(), 1U) << issuances;
  EXPECT_EQ(issuances[0]["jti"], jti);
  EXPECT_EQ(issuances[0]["scopes"], nlohmann::json::array({"mcp:echo"}));
  expect_audited(as, {.action = "client_credentials.issued", .client_id = machine.id, .detail = jti});
  expect_audited(as, {.action = "client_credentials.denied", .client_id = machine.id});
  tier.tear_down();
}

// Who may ask about a token: its client and the server it is for. Nobody else learns anything.
TEST(Journey, WhoLearnsAboutAToken) {
  TempFolder folder;
  AuthServer as(folder.path());
  as.start();
  ASSERT_FALSE(HasFatalFailure());
  const std::string resource = "https://mcp.example/mcp";
  as.register_resource("demo", resource, {"mcp:echo"});
  const Person person = create_person(as, "jane@example.com");
  const App owner = App::register_dynamically(as, {{"token_endpoint_auth_method", "client_secret_basic"}});
  const App public_app = App::register_dynamically(as);
  const App server(as, as.register_client("server", "mcp:echo"), "");
  const App stranger(as, as.register_client("stranger", "mcp:echo"), "");
  const auto bound =
      as.admin("POST", "/admin/resources/demo/policy/runtime/client-ids", {{"client_id", server.id()}});
  ASSERT_LT(bound.status, 300) << bound.body;

  const auto tokens = owner.tokens_of(person, {.scope = "mcp:echo", .resource = resource});
  const std::string access = tokens["access_token"];
  for (const App* entitled : {&owner, &server}) {
    const auto reply = entitled->introspect(access);
    expect_active(reply);
    EXPECT_EQ(reply.json()["sub"], person.id);
    EXPECT_EQ(reply.json()["client_id"], owner.id());
    EXPECT_EQ(reply.json()["aud"], resource);
    EXPECT_EQ(reply.json()["scope"], "mcp:echo");
  }
  expect_inactive(stranger.introspect(access));
  expect_audited(as, {.action = "token.introspect_denied",
                      .client_id = stranger.id(),
                      .detail = "caller_not_authorized_for_token"});
  expect_error(public_app.introspect(access), 401, "invalid_client");
  expect_error(App(as, {server.id(), "wrong"}, "").introspect(access), 401, "invalid_client");
  expect_inactive(owner.introspect(tokens["refresh_token"]));
  expect_inactive(server.introspect("no token at all"));

  // A stranger revokes nothing, the owner does.
  EXPECT_EQ(stranger.revoke(access).status, 200);
  expect_active(server.introspect(access));
  EXPECT_EQ(owner.revoke(tokens["refresh_token"]).status, 200);
  for (const App* asking : {&owner, &server, &stranger}) expect_inactive(asking->introspect(access));
  EXPECT_EQ(as.stop(), 0) << as.log();
}

}  // namespace
}  // namespace authplane::e2e
