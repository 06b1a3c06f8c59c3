#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include <authplane/base/http.h>
#include <authplane/jose/key.h>

#include "process.h"

namespace authplane::e2e {

// An HTTP answer; status 0 when none came, with the reason in `body`.
struct Reply {
  int status = 0;
  Headers headers;
  std::string body;

  std::string header(std::string_view name) const { return std::string(headers.get(name).value_or("")); }
  // The body, or the first event of an SSE body; null when it is no JSON.
  nlohmann::json json() const;
};
Reply http(const std::string& method, const std::string& url, const Headers& headers = {},
           const std::string& body = "");

struct Registered {
  std::string id, secret;
};

// A real authserver process with private ports, data and keys.
class AuthServer {
 public:
  explicit AuthServer(const std::filesystem::path& folder, Environment extra = {});

  // Starts it and waits until it answers; fails the calling test with the log when it does not.
  void start();
  // What it is started with from now on.
  void set(const std::string& variable, const std::string& value) { extra_[variable] = value; }
  void kill() { process_->kill(); }
  std::optional<int> stop() { return process_->stop(); }
  ChildProcess& process() { return *process_; }

  int port() const { return port_; }
  int admin_port() const { return admin_port_; }
  std::string issuer() const { return "http://localhost:" + std::to_string(port_); }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  const std::filesystem::path& folder() const { return folder_; }
  std::string log() const;

  Reply admin(const std::string& method, const std::string& path, const nlohmann::json& body = nullptr) const;
  void register_resource(const std::string& slug, const std::string& uri,
                         std::initializer_list<std::string> scopes);
  Registered register_client(const std::string& name, const std::string& scope);
  Reply token(const Registered& client, const std::string& scope, const std::string& resource,
              const Headers& extra = {}) const;
  // The access token, or a failed test.
  std::string access_token(const Registered& client, const std::string& scope,
                           const std::string& resource) const;
  // The server's own signing key, for tokens that differ from real ones in exactly one thing.
  PrivateKey signing_key() const;

 private:
  std::filesystem::path folder_;
  Environment extra_;
  int port_, admin_port_;
  std::unique_ptr<ChildProcess> process_;
  int starts_ = 0;
};

// The MCP server of an example: its own binary on a private port.
class ExampleServer {
 public:
  // Starts it and waits until it accepts connections; fails the calling test with its output when it does
  // not.
  ExampleServer(const std::string& name, const std::string& binary, int port, Environment environment,
                const std::filesystem::path& folder);

  ChildProcess& process() { return *process_; }
  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/mcp"; }
  // Everything it wrote.
  std::string log() const { return process_->out() + process_->err(); }

 private:
  int port_;
  std::unique_ptr<ChildProcess> process_;
};
// What an example behind that port calls itself: the audience of its tokens.
std::string resource_at(int port);

// A POST to an MCP endpoint; `extra` replaces fields of the same name.
Reply post_mcp(const std::string& url, const nlohmann::json& body, const Headers& extra = {});

// Tier 01: an authserver, its resource registered, and the example's own binary in front.
class Tier01 {
 public:
  Tier01();
  // Checks that nothing is left: no process, no listener, no file.
  void tear_down();

  AuthServer& as() { return *as_; }
  std::string mcp_url() const { return server_->url(); }
  const std::string& resource() const { return resource_; }
  const Registered& client() const { return client_; }
  ChildProcess& server() { return server_->process(); }

  Reply post(const std::string& token, const nlohmann::json& body, Headers extra = {}) const;
  Reply initialize(const std::string& token) const;
  // Session id of a fresh handshake with that token, or a failed test.
  std::string open_session(const std::string& token) const;
  Reply echo(const std::string& token, const std::string& session, const std::string& text) const;

 private:
  std::unique_ptr<TempFolder> folder_;
  std::unique_ptr<AuthServer> as_;
  std::string resource_;
  Registered client_;
  std::unique_ptr<ExampleServer> server_;
};

nlohmann::json jwt_part(const std::string& token, int index);
nlohmann::json tool_call(const std::string& name, const nlohmann::json& arguments);
nlohmann::json echo_call(const std::string& text);
const nlohmann::json& initialize_call();
const nlohmann::json& initialized_notification();

}  // namespace authplane::e2e
