#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <authplane/base/clock.h>
#include <authplane/base/form.h>
#include <authplane/base/http.h>
#include <authplane/base/random.h>

#include "ledger.h"
#include "mode.h"

// A provider that looks like GitHub to an OAuth client: authorization page, token endpoint, revocation, and
// as much of the API as it takes to see whether a token is worth something. It judges strictly what it is
// sent, records it, and can be told to misbehave. For demonstrations and tests: what it knows is gone when it
// ends.

namespace authplane::gh_standin {

struct Options {
  std::string client_id;
  std::string client_secret;
  std::string callback;  // the one redirect_uri, byte for byte
  std::string user = "octocat";
  Behaviour behaviour{};  // until /_control/mode says otherwise, and after /_control/reset
};

// Thread-safe.
class Standin {
 public:
  // `clock` and `random` outlive it.
  Standin(Options options, const Clock& clock, Random& random);

  // Every endpoint; the stand-in must outlive their use.
  std::vector<HttpRoute> routes();
  // Ends the waits of mode slow at once, now and later, so that a server can be stopped. (A reset ends those
  // of now.)
  void release();

  void set_mode(Behaviour behaviour, bool once = false);
  void expire_access_tokens();
  // What came in, in order of arrival: {"authorize": [...], "token": [...], "api": [...], "revoke": [...],
  // "hop": [...]}. Secrets are shown as {"match": true or false}.
  nlohmann::json requests() const;
  // Every secret that went in or out: codes, tokens, verifiers, the client's secret. For tests that look
  // whether a client has written one down.
  std::vector<std::string> secrets() const;

 private:
  using Row = std::shared_ptr<nlohmann::json>;

  // authorize.cc
  HttpResponse authorize(const HttpRequest& request);
  HttpResponse decide(const Form& asked, Mode mode, const Row& row);

  // token.cc
  HttpResponse token(const HttpRequest& request);
  HttpResponse redeem(const Form& form, const Behaviour& behaviour, bool json, const Row& row);
  HttpResponse refresh(const Form& form, const Behaviour& behaviour, bool json, const Row& row);
  HttpResponse revoke(const HttpRequest& request);
  bool client_is_right(const Form& form, const Row& row) const;
  void wait(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds delay);

  // standin.cc
  HttpResponse api(const HttpRequest& request);
  HttpResponse hop(const HttpRequest& request);
  HttpResponse control(const HttpRequest& request);
  HttpResponse change_mode(const std::string& body);
  Row record(const std::string& kind, nlohmann::json row);

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool released_ = false;
  unsigned long resets_ = 0;
  ModeSwitch mode_;
  Ledger ledger_;
  std::map<std::string, std::vector<Row>> seen_;
  std::vector<std::string> verifiers_;  // that came in
};

}  // namespace authplane::gh_standin
