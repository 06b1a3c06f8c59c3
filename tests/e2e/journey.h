#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "journey_browser.h"

// What journeys share: people, the clients they use, and looking into the server's records.

namespace authplane::e2e {

// One command of the authserver binary on the same configuration.
struct CommandRun {
  int code = -1;
  std::string out, err;
};
CommandRun run_command(const AuthServer& as, const std::vector<std::string>& words,
                       const Environment& extra = {});

// Created by the operator on the command line.
Person create_person(const AuthServer& as, const std::string& email,
                     const std::string& password = "correct horse & \"battery\" <staple>");

Reply post_form(const std::string& url, const Form& form, const Headers& extra = {});
Form form_of(std::initializer_list<std::pair<std::string, std::string>> fields);

// An authorization request that was started, and what its sender keeps.
struct Started {
  std::string url, state, verifier;
};
struct Wanted {
  std::string scope, resource;
};

// A client that people sign in with: public, unless it has a secret. Speaks to the endpoints the server names
// in its metadata.
class App {
 public:
  App(const AuthServer& as, Registered registered, std::string redirect_uri);
  // Registers itself (RFC 7591); a failed test when that is refused.
  static App register_dynamically(const AuthServer& as, const nlohmann::json& changes = {});

  const std::string& id() const { return registered_.id; }
  const std::string& secret() const { return registered_.secret; }
  const std::string& issuer() const { return issuer_; }
  const std::string& redirect_uri() const { return redirect_uri_; }
  const std::string& token_endpoint() const { return token_endpoint_; }

  Started start(const Wanted& wanted) const;
  // The code the browser brings, after the checks a client owes (state, RFC 9207 iss).
  std::string code_from(const Page& back, const Started& started) const;
  Reply redeem(const std::string& code, const Started& started, const Headers& extra = {}) const;
  Reply refresh(const std::string& refresh_token, const Headers& extra = {}) const;
  Reply introspect(const std::string& token) const;
  Reply revoke(const std::string& token) const;
  // All of it: the person's tokens, or a failed test and null.
  nlohmann::json tokens_of(const Person& person, const Wanted& wanted) const;

 private:
  Reply post(const std::string& url, Form form, Headers extra = {}) const;

  Registered registered_;
  std::string issuer_, redirect_uri_;
  std::string authorization_endpoint_, token_endpoint_, introspection_endpoint_, revocation_endpoint_;
};

nlohmann::json metadata_of(const AuthServer& as);
// The metadata of a client that registers itself; `changes` replaces members.
nlohmann::json registration(const nlohmann::json& changes = {});
Reply register_client(const AuthServer& as, const nlohmann::json& metadata);
// One for the operator's own clients; the admin API's answer decides.
Registered create_client(const AuthServer& as, const nlohmann::json& body);

// OAuth error code of an answer.
std::string error_of(const Reply& reply);
void expect_error(const Reply& reply, int status, const std::string& error);
void expect_inactive(const Reply& reply);
void expect_active(const Reply& reply);

// Audit rows arrive a moment after the answer they are about.
std::vector<nlohmann::json> audit_rows(const AuthServer& as, const std::string& query);
// Waits for a row of that action whose actor or client and detail are these; a failed test when none comes.
struct AuditedAs {
  std::string action, actor_id = "", client_id = "", detail = "";  // "": anything; detail: a part of it
};
void expect_audited(const AuthServer& as, const AuditedAs& row);

}  // namespace authplane::e2e
