#include "journey.h"
#include "journey_documents.h"

// How clients become known that the operator did not create, in every mode, and the documents that are
// refused.

namespace authplane::e2e {
namespace {

constexpr const char* kListed = "https://listed.example/callback";
constexpr const char* kUnlisted = "https://unlisted.example/callback";
constexpr const char* kResource = "https://mcp.example/mcp";

class RegistrationJourney : public ::testing::Test {
 protected:
  void start(Environment settings) {
    as_ = std::make_unique<AuthServer>(folder_.path(), std::move(settings));
    as_->start();
    if (!HasFatalFailure()) as_->register_resource("demo", kResource, {"mcp:echo"});
  }
  // Documents may come from this machine.
  static Environment local_documents() {
    return {{"AUTHPLANE_CIMD_REQUIRE_HTTPS", "false"},
            {"AUTHPLANE_CIMD_ALLOW_PRIVATE_ADDRESSES", "true"},
            {"AUTHPLANE_DCR_APPROVED_REDIRECTS", kListed}};
  }
  void TearDown() override {
    ASSERT_NE(as_, nullptr);
    EXPECT_EQ(as_->stop(), 0) << "authserver did not end cleanly:\n" << as_->log();
  }

  std::string publish(const std::string& path, const std::string& redirect_uri) {
    const auto url = documents_.url(path);
    auto document = registration({{"client_id", url}, {"redirect_uris", {redirect_uri}}});
    return documents_.publish(path, {.body = document.dump()});
  }
  App app_at(const std::string& url, const std::string& redirect_uri) const {
    return {*as_, {url, ""}, redirect_uri};
  }
  Page open(const App& app) const {
    return ScriptedBrowser(as_->issuer()).open(app.start({.scope = "mcp:echo", .resource = kResource}).url);
  }
  void set_mode(const std::string& mode) const {
    const auto reply = as_->admin("PATCH", "/admin/settings/dcr", {{"mode", mode}});
    ASSERT_EQ(reply.status, 200) << reply.body;
  }
  // A page, whatever the redirect URI says: who asks is not known.
  void expect_invalid_client(const App& app) const {
    const Page page = open(app);
    EXPECT_FALSE(page.left) << page.url;
    EXPECT_EQ(page.reply.status, 400) << page.reply.body;
    EXPECT_NE(page.reply.body.find("Invalid client"), std::string::npos) << page.reply.body;
  }
  Reply register_with(const std::string& redirect_uri) const {
    return register_client(*as_, registration({{"redirect_uris", {redirect_uri}}}));
  }

  TempFolder folder_;
  DocumentServer documents_;
  std::unique_ptr<AuthServer> as_;
};

// A registration may be large, nothing else may; who is refused hears of it in the form of every other error.
TEST_F(RegistrationJourney, OnlyRegistrationsMayBeLarge) {
  start({{"AUTHPLANE_SERVER_ALLOWED_ORIGINS", "https://app.example"}});
  ASSERT_FALSE(HasFatalFailure());
  const auto sent = [&](const std::string& path, std::size_t size) {
    return http("POST", as_->issuer() + path,
                {{"Content-Type", "application/json"}, {"Origin", "https://app.example"}},
                std::string(size, ' ') + registration().dump());
  };
  EXPECT_EQ(sent("/oauth/register", 1'000'000).status, 201);
  for (const std::string path : {"/oauth/token", "/oauth/revoke", "/login"}) {
    const auto reply = sent(path, 65 * 1024);
    expect_error(reply, 413, "invalid_request");
    const auto body = nlohmann::json::parse(reply.body);
    EXPECT_EQ(body["status"], 413) << path;
    EXPECT_EQ(body["title"], "Content Too Large") << path;
    EXPECT_EQ(body["type"], "/errors/invalid_request") << path;
    const bool for_pages = path != "/login";
    EXPECT_EQ(reply.headers.get("Access-Control-Allow-Origin").value_or("-"),
              for_pages ? "https://app.example" : "-")
        << path;
  }
}

TEST_F(RegistrationJourney, EveryModeForRegistrationAndForDocuments) {
  start(local_documents());
  ASSERT_FALSE(HasFatalFailure());

  set_mode("open");
  EXPECT_EQ(register_with(kListed).status, 201);
  EXPECT_EQ(register_with(kUnlisted).status, 201);
  const App known = app_at(publish("/known.json", kUnlisted), kUnlisted);
  EXPECT_EQ(open(known).path, "/login");
  EXPECT_EQ(documents_.hits("/known.json"), 1);

  set_mode("approved_redirects");
  EXPECT_EQ(register_with(kListed).status, 201);
  expect_error(register_with(kUnlisted), 400, "invalid_redirect_uri");
  EXPECT_EQ(open(app_at(publish("/listed.json", kListed), kListed)).path, "/login");
  expect_invalid_client(app_at(publish("/unlisted.json", kUnlisted), kUnlisted));

  set_mode("admin_only");
  expect_error(register_with(kListed), 403, "access_denied");
  expect_invalid_client(app_at(publish("/late.json", kListed), kListed));
  EXPECT_EQ(documents_.hits("/late.json"), 0) << "nobody may register, yet a document was fetched";
  EXPECT_EQ(open(known).path, "/login") << "a client that is known stays";
  expect_audited(*as_, {.action = "dcr.mode_updated", .detail = "admin_only"});
}

TEST_F(RegistrationJourney, AClientKnownByItsDocumentGetsTokens) {
  start(local_documents());
  ASSERT_FALSE(HasFatalFailure());
  const Person person = create_person(*as_, "jane@example.com");
  const App app = app_at(publish("/app.json", kListed), kListed);

  ScriptedBrowser browser(as_->issuer());
  const auto started = app.start({.scope = "mcp:echo", .resource = kResource});
  Page page = browser.sign_in(browser.open(started.url), person);
  ASSERT_EQ(page.path, "/consent") << page.reply.body;
  EXPECT_NE(page.reply.body.find("Describes itself in a document at"), std::string::npos);
  EXPECT_NE(page.reply.body.find("listed.example"), std::string::npos);
  const auto tokens = app.redeem(app.code_from(browser.decide(page, {}), started), started);
  ASSERT_EQ(tokens.status, 200) << tokens.body;
  EXPECT_EQ(jwt_part(tokens.json()["access_token"], 1)["client_id"], app.id());
  EXPECT_EQ(app.refresh(tokens.json()["refresh_token"]).status, 200);
  EXPECT_EQ(documents_.hits("/app.json"), 1) << "the document is kept while it is fresh";
}

TEST_F(RegistrationJourney, DocumentsThatAreRefused) {
  start(local_documents());
  ASSERT_FALSE(HasFatalFailure());
  publish("/good.json", kListed);

  expect_invalid_client(app_at(documents_.url(""), kListed));
  expect_invalid_client(app_at(documents_.url("/"), kListed));
  expect_invalid_client(app_at(documents_.url("/a/../good.json"), kListed));
  EXPECT_EQ(documents_.all_hits(), 0) << "a URL that names no document was fetched";

  const auto document = [&](const std::string& path) {
    return registration({{"client_id", documents_.url(path)}, {"redirect_uris", {kListed}}}).dump();
  };
  documents_.publish("/moved.json", {.body = "", .status = 302, .location = documents_.url("/good.json")});
  documents_.publish("/large.json", {.body = document("/large.json") + std::string(2 << 20, ' ')});
  documents_.publish("/page.json", {.body = document("/page.json"), .content_type = "text/html"});
  documents_.publish("/other.json", {.body = document("/good.json")});
  documents_.publish("/broken.json", {.body = "{"});
  documents_.publish("/error.json", {.body = document("/error.json"), .status = 500});
  for (const std::string path :
       {"/moved.json", "/large.json", "/page.json", "/other.json", "/broken.json", "/error.json"}) {
    SCOPED_TRACE(path);
    const App app = app_at(documents_.url(path), kListed);
    for (int i = 0; i < 5; ++i) expect_invalid_client(app);
    EXPECT_EQ(documents_.hits(path), 1) << "every visit makes the server fetch again";
  }
  EXPECT_EQ(documents_.hits("/good.json"), 0) << "a redirect was followed";
  EXPECT_EQ(open(app_at(documents_.url("/good.json"), kListed)).path, "/login");
}

TEST_F(RegistrationJourney, DocumentsOfThisMachineUnlessAllowed) {
  start({{"AUTHPLANE_CIMD_REQUIRE_HTTPS", "false"}});
  ASSERT_FALSE(HasFatalFailure());
  expect_invalid_client(app_at(publish("/app.json", kListed), kListed));
  auto by_name = documents_.url("/app.json");
  by_name.replace(by_name.find("127.0.0.1"), 9, "localhost");
  expect_invalid_client(app_at(by_name, kListed));
  EXPECT_EQ(documents_.all_hits(), 0);
}

TEST_F(RegistrationJourney, DocumentsOverPlainHttpUnlessAllowed) {
  start({{"AUTHPLANE_CIMD_ALLOW_PRIVATE_ADDRESSES", "true"}});
  ASSERT_FALSE(HasFatalFailure());
  expect_invalid_client(app_at(publish("/app.json", kListed), kListed));
  EXPECT_EQ(documents_.all_hits(), 0);
}

}  // namespace
}  // namespace authplane::e2e
