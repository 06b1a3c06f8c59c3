// mcp_conformance_agent <server URL>: the client that the public MCP conformance suite starts, one process
// for each scenario, in the role of an agent. What it does is decided by the scenario's name in
// MCP_CONFORMANCE_SCENARIO; credentials come in MCP_CONFORMANCE_CONTEXT. Exits with 1 when the server or its
// authorization server is refused, which is what some scenarios want.

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include <authplane/agent/user_session.h>
#include <authplane/client/client.h>
#include <authplane/http_httplib/transport.h>
#include <authplane/jose/key.h>
#include <authplane/json/json.h>
#include <authplane/mcp/client.h>
#include <authplane/mcp_auth/authorize.h>
#include <authplane/mcp_auth/authorize_user.h>

namespace {

using namespace authplane;

struct Assignment {
  std::string url;
  std::string scenario;
  std::string protocol_version;
  Json context;

  // "" when the suite gave none of that name.
  std::string credential(const char* name) const {
    const std::string* value = find_string(context, name);
    return value ? *value : "";
  }
};

std::string env(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value ? value : otherwise;
}

Assignment read_assignment(const char* url) {
  return {.url = url,
          .scenario = env("MCP_CONFORMANCE_SCENARIO", ""),
          .protocol_version =
              env("MCP_CONFORMANCE_PROTOCOL_VERSION", std::string(mcp::kLatestProtocolVersion).c_str()),
          .context = parse_json_object(env("MCP_CONFORMANCE_CONTEXT", "{}")).value()};
}

Result<HttpResponse> get(const std::string& url) {
  auto parsed = Url::parse(url);
  if (!parsed) return Err(std::move(parsed).error());
  OutboundRequest request;
  request.url = std::move(*parsed);
  return make_httplib_transport()->send(request);
}

// The user's browser, at an authorization server that consents by itself.
Result<void> approve(const std::string& url) {
  const auto page = get(url);
  if (!page) return Err(page.error());
  const auto location = page->headers.get("Location");
  if (!location) {
    return Err(ErrorCode::protocol_error,
               "the authorization page is no redirect but HTTP " + std::to_string(page->status));
  }
  const auto back = get(std::string(*location));
  return back ? Result<void>() : Err(back.error());
}

agent::UserSession user_session(const Assignment& assignment) {
  agent::UserSessionOptions options{
      .server_url = assignment.url,
      .client_name = "Authplane conformance agent",
      .client_metadata_url = "https://conformance-test.local/client-metadata.json",
      .allow_server_as_issuer = assignment.protocol_version == "2025-03-26",
      .open_url = approve,
      .login_timeout = std::chrono::seconds(10),
      .dev_mode = true};
  if (!assignment.credential("client_id").empty()) {
    options.client = agent::RegisteredClient{.id = assignment.credential("client_id"),
                                             .secret = assignment.credential("client_secret")};
  }
  if (assignment.scenario.starts_with("auth/dpop")) options.dpop = dpop::Provider::generate().value();
  return agent::UserSession::create(std::move(options)).value();
}

// What an operator would have configured: the issuer the server names.
std::string issuer_of(const std::string& server) {
  const Url url = Url::parse(server).value();
  const auto document = get(url.origin() + "/.well-known/oauth-protected-resource" + url.path()).value();
  return parse_json_object(document.body).value().at("authorization_servers").at(0).get<std::string>();
}

ClientAuth credentials(const Assignment& assignment) {
  const std::string id = assignment.credential("client_id");
  const std::string pem = assignment.credential("private_key_pem");
  if (pem.empty()) return ClientCredentials{.id = id, .secret = assignment.credential("client_secret")};
  return ClientKey{.id = id, .key = PrivateKey::from_pem(pem).value()};
}

void authorize(mcp::Client& server, const Assignment& assignment) {
  if (!assignment.scenario.starts_with("auth/client-credentials-"))
    return mcp::authorize(server, user_session(assignment));
  const auto client = Client::create({.issuer = issuer_of(assignment.url),
                                      .auth = credentials(assignment),
                                      .dev_mode = true,
                                      .fetch_keys = false})
                          .value();
  mcp::authorize(server, client,
                 [client, resource = assignment.url] { return client.client_credentials({}, {resource}); });
}

void call(mcp::Client& server, const std::string& tool, const Json& arguments) {
  std::cout << tool << ": " << server.call_tool(tool, arguments.dump()).value().joined_text() << std::endl;
}

// The schema of a tool, sent back as it was read.
void echo_schema(mcp::Client& server, const std::vector<mcp::ToolInfo>& tools) {
  for (const mcp::ToolInfo& tool : tools) {
    if (tool.name == "json_schema_2020_12_tool")
      call(server, "json_schema_echo", {{"schema", parse_json(tool.input_schema.text()).value()}});
  }
}

void run(const Assignment& assignment) {
  mcp::Client server({.url = assignment.url, .protocol_version = assignment.protocol_version});
  const std::string& scenario = assignment.scenario;
  if (scenario.starts_with("auth/")) authorize(server, assignment);
  const auto tools = server.list_tools().value();
  if (scenario.starts_with("auth/")) call(server, "test-tool", Json::object());
  if (scenario == "tools_call") call(server, "add_numbers", {{"a", 5}, {"b", 3}});
  if (scenario == "json-schema-2020-12-preservation") echo_schema(server, tools);
  server.close().value();
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) throw std::runtime_error("usage: mcp_conformance_agent <server URL>");
  run(read_assignment(argv[1]));
} catch (const std::exception& error) {
  std::cerr << "error: " << error.what() << std::endl;
  return 1;
}
