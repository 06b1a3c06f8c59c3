#include "journey.h"

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>
#include <authplane/base/random.h>

namespace authplane::e2e {
namespace {

constexpr std::chrono::seconds kRecordLimit{20};

std::string random_token() {
  SystemRandom random;
  return random.token(32);
}

}  // namespace

CommandRun run_command(const AuthServer& as, const std::vector<std::string>& words,
                       const Environment& extra) {
  std::vector<std::string> command = {AUTHSERVER_BINARY, "--config", (as.folder() / "as.yaml").string()};
  command.insert(command.end(), words.begin(), words.end());
  TempFolder folder;
  ChildProcess process("command", command, extra, folder.path());
  const auto code = process.wait(std::chrono::seconds(60));
  return {code.value_or(-1), process.out(), process.err()};
}

Person create_person(const AuthServer& as, const std::string& email, const std::string& password) {
  const auto run = run_command(as, {"admin", "user", "create", "--email", email, "--name", "Test Person"},
                               {{"AUTHSERVER_USER_PASSWORD", password}});
  EXPECT_EQ(run.code, 0) << run.err;
  const auto at = run.out.find("id=");
  EXPECT_NE(at, std::string::npos) << run.out;
  return {run.out.substr(at + 3, run.out.find_first_of(" \n", at) - at - 3), email, password};
}

Reply post_form(const std::string& url, const Form& form, const Headers& extra) {
  Headers headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  for (const auto& [name, value] : extra) headers.add(name, value);
  return http("POST", url, headers, form.encode());
}

Form form_of(std::initializer_list<std::pair<std::string, std::string>> fields) {
  Form form;
  for (const auto& [name, value] : fields) form.add(name, value);
  return form;
}

nlohmann::json metadata_of(const AuthServer& as) {
  const auto reply = http("GET", as.issuer() + "/.well-known/oauth-authorization-server");
  EXPECT_EQ(reply.status, 200) << reply.body;
  return reply.json();
}

nlohmann::json registration(const nlohmann::json& changes) {
  nlohmann::json metadata = {{"client_name", "Journey App"},
                             {"redirect_uris", {"http://127.0.0.1:4711/callback"}},
                             {"grant_types", {"authorization_code", "refresh_token"}},
                             {"response_types", {"code"}},
                             {"token_endpoint_auth_method", "none"}};
  if (changes.is_object()) metadata.update(changes);
  return metadata;
}

Reply register_client(const AuthServer& as, const nlohmann::json& metadata) {
  const auto endpoint = metadata_of(as).value("registration_endpoint", "");
  return http("POST", endpoint, {{"Content-Type", "application/json"}}, metadata.dump());
}

Registered create_client(const AuthServer& as, const nlohmann::json& body) {
  const auto reply = as.admin("POST", "/admin/clients", body);
  EXPECT_EQ(reply.status, 201) << reply.body;
  const auto created = reply.json();
  return {created.value("client_id", ""), created.value("client_secret", "")};
}

App::App(const AuthServer& as, Registered registered, std::string redirect_uri)
    : registered_(std::move(registered)), issuer_(as.issuer()), redirect_uri_(std::move(redirect_uri)) {
  const auto metadata = metadata_of(as);
  EXPECT_EQ(metadata.value("issuer", ""), issuer_);
  authorization_endpoint_ = metadata.value("authorization_endpoint", "");
  token_endpoint_ = metadata.value("token_endpoint", "");
  introspection_endpoint_ = metadata.value("introspection_endpoint", "");
  revocation_endpoint_ = metadata.value("revocation_endpoint", "");
}

App App::register_dynamically(const AuthServer& as, const nlohmann::json& changes) {
  const auto metadata = registration(changes);
  const auto reply = register_client(as, metadata);
  EXPECT_EQ(reply.status, 201) << reply.body;
  const auto body = reply.json();
  return {as, {body.value("client_id", ""), body.value("client_secret", "")}, metadata["redirect_uris"][0]};
}

Started App::start(const Wanted& wanted) const {
  Started started{.url = "", .state = random_token(), .verifier = random_token()};
  Form query = form_of({{"response_type", "code"},
                        {"client_id", id()},
                        {"redirect_uri", redirect_uri_},
                        {"state", started.state},
                        {"code_challenge", base64url_encode(as_bytes(sha256(started.verifier)))},
                        {"code_challenge_method", "S256"}});
  if (!wanted.scope.empty()) query.add("scope", wanted.scope);
  if (!wanted.resource.empty()) query.add("resource", wanted.resource);
  started.url = authorization_endpoint_ + "?" + query.encode();
  return started;
}

std::string App::code_from(const Page& back, const Started& started) const {
  EXPECT_TRUE(back.left && back.url.starts_with(redirect_uri_ + "?")) << back.url;
  EXPECT_EQ(back.parameter("state"), started.state);
  EXPECT_EQ(back.parameter("iss"), issuer_);
  EXPECT_EQ(back.parameter("error"), "") << back.parameter("error_description");
  return back.parameter("code");
}

Reply App::redeem(const std::string& code, const Started& started, const Headers& extra) const {
  return post(token_endpoint_,
              form_of({{"grant_type", "authorization_code"},
                       {"code", code},
                       {"redirect_uri", redirect_uri_},
                       {"code_verifier", started.verifier}}),
              extra);
}

Reply App::refresh(const std::string& refresh_token, const Headers& extra) const {
  return post(token_endpoint_, form_of({{"grant_type", "refresh_token"}, {"refresh_token", refresh_token}}),
              extra);
}

Reply App::introspect(const std::string& token) const {
  return post(introspection_endpoint_, form_of({{"token", token}}));
}

Reply App::revoke(const std::string& token) const {
  return post(revocation_endpoint_, form_of({{"token", token}}));
}

nlohmann::json App::tokens_of(const Person& person, const Wanted& wanted) const {
  ScriptedBrowser browser(issuer_);
  const auto started = start(wanted);
  const auto reply = redeem(code_from(browser.authorize(started.url, person), started), started);
  EXPECT_EQ(reply.status, 200) << reply.body;
  return reply.status == 200 ? reply.json() : nullptr;
}

Reply App::post(const std::string& url, Form form, Headers extra) const {
  if (secret().empty()) {
    form.add("client_id", id());
  } else {
    extra.add("Authorization", "Basic " + base64_encode(form_encode(id()) + ":" + form_encode(secret())));
  }
  return post_form(url, form, extra);
}

std::string error_of(const Reply& reply) {
  const auto body = reply.json();
  return body.is_object() ? body.value("error", "") : "";
}

void expect_error(const Reply& reply, int status, const std::string& error) {
  EXPECT_EQ(reply.status, status) << reply.body;
  EXPECT_EQ(error_of(reply), error) << reply.body;
}

void expect_inactive(const Reply& reply) {
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.body, R"({"active":false})");
}

void expect_active(const Reply& reply) {
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.json().value("active", false), true) << reply.body;
}

std::vector<nlohmann::json> audit_rows(const AuthServer& as, const std::string& query) {
  const auto reply = as.admin("GET", "/admin/audit?limit=1000" + query);
  EXPECT_EQ(reply.status, 200) << reply.body;
  return reply.json();
}

void expect_audited(const AuthServer& as, const AuditedAs& row) {
  std::string query = "&action=" + row.action;
  if (!row.actor_id.empty()) query += "&actor_id=" + form_encode(row.actor_id);
  if (!row.client_id.empty()) query += "&client_id=" + form_encode(row.client_id);
  const bool found = eventually(kRecordLimit, [&] {
    for (const auto& found_row : audit_rows(as, query)) {
      if (found_row.value("detail", "").find(row.detail) != std::string::npos) return true;
    }
    return false;
  });
  EXPECT_TRUE(found) << "no audit row " << query << " with detail " << row.detail;
}

}  // namespace authplane::e2e
