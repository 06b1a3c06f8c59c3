#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <authplane/http_httplib/server.h>
#include <authplane/testing/scripted_transport.h>

namespace authplane::e2e {

// A scripted transport behind a port of its own: what it answers for http://localhost:<port><path> is served
// there.
class ScriptedHost {
 public:
  explicit ScriptedHost(int port) : port_(port) {}
  ~ScriptedHost();
  ScriptedHost(const ScriptedHost&) = delete;
  ScriptedHost& operator=(const ScriptedHost&) = delete;

  // Starts and waits until connections are accepted; fails the calling test when they are not.
  void serve(std::shared_ptr<testing::ScriptedTransport> network, const std::vector<std::string>& paths);
  std::string origin() const { return "http://localhost:" + std::to_string(port_); }

 private:
  const int port_;
  std::shared_ptr<testing::ScriptedTransport> network_;
  GuardedServer server_;
  std::thread thread_;
};

}  // namespace authplane::e2e
