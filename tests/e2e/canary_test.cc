#include "canaries.h"
#include "journey.h"
#include "tier03.h"

// Everything that is secret goes through every endpoint once, well and badly; then none of it may be found in
// what the server wrote down.

namespace authplane::e2e {
namespace {

class Canary : public ::testing::Test {
 protected:
  static constexpr const char* kResource = "https://mcp.example/mcp";
  static constexpr const char* kPassword = "canary & password <of> Jane";

  void SetUp() override {
    as_ = std::make_unique<AuthServer>(
        folder_.path(), Environment{{"AUTHPLANE_LOG_LEVEL", "debug"},
                                    {"AUTHPLANE_ADMIN_API_KEY", kAdminKey},
                                    {"AUTHPLANE_SESSION_SECRET", "canary-session-secret-0123456789"},
                                    {"AUTHPLANE_CLIENT_SECRET_PEPPER", "canary-pepper-0123456789abcdef"}});
    as_->start();
    ASSERT_FALSE(HasFatalFailure());
    as_->register_resource("demo", kResource, {"mcp:echo"});
    person_ = create_person(*as_, "jane@example.com", kPassword);
    secrets_.add("admin key", kAdminKey);
    secrets_.add("session secret", "canary-session-secret-0123456789");
    secrets_.add("pepper", "canary-pepper-0123456789abcdef");
    secrets_.add("password", kPassword);
  }

  std::string kept_jws(const std::string& what, const std::string& token) {
    secrets_.add_jws(what, token);
    return token;
  }
  std::string kept(const std::string& what, const std::string& word) {
    secrets_.add(what, word);
    return word;
  }
  std::string proof(const std::string& url) {
    return kept_jws("proof", ProofBuilder(now()).url(url).build());
  }
  // The tokens of an answer, remembered.
  nlohmann::json kept_tokens(const Reply& reply) {
    EXPECT_EQ(reply.status, 200) << reply.body;
    if (reply.status != 200) return nlohmann::json::object();
    const auto body = reply.json();
    kept_jws("access token", body.value("access_token", ""));
    if (body.contains("refresh_token")) kept("refresh token", body["refresh_token"]);
    return body;
  }

  void sign_in_badly(ScriptedBrowser& browser, const Page& login);
  void use_code_and_tokens(const App& app, ScriptedBrowser& browser, bool with_proofs);
  void use_machine();
  void use_admin_api_badly();
  std::string audit() const;
  std::string stored() const;

  static constexpr const char* kAdminKey = "e2e-admin-key-0123456789";
  TempFolder folder_;
  std::unique_ptr<AuthServer> as_;
  Person person_;
  Canaries secrets_;
};

void Canary::sign_in_badly(ScriptedBrowser& browser, const Page& login) {
  const Person mistaken{"", person_.email, kept("mistyped password", "canary mistyped password")};
  EXPECT_EQ(browser.sign_in(login, mistaken).reply.status, 422);
  const Person nobody{"", "nobody@example.com", kept("password of nobody", "canary password of nobody")};
  EXPECT_EQ(browser.sign_in(login, nobody).reply.status, 422);
  // The password in the field of the address, as happens.
  const Person shifted{"", kPassword, "canary second field"};
  EXPECT_EQ(browser.sign_in(login, shifted).reply.status, 422);
  PageForm forged = login.form("/login");
  forged.fields = form_of({{"email", person_.email},
                           {"password", kPassword},
                           {"csrf_token", kept("forged form token", "canary-forged-form-token")},
                           {"redirect", "/"}});
  EXPECT_EQ(browser.submit(login, forged).reply.status, 422);
}

void Canary::use_code_and_tokens(const App& app, ScriptedBrowser& browser, bool with_proofs) {
  const auto headers = [&] {
    return with_proofs ? Headers{{"DPoP", proof(app.token_endpoint())}} : Headers{};
  };
  const Wanted wanted{.scope = "mcp:echo", .resource = kResource};
  const auto begin = [&] {
    auto started = app.start(wanted);
    kept("code verifier", started.verifier);
    return started;
  };

  auto started = begin();
  const auto code = kept("code", app.code_from(browser.authorize(started.url, person_), started));
  const Started wrong{.url = "", .state = "", .verifier = kept("wrong verifier", std::string(43, 'w'))};
  expect_error(app.redeem(code, wrong), 400, "invalid_grant");
  expect_error(app.redeem(kept("made-up code", "canary-made-up-code"), started), 400, "invalid_grant");

  started = begin();
  const auto good = kept("code", app.code_from(browser.authorize(started.url, person_), started));
  const auto first = kept_tokens(app.redeem(good, started, headers()));
  const auto second = kept_tokens(app.refresh(first["refresh_token"], headers()));
  const auto wrong_proof = proof("https://elsewhere.example/token");
  expect_error(app.refresh(second["refresh_token"], {{"DPoP", wrong_proof}}), 400, "invalid_dpop_proof");
  expect_error(app.refresh(second["refresh_token"], {{"DPoP", kept("no proof", "canary-not-a-proof")}}), 400,
               "invalid_dpop_proof");
  expect_error(app.refresh(kept("made-up refresh token", "canary-made-up-refresh-token")), 400,
               "invalid_grant");
  if (!app.secret().empty()) {
    expect_active(app.introspect(second["access_token"]));
    expect_inactive(app.introspect(kept("made-up token", "canary-made-up-token")));
    const App impostor(*as_, {app.id(), kept("wrong client secret", "canary-wrong-client-secret")},
                       app.redirect_uri());
    expect_error(impostor.introspect(second["access_token"]), 401, "invalid_client");
    expect_error(impostor.refresh(second["refresh_token"]), 401, "invalid_client");
    expect_error(impostor.revoke(second["refresh_token"]), 401, "invalid_client");
  }
  // Both kinds of theft, then the end.
  expect_error(app.refresh(first["refresh_token"], headers()), 400, "invalid_grant");
  expect_error(app.redeem(good, started, headers()), 400, "invalid_grant");
  EXPECT_EQ(app.revoke(second["refresh_token"]).status, 200);
  EXPECT_EQ(app.revoke(second["access_token"]).status, 200);
  // Secrets where they do not belong.
  const std::string spent = first["refresh_token"];
  const auto misplaced = form_of({{"code", good}, {"client_secret", app.secret()}, {"refresh_token", spent}});
  http("GET", app.token_endpoint() + "?" + misplaced.encode());
  http("POST", app.token_endpoint() + "?" + misplaced.encode(), {{"Content-Type", "application/json"}},
       R"({"code":")" + good + R"("})");
}

void Canary::use_machine() {
  const auto machine = as_->register_client("machine", "mcp:echo");
  kept("client secret", machine.secret);
  kept_tokens(as_->token(machine, "mcp:echo", kResource, {{"DPoP", proof(as_->issuer() + "/oauth/token")}}));
  expect_error(as_->token({machine.id, kept("wrong client secret", "canary-wrong-machine-secret")},
                          "mcp:echo", kResource),
               401, "invalid_client");
  const auto rotated = as_->admin("POST", "/admin/clients/" + machine.id + "/rotate-secret");
  EXPECT_EQ(rotated.status, 200) << rotated.body;
  kept("rotated client secret", rotated.json().value("client_secret", ""));
}

void Canary::use_admin_api_badly() {
  const auto clients = "http://127.0.0.1:" + std::to_string(as_->admin_port()) + "/admin/clients";
  const auto wrong = kept("wrong admin key", "canary-wrong-admin-key");
  EXPECT_EQ(http("GET", clients, {{"Authorization", "Bearer " + wrong}}).status, 401);
  EXPECT_EQ(as_->admin("POST", "/admin/users",
                       {{"email", "no address"}, {"password", kept("unused password", "canary unused pw")}})
                .status,
            400);
  EXPECT_EQ(
      as_->admin("POST", "/admin/users",
                 {{"email", "joe@example.com"}, {"password", kept("password", "canary password of Joe")}})
          .status,
      201);
  EXPECT_EQ(register_client(*as_, registration({{"client_name", ""}})).status, 400);
}

std::string Canary::audit() const {
  std::string text;
  for (const auto& row : audit_rows(*as_, "")) text += row.dump() + "\n";
  return text;
}

// Every byte of the database, the log and the files that go with them; not the keys, which are secret anyway.
std::string Canary::stored() const {
  std::string bytes;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path() / "data"))
    if (entry.is_regular_file()) bytes += read_file(entry.path());
  return bytes;
}

TEST_F(Canary, NoSecretIsWrittenDownAnywhere) {
  const App public_app = App::register_dynamically(*as_);
  const App confidential = App::register_dynamically(
      *as_, {{"client_name", "Confidential"}, {"token_endpoint_auth_method", "client_secret_basic"}});
  kept("client secret", confidential.secret());

  ScriptedBrowser browser(as_->issuer());
  sign_in_badly(browser, browser.open(as_->issuer() + "/login"));
  for (const bool with_proofs : {false, true}) {
    use_code_and_tokens(public_app, browser, with_proofs);
    use_code_and_tokens(confidential, browser, with_proofs);
  }
  use_machine();
  use_admin_api_badly();
  for (const auto& secret : browser.secrets()) kept("cookie or form token", secret);

  // The last rows are written by now, and what is not secret can be found in all three places: they are the
  // right ones, and a secret would be found as well.
  expect_audited(*as_, {.action = "client.secret_rotated"});
  expect_audited(*as_, {.action = "user.login_failed"});
  expect_audited(*as_, {.action = "auth_code.reused", .client_id = confidential.id()});
  expect_audited(*as_, {.action = "client_credentials.denied"});
  const auto audited = audit();
  const auto metrics = as_->admin("GET", "/metrics");
  EXPECT_EQ(metrics.status, 200);
  const auto running = stored();
  EXPECT_EQ(as_->stop(), 0) << as_->log();
  const auto log = as_->log(), at_rest = stored();
  EXPECT_NE(audited.find(confidential.id()), std::string::npos);
  EXPECT_NE(log.find(confidential.id()), std::string::npos);
  EXPECT_NE(at_rest.find(confidential.id()), std::string::npos);
  EXPECT_NE(metrics.body.find("authserver_"), std::string::npos);

  ASSERT_FALSE(HasFailure()) << "not everything was tried";
  EXPECT_GT(secrets_.size(), 60U);
  secrets_.expect_none_in("the log", log);
  secrets_.expect_none_in("the audit log", audited);
  secrets_.expect_none_in("the metrics", metrics.body);
  secrets_.expect_none_in("the database of the running server", running);
  secrets_.expect_none_in("the database", at_rest);
}

}  // namespace
}  // namespace authplane::e2e
