#include "stack.h"

#include <gtest/gtest.h>

#include <fstream>

#include <authplane/base/encoding.h>
#include <authplane/base/form.h>
#include <authplane/http_httplib/transport.h>

namespace authplane::e2e {
namespace {

constexpr const char* kAdminKey = "e2e-admin-key-0123456789";
constexpr std::chrono::seconds kStartLimit{30};

std::string config_text(const std::filesystem::path& folder, const std::string& issuer, int port,
                        int admin_port) {
  return "server:\n  issuer: " + issuer + "\n  address: \"127.0.0.1:" + std::to_string(port) +
         "\"\nstorage:\n  driver: sqlite\n  sqlite:\n    path: " + (folder / "data/authserver.db").string() +
         "\nsigning:\n  key_path: " + (folder / "keys").string() +
         "\nadmin:\n  address: \"127.0.0.1:" + std::to_string(admin_port) + "\"\n";
}

}  // namespace

nlohmann::json Reply::json() const {
  std::string text = body;
  if (const auto at = body.find("data: {"); !body.starts_with("{") && at != std::string::npos) {
    text = body.substr(at + 6, body.find('\n', at) - at - 6);
  }
  return nlohmann::json::parse(text, nullptr, false);
}

Reply http(const std::string& method, const std::string& url, const Headers& headers,
           const std::string& body) {
  static const auto transport = make_httplib_transport();
  OutboundRequest request;
  request.method = method;
  request.url = Url::parse(url).value();
  request.headers = headers;
  request.body = body;
  request.max_response_bytes = 4 * 1024 * 1024;
  auto response = transport->send(request);
  if (!response) return {0, {}, response.error().message};
  return {response->status, response->headers, response->body};
}

AuthServer::AuthServer(const std::filesystem::path& folder, Environment extra)
    : folder_(folder), extra_(std::move(extra)), port_(free_port()), admin_port_(free_port()) {
  std::filesystem::create_directories(folder_ / "data");
  std::ofstream(folder_ / "as.yaml") << config_text(folder_, issuer(), port_, admin_port_);
}

void AuthServer::start() {
  Environment environment = {{"AUTHPLANE_ADMIN_API_KEY", kAdminKey},
                             {"AUTHPLANE_CLIENT_CREDENTIALS_ENABLED", "true"},
                             {"AUTHPLANE_RATE_LIMIT_ENABLED", "false"}};
  for (const auto& [key, value] : extra_) environment[key] = value;
  process_ = std::make_unique<ChildProcess>(
      "authserver" + std::to_string(starts_++),
      std::vector<std::string>{AUTHSERVER_BINARY, "--config", (folder_ / "as.yaml").string(), "serve"},
      environment, folder_);
  const bool up = eventually(kStartLimit, [&] {
    return !process_->running() || (http("GET", url("/ready")).status == 200 && port_answers(admin_port_));
  });
  ASSERT_TRUE(up && process_->running()) << "authserver did not start:\n" << log();
}

std::string AuthServer::log() const {
  return process_->out() + process_->err();
}

Reply AuthServer::admin(const std::string& method, const std::string& path,
                        const nlohmann::json& body) const {
  Headers headers = {{"Authorization", std::string("Bearer ") + kAdminKey}};
  if (!body.is_null()) headers.add("Content-Type", "application/json");
  return http(method, "http://127.0.0.1:" + std::to_string(admin_port_) + path, headers,
              body.is_null() ? "" : body.dump());
}

void AuthServer::register_resource(const std::string& slug, const std::string& uri,
                                   std::initializer_list<std::string> scopes) {
  nlohmann::json body = {{"slug", slug},
                         {"uri", uri},
                         {"backend_kind", "mint"},
                         {"display_name", slug},
                         {"scopes", nlohmann::json::array()}};
  for (const auto& scope : scopes) body["scopes"].push_back({{"name", scope}});
  const auto reply = admin("POST", "/admin/resources", body);
  ASSERT_EQ(reply.status, 201) << reply.body;
}

Registered AuthServer::register_client(const std::string& name, const std::string& scope) {
  const auto reply = admin("POST", "/admin/clients",
                           {{"client_name", name},
                            {"grant_types", {"client_credentials"}},
                            {"token_endpoint_auth_method", "client_secret_basic"},
                            {"scope", scope}});
  EXPECT_EQ(reply.status, 201) << reply.body;
  const auto body = reply.json();
  return {body.value("client_id", ""), body.value("client_secret", "")};
}

Reply AuthServer::token(const Registered& client, const std::string& scope, const std::string& resource,
                        const Headers& extra) const {
  Form form;
  form.add("grant_type", "client_credentials");
  if (!scope.empty()) form.add("scope", scope);
  if (!resource.empty()) form.add("resource", resource);
  Headers headers = {
      {"Authorization", "Basic " + base64_encode(form_encode(client.id) + ":" + form_encode(client.secret))},
      {"Content-Type", "application/x-www-form-urlencoded"}};
  for (const auto& [name, value] : extra) headers.add(name, value);
  return http("POST", url("/oauth/token"), headers, form.encode());
}

std::string AuthServer::access_token(const Registered& client, const std::string& scope,
                                     const std::string& resource) const {
  const auto reply = token(client, scope, resource);
  EXPECT_EQ(reply.status, 200) << reply.body;
  return reply.status == 200 ? reply.json().value("access_token", "") : "";
}

PrivateKey AuthServer::signing_key() const {
  const auto jwks = http("GET", url("/.well-known/jwks.json")).json();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "keys")) {
    if (!entry.is_regular_file()) continue;
    auto key = PrivateKey::from_pem(read_file(entry.path()));
    if (key && key->public_key().thumbprint() == jwks["keys"][0].value("kid", "")) return *key;
  }
  throw std::runtime_error("the server's signing key is not in its key folder");
}

const nlohmann::json& initialize_call() {
  static const nlohmann::json call = {{"jsonrpc", "2.0"},
                                      {"id", 1},
                                      {"method", "initialize"},
                                      {"params",
                                       {{"protocolVersion", "2024-11-05"},
                                        {"capabilities", nlohmann::json::object()},
                                        {"clientInfo", {{"name", "e2e"}, {"version", "1"}}}}}};
  return call;
}

const nlohmann::json& initialized_notification() {
  static const nlohmann::json call = {{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}};
  return call;
}

nlohmann::json tool_call(const std::string& name, const nlohmann::json& arguments) {
  return {{"jsonrpc", "2.0"},
          {"id", 2},
          {"method", "tools/call"},
          {"params", {{"name", name}, {"arguments", arguments}}}};
}
nlohmann::json echo_call(const std::string& text) {
  return tool_call("echo", {{"text", text}});
}

nlohmann::json jwt_part(const std::string& token, int index) {
  std::size_t start = 0;
  for (int i = 0; i < index; ++i) start = token.find('.', start) + 1;
  return nlohmann::json::parse(
      base64url_decode(token.substr(start, token.find('.', start) - start)).value_or(""), nullptr, false);
}

std::string resource_at(int port) {
  return "http://localhost:" + std::to_string(port) + "/mcp";
}

Reply post_mcp(const std::string& url, const nlohmann::json& body, const Headers& extra) {
  Headers headers = {{"Content-Type", "application/json"}, {"Accept", "application/json, text/event-stream"}};
  for (const auto& [name, value] : extra) headers.remove(name);
  for (const auto& [name, value] : extra) headers.add(name, value);
  return http("POST", url, headers, body.dump());
}

ExampleServer::ExampleServer(const std::string& name, const std::string& binary, int port,
                             Environment environment, const std::filesystem::path& folder)
    : port_(port) {
  environment["PORT"] = std::to_string(port);
  process_ = std::make_unique<ChildProcess>(name, std::vector<std::string>{binary}, environment, folder);
  const bool up = eventually(kStartLimit, [&] { return !process_->running() || port_answers(port_); });
  EXPECT_TRUE(up && process_->running()) << name << " did not start:\n" << log();
}

Tier01::Tier01()
    : folder_(std::make_unique<TempFolder>()), as_(std::make_unique<AuthServer>(folder_->path())) {
  as_->start();
  if (::testing::Test::HasFatalFailure()) return;
  const int port = free_port();
  resource_ = resource_at(port);
  as_->register_resource("demo-mcp", resource_, {"mcp:echo", "mcp:other"});
  client_ = as_->register_client("e2e-client", "mcp:echo mcp:other");
  server_ = std::make_unique<ExampleServer>(
      "mcp-server", TIER01_BINARY, port,
      Environment{{"AUTHPLANE_ISSUER", as_->issuer()}, {"AUTHPLANE_RESOURCE", resource_}}, folder_->path());
}

void Tier01::tear_down() {
  server().stop();
  EXPECT_EQ(as_->stop(), 0) << "authserver did not end cleanly:\n" << as_->log();
  EXPECT_FALSE(port_answers(server_->port()));
  EXPECT_FALSE(port_answers(as_->port()));
  EXPECT_FALSE(port_answers(as_->admin_port()));
  const auto path = folder_->path();
  folder_.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

Reply Tier01::post(const std::string& token, const nlohmann::json& body, Headers extra) const {
  if (!token.empty()) extra.set("Authorization", "Bearer " + token);
  return post_mcp(mcp_url(), body, extra);
}

Reply Tier01::initialize(const std::string& token) const {
  return post(token, initialize_call());
}

std::string Tier01::open_session(const std::string& token) const {
  const auto reply = initialize(token);
  EXPECT_EQ(reply.status, 200) << reply.body;
  const auto session = reply.header("Mcp-Session-Id");
  EXPECT_FALSE(session.empty());
  const auto done = post(token, initialized_notification(), {{"Mcp-Session-Id", session}});
  EXPECT_EQ(done.status, 202) << done.body;
  return session;
}

Reply Tier01::echo(const std::string& token, const std::string& session, const std::string& text) const {
  return post(token, echo_call(text), {{"Mcp-Session-Id", session}});
}

}  // namespace authplane::e2e
