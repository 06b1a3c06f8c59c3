// interop_agent <issuer> <resource> <algorithm>: gets a token bound to a new key and calls the tool `echo` of
// the MCP server at <resource>. Credentials come from CLIENT_ID and CLIENT_SECRET.

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include <authplane/client/client.h>
#include <authplane/mcp/client.h>
#include <authplane/mcp_auth/authorize.h>

namespace {

std::string env(const char* name) {
  const char* value = std::getenv(name);
  if (!value) throw std::runtime_error(std::string(name) + " is not set");
  return value;
}

void run(const std::string& issuer, const std::string& resource, const std::string& algorithm) {
  using namespace authplane;
  const auto key = dpop::Provider::generate(parse_jws_algorithm(algorithm).value()).value();
  const auto client = Client::create({.issuer = issuer,
                                      .auth = ClientCredentials{env("CLIENT_ID"), env("CLIENT_SECRET")},
                                      .dpop = key,
                                      .dev_mode = true})
                          .value();
  const auto token = client.client_credentials({"mcp:echo"}, {resource}).value();
  mcp::Client server({.url = resource});
  mcp::authorize(server, client, token);
  const auto echoed = server.call_tool("echo", Json{{"text", "hello from " + algorithm}}.dump()).value();
  std::cout << "echo: " << echoed.joined_text() << std::endl;
  server.close().value();
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) throw std::runtime_error("usage: interop_agent <issuer> <resource> <algorithm>");
  run(argv[1], argv[2], argv[3]);
} catch (const std::exception& error) {
  std::cerr << "error: " << error.what() << std::endl;
  return 1;
}
