#include "journey.h"

// People and applications that take what is not theirs. Each test has a victim who notices nothing.

namespace authplane::e2e {
namespace {

constexpr const char* kResource = "https://mcp.example/mcp";
const Wanted kWanted{.scope = "mcp:read mcp:write", .resource = kResource};

class JourneyAttacks : public ::testing::Test {
 protected:
  void SetUp() override {
    as_ = std::make_unique<AuthServer>(
        folder_.path(), Environment{{"AUTHPLANE_SESSION_SECRET", "session-secret-0123456789abcdef"},
                                    {"AUTHPLANE_RATE_LIMIT_AUTH_FAIL_MAX", "3"}});
    as_->start();
    ASSERT_FALSE(HasFatalFailure());
    as_->register_resource("demo", kResource, {"mcp:read", "mcp:write"});
    jane_ = create_person(*as_, "jane@example.com");
    app_ = std::make_unique<App>(App::register_dynamically(*as_));
  }
  void TearDown() override {
    ASSERT_NE(as_, nullptr);
    EXPECT_EQ(as_->stop(), 0) << "authserver did not end cleanly:\n" << as_->log();
  }

  ScriptedBrowser browser() const { return ScriptedBrowser(as_->issuer()); }
  std::string code_for(const Started& started) const {
    auto own = browser();
    return app_->code_from(own.authorize(started.url, jane_), started);
  }

  TempFolder folder_;
  std::unique_ptr<AuthServer> as_;
  Person jane_;
  std::unique_ptr<App> app_;
};

TEST_F(JourneyAttacks, ACodeWithoutItsVerifierIsWorthNothing) {
  const Started started = app_->start(kWanted);
  const auto code = code_for(started);
  const auto tokens = app_->redeem(code, started);
  ASSERT_EQ(tokens.status, 200) << tokens.body;
  // Found in a log afterwards: not good any more, and no way to sign Jane out.
  const Started guessed{.url = "", .state = "", .verifier = std::string(43, 'x')};
  expect_error(app_->redeem(code, guessed), 400, "invalid_grant");
  const App thief = App::register_dynamically(*as_);
  EXPECT_NE(thief.redeem(code, started).status, 200);
  expect_audited(*as_, {.action = "auth_code.reused", .client_id = app_->id(), .detail = "verifier=invalid"});
  const auto refreshed = app_->refresh(tokens.json()["refresh_token"]);
  ASSERT_EQ(refreshed.status, 200) << refreshed.body;

  // With the verifier, somebody sits where the secrets are: everything ends.
  expect_error(app_->redeem(code, started), 400, "invalid_grant");
  expect_audited(*as_, {.action = "family.revoked", .client_id = app_->id(), .detail = "code_reuse"});
  expect_error(app_->refresh(refreshed.json()["refresh_token"]), 400, "invalid_grant");

  // Intercepted on its way: whoever comes first without the verifier gets nothing.
  const Started next = app_->start(kWanted);
  const auto intercepted = code_for(next);
  expect_error(app_->redeem(intercepted, guessed), 400, "invalid_grant");
}

TEST_F(JourneyAttacks, ARefreshTokenNeedsItsClient) {
  const App confidential =
      App::register_dynamically(*as_, {{"token_endpoint_auth_method", "client_secret_basic"}});
  const auto tokens = confidential.tokens_of(jane_, kWanted);
  const std::string stolen = tokens["refresh_token"];
  const App without_secret(*as_, {confidential.id(), ""}, confidential.redirect_uri());
  const App wrong_secret(*as_, {confidential.id(), "guess"}, confidential.redirect_uri());
  for (const App* thief : {static_cast<const App*>(app_.get()), &without_secret, &wrong_secret}) {
    expect_error(thief->refresh(stolen), 401, "invalid_client");
    thief->revoke(stolen);
  }
  // Nothing of that has spent or ended it.
  EXPECT_EQ(confidential.refresh(stolen).status, 200);
}

// Mallory has Jane decide on a request of his, or decides on hers.
TEST_F(JourneyAttacks, AQuestionBelongsToWhomItWasAskedOf) {
  const Person mallory = create_person(*as_, "mallory@example.com");
  auto of_jane = browser(), of_mallory = browser();
  const Page asked = of_jane.sign_in(of_jane.open(app_->start(kWanted).url), jane_);
  ASSERT_EQ(asked.path, "/consent") << asked.reply.body;
  const Page own = of_mallory.sign_in(of_mallory.open(app_->start(kWanted).url), mallory);
  ASSERT_EQ(own.path, "/consent") << own.reply.body;

  EXPECT_EQ(of_mallory.open(asked.url).reply.status, 403);
  for (const char* action : {"allow", "deny"}) {
    SCOPED_TRACE(action);
    // Jane's form, as it is; and with the form token Mallory has for his own.
    EXPECT_EQ(of_mallory.decide(asked, {.action = action}).reply.status, 403);
    Page mixed = asked;
    for (auto& form : mixed.forms) {
      if (form.action != "/consent") continue;
      Form fields;
      for (const auto& [name, value] : form.fields.fields()) {
        fields.add(name, name == "csrf_token" ? std::string(*own.form("/consent").fields.get(name)) : value);
      }
      form.fields = std::move(fields);
    }
    EXPECT_EQ(of_mallory.decide(mixed, {.action = action}).reply.status, 403);
    EXPECT_EQ(of_jane.decide(own, {.action = action}).reply.status, 403);
  }
  // Both are still asked, and answer for themselves.
  EXPECT_NE(of_jane.decide(asked, {}).parameter("code"), "");
  EXPECT_EQ(of_mallory.decide(own, {.action = "deny"}).parameter("error"), "access_denied");
}

TEST_F(JourneyAttacks, NobodyAllowsMoreThanWasAskedOrNothing) {
  auto own = browser();
  const Page asked =
      own.sign_in(own.open(app_->start({.scope = "mcp:read", .resource = kResource}).url), jane_);
  ASSERT_EQ(asked.path, "/consent") << asked.reply.body;
  EXPECT_EQ(own.decide(asked, {.without = {"mcp:read"}}).reply.status, 400);
  Page more = asked;
  for (auto& form : more.forms) {
    if (form.action == "/consent") form.fields.add("scopes", "mcp:write");
  }
  EXPECT_EQ(own.decide(more, {}).reply.status, 400);
  EXPECT_NE(own.decide(asked, {}).parameter("code"), "");
  // Once answered, the form is used up.
  EXPECT_EQ(own.decide(asked, {}).reply.status, 409);
}

// The browser is sent nowhere before it is known that the application asked for it.
TEST_F(JourneyAttacks, NobodyIsSentToAStranger) {
  auto own = browser();
  const std::string good = app_->start(kWanted).url;
  const auto with = [&](const std::string& was, const std::string& is) {
    std::string url = good;
    const auto at = url.find(form_encode(was));
    EXPECT_NE(at, std::string::npos);
    return url.replace(at, form_encode(was).size(), form_encode(is));
  };
  for (const std::string redirect :
       {"https://evil.example/callback", "http://127.0.0.1:4711/callback/../x",
        "http://127.0.0.1:4711@evil.example/callback", "http://127.0.0.1.evil.example:4711/callback",
        "http://localhost:4711/callback", "http://127.0.0.1:4711/callback?x=1", "javascript:alert(1)"}) {
    const Page page = own.open(with(app_->redirect_uri(), redirect));
    EXPECT_FALSE(page.left) << redirect;
    EXPECT_EQ(page.reply.status, 400) << redirect;
  }
  EXPECT_EQ(own.open(with(app_->id(), "nobody")).reply.status, 400);
  for (const std::string redirect :
       {"https://evil.example/", "//evil.example/", "/\\evil.example/", "/%09/evil.example/", "evil"}) {
    auto fresh = browser();
    const Page page =
        fresh.sign_in(fresh.open(as_->issuer() + "/login?redirect=" + form_encode(redirect)), jane_);
    EXPECT_FALSE(page.left) << redirect << " led to " << page.url;
  }
}

// Guessing locks the address for the guesser's network, in the same words for people who do not exist.
TEST_F(JourneyAttacks, GuessingPasswords) {
  for (const std::string& email : {jane_.email, std::string("nobody@example.com")}) {
    SCOPED_TRACE(email);
    auto guesser = browser();
    Page page = guesser.open(as_->issuer() + "/login");
    for (int i = 0; i < 3; ++i) {
      page = guesser.sign_in(page, {"", email, "guess " + std::to_string(i)});
      EXPECT_EQ(page.reply.status, 422);
    }
    page = guesser.sign_in(page, {"", email, jane_.password});
    EXPECT_EQ(page.reply.status, 429) << "the lock does not hold against the right password";
    EXPECT_GT(std::atoi(page.reply.header("Retry-After").c_str()), 0);
  }
  expect_audited(*as_, {.action = "auth.locked_out", .actor_id = jane_.id});
}

// What the operator switches off stops at once, wherever it is in its way.
TEST_F(JourneyAttacks, ASuspendedApplication) {
  const auto tokens = app_->tokens_of(jane_, kWanted);
  const Started started = app_->start(kWanted);
  const auto code = code_for(started);
  ASSERT_EQ(as_->admin("PATCH", "/admin/clients/" + app_->id() + "/suspend").status, 200);
  expect_error(app_->redeem(code, started), 401, "invalid_client");
  expect_error(app_->refresh(tokens["refresh_token"]), 401, "invalid_client");
  const Page page = browser().open(started.url);
  EXPECT_FALSE(page.left);
  EXPECT_EQ(page.reply.status, 403);
  ASSERT_EQ(as_->admin("PATCH", "/admin/clients/" + app_->id() + "/reactivate").status, 200);
  EXPECT_EQ(app_->refresh(tokens["refresh_token"]).status, 200);
}

// Nothing a person has is lost with the process, and nothing spent comes back.
TEST_F(JourneyAttacks, ARestartForgetsNothing) {
  auto own = browser();
  const Started first = app_->start(kWanted);
  const auto code = app_->code_from(own.authorize(first.url, jane_), first);
  const auto tokens = app_->redeem(code, first).json();
  const std::string spent = tokens["refresh_token"];
  const auto refreshed = app_->refresh(spent).json();
  const Started second = app_->start(kWanted);
  const auto open_code = app_->code_from(own.open(second.url), second);

  ASSERT_EQ(as_->stop(), 0);
  as_->start();
  ASSERT_FALSE(HasFatalFailure());

  EXPECT_EQ(app_->redeem(open_code, second).status, 200);
  const auto again = app_->refresh(refreshed["refresh_token"]);
  ASSERT_EQ(again.status, 200) << again.body;
  const Started third = app_->start(kWanted);
  EXPECT_NE(app_->code_from(own.open(third.url), third), "") << "Jane is asked to sign in again";
  expect_error(app_->refresh(spent), 400, "invalid_grant");
  expect_error(app_->refresh(again.json()["refresh_token"]), 400, "invalid_grant");
}

}  // namespace
}  // namespace authplane::e2e
