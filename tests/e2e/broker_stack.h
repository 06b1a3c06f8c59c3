#pragma once

#include <memory>
#include <string>
#include <thread>

#include <authplane/base/clock.h>
#include <authplane/base/random.h>
#include <authplane/http_httplib/server.h>

#include "gh-standin/standin.h"
#include "journey.h"

// An authorization server, a provider that looks like GitHub, and everything an operator registers between
// them.

namespace authplane::e2e {

// The stand-in behind a port, for as long as the object lives.
class Github {
 public:
  static constexpr const char* kClientId = "standin-client";
  static constexpr const char* kSecret = "standin-secret-0123456789";

  explicit Github(const std::string& callback);
  ~Github();
  std::string url() const { return "http://localhost:" + std::to_string(port_); }

  // "error_400": for the next request it concerns; or for all.
  void behave(const std::string& mode, bool once = true);
  void expire_access_tokens() { standin_.expire_access_tokens(); }
  // Lets requests that a mode holds up go on.
  void release() { standin_.release(); }
  // What it was asked of that kind, in order.
  nlohmann::json asked(const std::string& kind) const { return standin_.requests()[kind]; }
  std::vector<std::string> secrets() const { return standin_.secrets(); }
  // As a user who takes an application's access away, knowing one of its tokens.
  void revoke(const std::string& token) const;

 private:
  const SystemClock clock_;
  SystemRandom random_;
  gh_standin::Standin standin_;
  GuardedServer server_;
  int port_;
  std::thread thread_;
};

// A person, their browser, and the token they gave to the MCP server.
struct Visitor {
  Person person;
  ScriptedBrowser browser;
  std::string token;
};

class BrokerStack {
 public:
  static constexpr const char* kActorSlug = "mcp-agent-cpp";
  static constexpr const char* kMasterKey =
      "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  static constexpr const char* kStateSecret = "e2e-connect-state-secret-0123456789";

  explicit BrokerStack(const Environment& extra = {});
  // Starts the authorization server and registers everything: provider, both resources, the link between
  // them, the acting client and an application people sign in with.
  void start();

  AuthServer& as() { return as_; }
  Github& github() { return github_; }
  const std::string& actor() const { return actor_; }  // its URI
  const Registered& acting_client() const { return acting_; }
  const App& app() const { return *app_; }
  // Where people connect their account: the consent_url of an exchange, too.
  std::string connect_url() const;

  // A new person who has agreed that the application may have a token for the MCP server.
  Visitor visitor(const std::string& name);
  // The same person, with a token for no MCP server in particular.
  std::string token_for_nobody(Visitor& visitor) const;
  // Leads the visitor to GitHub and back, and shows the page that ends at.
  Page connect(Visitor& visitor) const;
  // As far as GitHub's answer, which the browser has not brought back yet.
  std::string answer_of_github(Visitor& visitor) const;

  Reply exchange(const std::string& subject_token, const std::string& scope = "repo") const;
  Reply exchange(const Registered& client, const Form& form) const;
  static Form exchange_form(const std::string& subject_token, const std::string& scope = "repo");

  void link(bool there);
  nlohmann::json grants_of(const Person& person) const;
  int active_grants_of(const Person& person) const;

  // Lines arrive a moment after the answer they are about.
  void expect_logged(const std::string& part) const;
  // A token of GitHub, or a failed test and "".
  std::string vended(const Reply& reply) const;
  void expect_connect_first(const Reply& reply, const std::string& cause) const;

 private:
  TempFolder folder_;
  AuthServer as_;
  Github github_;
  std::string actor_;
  Registered acting_;
  std::unique_ptr<App> app_;
  int visitors_ = 0;
};

}  // namespace authplane::e2e
