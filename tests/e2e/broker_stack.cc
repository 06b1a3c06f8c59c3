#include "broker_stack.h"

#include <authplane/base/encoding.h>

namespace authplane::e2e {
namespace {

constexpr const char* kAccessTokenType = "urn:ietf:params:oauth:token-type:access_token";
constexpr const char* kExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr const char* kRedirect = "http://127.0.0.1:9200/callback";

nlohmann::json scope(const std::string& name, bool with_upstream) {
  nlohmann::json entry = {{"name", name}, {"description", name}};
  if (with_upstream) entry["upstream"] = name;
  return entry;
}

Environment settings(const Environment& extra) {
  Environment environment = {{"AUTHPLANE_TOKEN_EXCHANGE_ENABLED", "true"},
                             {"AUTHPLANE_SESSION_SECRET", "session-secret-0123456789abcdef"},
                             {"AUTHPLANE_CONNECT_STATE_SECRET", BrokerStack::kStateSecret},
                             {"AUTHPLANE_DATA_ENCRYPTION_DRIVER", "aes_master"},
                             {"AUTHPLANE_DATA_ENCRYPTION_KEY_ENV", "AUTHPLANE_AES_MASTER_KEY"},
                             {"AUTHPLANE_AES_MASTER_KEY", BrokerStack::kMasterKey},
                             {"AUTHPLANE_BROKER_ALLOW_PRIVATE_UPSTREAMS", "true"},
                             {"AUTHPLANE_LOG_LEVEL", "debug"},
                             {"CONNECTOR_GITHUB_SECRET", Github::kSecret}};
  for (const auto& [name, value] : extra) environment[name] = value;
  return environment;
}

nlohmann::json created(const AuthServer& as, const std::string& path, const nlohmann::json& body) {
  const auto reply = as.admin("POST", path, body);
  EXPECT_EQ(reply.status, 201) << path << " " << reply.body;
  return reply.json();
}

}  // namespace

Github::Github(const std::string& callback)
    : standin_({.client_id = kClientId, .client_secret = kSecret, .callback = callback}, clock_, random_) {
  mount(server_, standin_.routes());
  port_ = server_.bind_to_any_port("127.0.0.1");
  thread_ = std::thread([this] { server_.listen_after_bind(); });
  EXPECT_TRUE(eventually(std::chrono::seconds(20), [&] { return port_answers(port_); }));
}

Github::~Github() {
  standin_.release();
  server_.stop();
  thread_.join();
}

void Github::behave(const std::string& mode, bool once) {
  standin_.set_mode(gh_standin::parse_behaviour(mode).value(), once);
}

void Github::revoke(const std::string& token) const {
  const auto reply =
      post_form(url() + "/login/oauth/revoke",
                form_of({{"client_id", kClientId}, {"client_secret", kSecret}, {"token", token}}));
  EXPECT_EQ(reply.status, 200) << reply.body;
}

BrokerStack::BrokerStack(const Environment& extra)
    : as_(folder_.path(), settings(extra)),
      github_(as_.issuer() + "/connect/github/callback"),
      actor_(resource_at(free_port())) {
  as_.set("AUTHPLANE_CONNECT_REDIRECT_BASE_URL", as_.issuer());
}

void BrokerStack::start() {
  as_.start();
  if (::testing::Test::HasFatalFailure()) return;
  created(as_, "/admin/broker-providers",
          {{"slug", "github"},
           {"display_name", "GitHub"},
           {"protocol", "oauth"},
           {"config_data",
            {{"client_id", Github::kClientId},
             {"client_secret_ref", "CONNECTOR_GITHUB_SECRET"},
             {"authorize_url", github_.url() + "/login/oauth/authorize"},
             {"token_url", github_.url() + "/login/oauth/access_token"},
             {"revoke_url", github_.url() + "/login/oauth/revoke"}}}});
  created(as_, "/admin/resources",
          {{"slug", kActorSlug},
           {"uri", actor_},
           {"backend_kind", "mint"},
           {"display_name", "Actor"},
           {"scopes", {scope("mcp:tools", false), scope("repo", false)}}});
  created(as_, "/admin/resources",
          {{"slug", "github"},
           {"uri", "https://github-stub.example.invalid/api"},
           {"backend_kind", "broker"},
           {"broker_provider_slug", "github"},
           {"display_name", "GitHub (brokered)"},
           {"scopes", {scope("repo", true), scope("read:user", true)}},
           {"policy", {{"connect", {{"allowed_return_urls", {"http://localhost:*"}}}}}}});
  link(true);
  acting_ = create_client(as_, {{"client_name", "acting client"},
                                {"grant_types", {"client_credentials", kExchangeGrant}},
                                {"token_endpoint_auth_method", "client_secret_basic"},
                                {"scope", "mcp:tools repo read:user"}});
  for (const std::string list :
       {"mcp-agent-cpp/policy/runtime/client-ids", "github/policy/exchange/allowed-clients"}) {
    const auto listed = as_.admin("POST", "/admin/resources/" + list, {{"client_id", acting_.id}});
    EXPECT_EQ(listed.status, 200) << listed.body;
  }
  const auto application = create_client(as_, {{"client_name", "browser agent"},
                                               {"grant_types", {"authorization_code", "refresh_token"}},
                                               {"token_endpoint_auth_method", "none"},
                                               {"redirect_uris", {kRedirect}},
                                               {"scope", "mcp:tools repo"}});
  EXPECT_EQ(application.secret, "");
  app_ = std::make_unique<App>(as_, application, kRedirect);
}

std::string BrokerStack::connect_url() const {
  return as_.issuer() +
         "/connect/github?resource=github&return_url=" + percent_encode(as_.issuer() + "/connections");
}

Visitor BrokerStack::visitor(const std::string& name) {
  Visitor visitor{create_person(as_, name + std::to_string(visitors_++) + "@example.com"),
                  ScriptedBrowser(as_.issuer()), ""};
  const auto started = app_->start({.scope = "mcp:tools repo", .resource = actor_});
  const Page back = visitor.browser.authorize(started.url, visitor.person);
  const auto reply = app_->redeem(app_->code_from(back, started), started);
  EXPECT_EQ(reply.status, 200) << reply.body;
  visitor.token = reply.json().value("access_token", "");
  return visitor;
}

std::string BrokerStack::token_for_nobody(Visitor& visitor) const {
  const auto started = app_->start({.scope = "repo", .resource = ""});
  const Page back = visitor.browser.authorize(started.url, visitor.person);
  const auto reply = app_->redeem(app_->code_from(back, started), started);
  EXPECT_EQ(reply.status, 200) << reply.body;
  return reply.json().value("access_token", "");
}

std::string BrokerStack::answer_of_github(Visitor& visitor) const {
  const Page page = visitor.browser.open(connect_url());
  EXPECT_TRUE(page.left && page.url.starts_with(github_.url() + "/login/oauth/authorize?"))
      << page.url << " " << page.reply.status << " " << page.reply.body;
  if (!page.left) return "";
  return ScriptedBrowser(github_.url()).open(page.url).url;
}

Page BrokerStack::connect(Visitor& visitor) const {
  const auto answer = answer_of_github(visitor);
  return answer.empty() ? Page() : visitor.browser.open(answer);
}

Form BrokerStack::exchange_form(const std::string& subject_token, const std::string& scope) {
  Form form = form_of({{"grant_type", kExchangeGrant},
                       {"subject_token", subject_token},
                       {"subject_token_type", kAccessTokenType},
                       {"resource", "github"}});
  if (!scope.empty()) form.add("scope", scope);
  return form;
}

Reply BrokerStack::exchange(const Registered& client, const Form& form) const {
  const auto basic = base64_encode(form_encode(client.id) + ":" + form_encode(client.secret));
  return post_form(as_.issuer() + "/oauth/token", form, {{"Authorization", "Basic " + basic}});
}

Reply BrokerStack::exchange(const std::string& subject_token, const std::string& scope) const {
  return exchange(acting_, exchange_form(subject_token, scope));
}

void BrokerStack::expect_logged(const std::string& part) const {
  EXPECT_TRUE(eventually(std::chrono::seconds(20), [&] { return as_.log().find(part) != std::string::npos; }))
      << "the log does not mention " << part << ":\n"
      << as_.log();
}

void BrokerStack::link(bool there) {
  if (there) {
    created(as_, "/admin/fronting",
            {{"source", kActorSlug}, {"target", "github"}, {"scope_map", {{"repo", {"repo"}}}}});
  } else {
    const auto reply = as_.admin("DELETE", std::string("/admin/fronting/") + kActorSlug + "/github");
    EXPECT_EQ(reply.status, 204) << reply.body;
  }
}

nlohmann::json BrokerStack::grants_of(const Person& person) const {
  const auto reply = as_.admin("GET", "/admin/users/" + person.id + "/grants");
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.body.find("\"credential"), std::string::npos) << reply.body;
  return reply.json();
}

int BrokerStack::active_grants_of(const Person& person) const {
  int active = 0;
  const auto grants = grants_of(person);
  for (const auto& grant : grants["broker_grants"]) {
    if (!grant.contains("revoked_at")) ++active;
  }
  return active;
}

std::string BrokerStack::vended(const Reply& reply) const {
  EXPECT_EQ(reply.status, 200) << reply.body;
  if (reply.status != 200) return "";
  const auto token = reply.json().value("access_token", "");
  EXPECT_TRUE(token.starts_with("gho_"));
  return token;
}

void BrokerStack::expect_connect_first(const Reply& reply, const std::string& cause) const {
  expect_error(reply, 400, "consent_required");
  const auto body = reply.json();
  EXPECT_EQ(body.value("cause", ""), cause);
  EXPECT_EQ(body.value("consent_url", ""), connect_url());
}

}  // namespace authplane::e2e
