#include <algorithm>

#include <authplane/base/encoding.h>

#include "journey.h"

// Applications and agents that act for a person, one for the other, against real processes.

namespace authplane::e2e {
namespace {

constexpr const char* kExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr const char* kAccessToken = "urn:ietf:params:oauth:token-type:access_token";
constexpr const char* kFiles = "https://files.example/mcp";
constexpr const char* kMail = "https://mail.example/mcp";
constexpr const char* kHidden = "https://hidden.example/api";

// Jane and an application of hers; "files" and "mail", which she has allowed it to use; "hidden", behind
// "files".
class DelegationJourney : public ::testing::Test {
 protected:
  void SetUp() override {
    as_ = std::make_unique<AuthServer>(folder_.path());
    as_->start();
    ASSERT_FALSE(HasFatalFailure());
    as_->register_resource("files", kFiles, {"files:read", "files:write"});
    as_->register_resource("mail", kMail, {"files:read", "mail:send"});
    as_->register_resource("hidden", kHidden, {"blob:get", "blob:put"});
    jane_ = create_person(*as_, "jane@example.com");
    app_ = std::make_unique<App>(App::register_dynamically(*as_));
  }
  void TearDown() override {
    ASSERT_NE(as_, nullptr);
    EXPECT_EQ(as_->stop(), 0) << "authserver did not end cleanly:\n" << as_->log();
  }

  App agent_named(const std::string& name, bool is_agent = true) const {
    return {*as_,
            create_client(*as_, {{"client_name", name},
                                 {"grant_types", {kExchange, "client_credentials"}},
                                 {"token_endpoint_auth_method", "client_secret_basic"},
                                 {"scope", "files:read"},
                                 {"agent", is_agent}}),
            ""};
  }
  void admin(const std::string& path, const nlohmann::json& body) const {
    const auto reply = as_->admin("POST", path, body);
    EXPECT_TRUE(reply.status >= 200 && reply.status < 300)
        << path << ": " << reply.status << " " << reply.body;
  }
  // The operator names a client that may exchange tokens for the resource.
  void name(const App& client, const std::string& slug) const {
    admin("/admin/resources/" + slug + "/policy/exchange/allowed-clients", {{"client_id", client.id()}});
  }
  // The operator names a client that runs the resource.
  void run_by(const App& client, const std::string& slug) const {
    admin("/admin/resources/" + slug + "/policy/runtime/client-ids", {{"client_id", client.id()}});
  }
  Reply exchange(const App& client, const std::string& subject, Form form) const {
    form.add("grant_type", kExchange);
    form.add("subject_token", subject);
    form.add("subject_token_type", kAccessToken);
    return post_form(client.token_endpoint(), form,
                     {{"Authorization", "Basic " + base64_encode(form_encode(client.id()) + ":" +
                                                                 form_encode(client.secret()))}});
  }
  // The same, with a token of its own that says who acts.
  Reply act(const App& client, const std::string& subject, const std::string& resource) const {
    return exchange(client, subject,
                    form_of({{"resource", resource},
                             {"actor_token", own_token(client)},
                             {"actor_token_type", kAccessToken}}));
  }
  std::string own_token(const App& client) const {
    return as_->access_token({client.id(), client.secret()}, "files:read", kFiles);
  }
  static std::string token_in(const Reply& reply) {
    EXPECT_EQ(reply.status, 200) << reply.body;
    return reply.status == 200 ? reply.json().value("access_token", "") : "";
  }
  // Jane allows the client the scopes at the resource.
  nlohmann::json signed_in(const App& app, const std::string& scope, const std::string& resource) const {
    return app.tokens_of(jane_, {.scope = scope, .resource = resource});
  }
  // What Jane allowed the client at the resource is taken back.
  void take_back(const App& client, const std::string& slug) const {
    std::string resource;
    for (const auto& listed : as_->admin("GET", "/admin/resources").json()) {
      if (listed.value("slug", "") == slug) resource = listed.value("id", "");
    }
    const auto grants = as_->admin("GET", "/admin/users/" + jane_.id + "/grants");
    EXPECT_EQ(grants.status, 200) << grants.body;
    int revoked = 0;
    for (const auto& grant : grants.json().value("consent_grants", nlohmann::json::array())) {
      if (grant.value("client_id", "") != client.id() || grant.value("resource_id", "") != resource) continue;
      const auto reply = as_->admin("DELETE", "/admin/grants/consent/" + grant.value("id", ""));
      EXPECT_LT(reply.status, 300) << reply.body;
      ++revoked;
    }
    EXPECT_EQ(revoked, 1) << grants.body;
  }

  TempFolder folder_;
  std::unique_ptr<AuthServer> as_;
  Person jane_;
  std::unique_ptr<App> app_;
};

// J4: Jane's token goes to one agent, which acts for her at the mail server, and on to a second one.
TEST_F(DelegationJourney, J4_AgentsActOneForTheOther) {
  const App first = agent_named("first agent"), second = agent_named("second agent");
  const App outsider = agent_named("outsider"), mail = agent_named("mail server", false);
  name(first, "mail");
  name(second, "mail");
  run_by(mail, "mail");
  const auto metadata = metadata_of(*as_);
  EXPECT_NE(std::find(metadata["grant_types_supported"].begin(), metadata["grant_types_supported"].end(),
                      kExchange),
            metadata["grant_types_supported"].end());

  const std::string jane = signed_in(*app_, "files:read files:write", kFiles)["access_token"];
  // Jane has not been asked about the mail server yet, and is sent where she can be.
  const auto asked = act(first, jane, "mail");
  expect_error(asked, 400, "consent_required");
  EXPECT_EQ(asked.json().value("cause", ""), "consent_missing");
  EXPECT_EQ(asked.json().value("consent_url", ""), as_->issuer() + "/authorize?resource=mail");
  signed_in(*app_, "files:read mail:send", kMail);

  const auto granted = act(first, jane, "mail");
  const std::string once = token_in(granted);
  EXPECT_EQ(granted.json()["issued_token_type"], kAccessToken);
  EXPECT_EQ(granted.json()["scope"], "files:read");
  EXPECT_FALSE(granted.json().contains("refresh_token"));
  auto claims = jwt_part(once, 1);
  EXPECT_EQ(claims["sub"], jane_.id);
  EXPECT_EQ(claims["aud"], nlohmann::json::array({kMail}));
  EXPECT_EQ(claims["act"], (nlohmann::json{{"sub", first.id()}, {"actor_type", "agent"}}));
  EXPECT_EQ(claims["agent_chain"], nlohmann::json::array({first.id()}));

  // The next agent acts for the first; Jane's consent is asked of the client it has the token from.
  expect_error(act(second, once, "mail"), 400, "consent_required");
  const App with_sign_in(
      *as_,
      create_client(*as_, {{"client_name", "agent with sign-in"},
                           {"grant_types", {kExchange, "client_credentials", "authorization_code"}},
                           {"redirect_uris", {"http://127.0.0.1:4711/callback"}},
                           {"token_endpoint_auth_method", "client_secret_basic"},
                           {"scope", "files:read mail:send"},
                           {"agent", true}}),
      "http://127.0.0.1:4711/callback");
  name(with_sign_in, "mail");
  signed_in(with_sign_in, "files:read mail:send", kMail);
  std::string deeper = token_in(act(with_sign_in, jane, "mail"));
  const std::string twice = token_in(act(second, deeper, "mail"));
  claims = jwt_part(twice, 1);
  EXPECT_EQ(claims["client_id"], second.id());
  EXPECT_EQ(claims["agent_id"], second.id());
  EXPECT_EQ(claims["act"], (nlohmann::json{{"sub", second.id()},
                                           {"actor_type", "agent"},
                                           {"act", {{"sub", with_sign_in.id()}, {"actor_type", "agent"}}}}));
  EXPECT_EQ(claims["agent_chain"], nlohmann::json::array({with_sign_in.id(), second.id()}));
  const auto seen = mail.introspect(twice);
  expect_active(seen);
  EXPECT_EQ(seen.json()["act"], claims["act"]);
  EXPECT_EQ(seen.json()["agent_id"], second.id());

  // Nobody whom the operator has not named, and no chain without end.
  expect_error(act(outsider, jane, "mail"), 403, "access_denied");
  for (int depth = 2; depth <= 5; ++depth) deeper = token_in(act(with_sign_in, deeper, "mail"));
  expect_error(act(with_sign_in, deeper, "mail"), 400, "invalid_request");

  expect_audited(*as_, {.action = "token.exchanged",
                        .actor_id = jane_.id,
                        .client_id = first.id(),
                        .detail = "type=mint_dispatch chain_kind=direct target_kind=mint resource=mail"});
  expect_audited(*as_, {.action = "token.exchange_denied",
                        .client_id = outsider.id(),
                        .detail = "reason=operator_gate_denied"});
  expect_audited(
      *as_,
      {.action = "token.exchange_denied", .client_id = with_sign_in.id(), .detail = "reason=chain_too_deep"});
  const auto metrics = as_->admin("GET", "/metrics").body;
  EXPECT_NE(metrics.find("authplane_token_exchange_total{kind=\"direct\",source=\"files\",target=\"mail\"}"),
            std::string::npos);
  EXPECT_NE(metrics.find("authplane_token_exchange_denied_total{reason=\"chain_too_deep\"}"),
            std::string::npos);
}

// J5: Jane, or the operator for her, takes back what she allowed: nothing that came of it works any more.
TEST_F(DelegationJourney, J5_WhatJaneTakesBackEndsEverythingThatCameOfIt) {
  const App first = agent_named("first agent"), gateway = agent_named("files gateway", false);
  const App mail = agent_named("mail server", false);
  name(first, "mail");
  run_by(mail, "mail");
  run_by(gateway, "files");
  run_by(mail, "hidden");
  admin("/admin/fronting",
        {{"source", "files"}, {"target", "hidden"}, {"scope_map", {{"files:read", {"blob:get"}}}}});
  signed_in(*app_, "files:read mail:send", kMail);
  const auto jane = signed_in(*app_, "files:read", kFiles);
  const std::string root = jane["access_token"];
  const std::string delegated = token_in(act(first, root, "mail"));
  const std::string behind = token_in(exchange(gateway, root, form_of({{"resource", "hidden"}})));
  expect_active(mail.introspect(delegated));
  expect_active(mail.introspect(behind));

  take_back(*app_, "files");
  expect_inactive(mail.introspect(delegated));
  expect_inactive(mail.introspect(behind));
  expect_inactive(gateway.introspect(root));
  expect_error(act(first, root, "mail"), 400, "invalid_grant");
  expect_error(act(first, delegated, "mail"), 400, "invalid_grant");
  expect_error(app_->refresh(jane["refresh_token"]), 400, "invalid_grant");
  expect_audited(
      *as_,
      {.action = "token.exchange_denied", .client_id = first.id(), .detail = "reason=subject_token_revoked"});
}

// J6: an agent calls a gateway; what it needs behind it, the gateway fetches in its own name.
TEST_F(DelegationJourney, J6_AGatewayFetchesWhatIsBehindIt) {
  const App gateway = agent_named("files gateway", false), outsider = agent_named("outsider");
  const App backend = agent_named("hidden backend", false);
  run_by(gateway, "files");
  run_by(backend, "hidden");
  const std::string jane = signed_in(*app_, "files:read files:write", kFiles)["access_token"];
  const auto through = [&](const App& caller, const std::string& token, const std::string& scope) {
    Form form = form_of({{"resource", kHidden}});
    if (!scope.empty()) form.add("scope", scope);
    return exchange(caller, token, form);
  };
  expect_error(through(gateway, jane, "blob:get"), 400, "invalid_scope");
  admin("/admin/fronting", {{"source", "files"},
                            {"target", "hidden"},
                            {"scope_map", {{"files:read", {"blob:get"}}, {"files:write", {"blob:put"}}}}});

  // Without a scope it is all that Jane's token is good for.
  const auto granted = through(gateway, jane, "");
  const std::string behind = token_in(granted);
  EXPECT_EQ(granted.json()["scope"], "blob:get blob:put");
  const auto claims = jwt_part(behind, 1);
  EXPECT_EQ(claims["sub"], jane_.id);
  EXPECT_EQ(claims["client_id"], "files");
  EXPECT_EQ(claims["aud"], nlohmann::json::array({kHidden}));
  EXPECT_EQ(claims["act"], (nlohmann::json{{"sub", "files"}, {"act", {{"sub", app_->id()}}}}));
  for (const App* knows : {&backend, &gateway}) {
    const auto seen = knows->introspect(behind);
    expect_active(seen);
    EXPECT_EQ(seen.json()["client_id"], "files");
    EXPECT_EQ(seen.json()["act"], claims["act"]);
  }
  expect_inactive(outsider.introspect(behind));

  // A token that may only read fetches nothing to write with.
  const std::string reading = signed_in(*app_, "files:read", kFiles)["access_token"];
  EXPECT_EQ(through(gateway, reading, "").json()["scope"], "blob:get");
  expect_error(through(gateway, reading, "blob:put"), 400, "invalid_scope");
  // Nobody but the gateway uses the way.
  expect_error(through(outsider, jane, "blob:get"), 403, "access_denied");
  expect_audited(*as_, {.action = "token.exchange_denied",
                        .client_id = outsider.id(),
                        .detail = "reason=fronting_caller_not_authorized"});
  expect_audited(*as_, {.action = "token.exchanged",
                        .client_id = gateway.id(),
                        .detail = "chain_kind=fronted target_kind=mint via_link=files->hidden"});
  // The gateway gives back what it does not need any more.
  EXPECT_EQ(gateway.revoke(behind).status, 200);
  expect_inactive(backend.introspect(behind));
}

// The switch is the operator's.
TEST(DelegationSwitch, OffItIsNeitherAnnouncedNorServedNorRegistered) {
  TempFolder folder;
  AuthServer as(folder.path(), {{"AUTHPLANE_TOKEN_EXCHANGE_ENABLED", "false"}});
  as.start();
  ASSERT_FALSE(::testing::Test::HasFatalFailure());
  const auto metadata = metadata_of(as);
  for (const auto& grant : metadata["grant_types_supported"]) EXPECT_NE(grant, kExchange);
  const Registered client = as.register_client("machine", "x");
  const auto refused =
      post_form(as.url("/oauth/token"), form_of({{"grant_type", kExchange}, {"client_id", client.id}}));
  expect_error(refused, 400, "unsupported_grant_type");
  EXPECT_NE(refused.body.find("token_exchange.enabled"), std::string::npos) << refused.body;
  for (const auto& reply :
       {register_client(as, registration({{"grant_types", {kExchange}},
                                          {"token_endpoint_auth_method", "client_secret_basic"}})),
        as.admin("POST", "/admin/clients",
                 {{"client_name", "x"},
                  {"grant_types", {kExchange}},
                  {"token_endpoint_auth_method", "client_secret_basic"}})}) {
    EXPECT_EQ(reply.status, 400) << reply.body;
    EXPECT_NE(reply.body.find("AUTHPLANE_TOKEN_EXCHANGE_ENABLED"), std::string::npos) << reply.body;
  }
  EXPECT_EQ(as.stop(), 0) << as.log();
}

}  // namespace
}  // namespace authplane::e2e
