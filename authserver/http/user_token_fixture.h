#pragma once

// For tests only: what a user's consent led to, without a browser. A server with the user "user-1", the
// public client "app", the confidential clients "web" and "rs", and the resource "demo" (scopes "mcp:echo
// mcp:add"), whose runtime client is "rs".

#include <chrono>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <authplane/base/hash.h>
#include <authplane/jose/jws.h>

#include "authserver/http/test_server.h"

namespace authplane::authserver {

// The pair of RFC 7636 appendix B.
inline constexpr std::string_view kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
inline constexpr std::string_view kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
inline constexpr std::string_view kRedirect = "http://127.0.0.1:4711/cb";

class UserTokenTest : public ::testing::Test {
 protected:
  UserTokenTest() : UserTokenTest(make_memory_storage()) {}
  explicit UserTokenTest(std::unique_ptr<Storage> storage) : server(std::move(storage)) {
    for (const char* id : {"app", "other-app"}) server.add(public_client(id));
    for (const char* id : {"web", "rs", "stranger"}) server.add(confidential_client(id));
    Resource demo = server.resource_named("demo", std::string(kResource), {"mcp:echo", "mcp:add"});
    demo.policy.runtime_client_ids = {"rs"};
    server.add(demo);
    server.add(server.resource_named("other", "https://other.example/mcp", {"mcp:echo"}));
    server.storage.users().insert(user_named("user-1")).value();
    server.start();
  }

  Client public_client(std::string id) const {
    Client client = confidential_client(std::move(id));
    client.secret_hash.clear();
    client.token_endpoint_auth_method = ClientAuthMethod::none;
    return client;
  }
  Client confidential_client(std::string id) const {
    Client client = server.client_named(std::move(id));
    client.grant_types = {"authorization_code", "refresh_token", "client_credentials"};
    client.redirect_uris = {std::string(kRedirect)};
    client.scope.clear();
    return client;
  }
  User user_named(std::string id) const {
    User user;
    user.id = std::move(id);
    user.email = user.id + "@example.com";
    user.created_at = user.updated_at = server.clock.now();
    return user;
  }
  // Changes a stored client; `change(client)`.
  template <class Change>
  void change_client(std::string_view id, Change change) {
    Client client = **server.storage.clients().get(id);
    change(client);
    server.storage.clients().update(client).value();
  }

  // "demo" has these scopes from now on.
  void keep_scopes(const std::vector<std::string>& scopes) {
    Resource demo = *server.storage.resources().catalog().value()->find_by_id("id-demo");
    demo.scopes = server.resource_named("demo", "", scopes).scopes;
    server.storage.resources().update(demo).value();
  }

  // A code "user-1" got for `client_id` at "demo".
  std::string code_for(const std::string& client_id, std::string_view scopes = "mcp:echo mcp:add") {
    return code_for(client_id, scopes, "id-demo", kResource);
  }
  std::string bound_code_for(const std::string& client_id, const std::string& dpop_jkt) {
    return code_for(client_id, "mcp:echo mcp:add", "id-demo", kResource, dpop_jkt);
  }
  std::string code_without_resource(const std::string& client_id) {
    return code_for(client_id, "mcp:echo mcp:add", "", "");
  }

  // At any resource; "" = none.
  std::string code_for(const std::string& client_id, std::string_view scopes, std::string_view resource_id,
                       std::string_view resource_uri, const std::string& dpop_jkt = "") {
    Authorization pending;
    pending.id = server.ids.opaque();
    pending.client_id = client_id;
    pending.user_id = "user-1";
    pending.redirect_uri = kRedirect;
    pending.scopes = ScopeSet::split(scopes);
    pending.resource_id = resource_id;
    pending.resource_uri = resource_uri;
    pending.code_challenge = kChallenge;
    pending.dpop_jkt = dpop_jkt;
    pending.created_at = server.clock.now();
    pending.expires_at = server.clock.now() + std::chrono::minutes(10);
    server.storage.authorizations().create(pending).value();
    std::string code = server.ids.token(32);
    server.storage.authorizations()
        .approve({.authorization_id = pending.id,
                  .user_id = "user-1",
                  .scopes = pending.scopes,
                  .code_hash = sha256(code),
                  .basis = ConsentBasis::given_now,
                  .consent_grant_id = server.ids.opaque(),
                  .audit = {},
                  .now = server.clock.now()})
        .value();
    return code;
  }

  static Form code_form(std::string_view client_id, std::string_view code) {
    Form form;
    form.add("grant_type", "authorization_code");
    form.add("client_id", std::string(client_id));
    form.add("code", std::string(code));
    form.add("redirect_uri", std::string(kRedirect));
    form.add("code_verifier", std::string(kVerifier));
    return form;
  }
  static Form refresh_form(std::string_view client_id, std::string_view refresh_token) {
    Form form;
    form.add("grant_type", "refresh_token");
    form.add("client_id", std::string(client_id));
    form.add("refresh_token", std::string(refresh_token));
    return form;
  }
  // The form with one parameter set to another value; "" leaves it out.
  static Form with(const Form& form, std::string_view name, std::string_view value) {
    Form out;
    for (const auto& [key, old] : form.fields()) {
      if (key != name) out.add(key, old);
    }
    if (!value.empty()) out.add(std::string(name), std::string(value));
    return out;
  }

  static HttpRequest request_to(std::string path, const Form& form, std::string authorization = "") {
    HttpRequest request{.method = "POST",
                        .target = std::move(path),
                        .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                        .body = form.encode(),
                        .remote_address = ""};
    if (!authorization.empty()) request.headers.add("Authorization", std::move(authorization));
    return request;
  }
  static std::string secret_of(std::string_view client_id) { return basic(client_id, kSecret); }
  HttpResponse token(const Form& form, std::string authorization = "", const std::string& proof = "") const {
    HttpRequest request = request_to("/oauth/token", form, std::move(authorization));
    if (!proof.empty()) request.headers.add("DPoP", proof);
    return server.send(std::move(request));
  }
  HttpResponse revoke(std::string_view text, std::string_view client_id,
                      std::string authorization = "") const {
    return server.send(request_to("/oauth/revoke", token_form(text, client_id), std::move(authorization)));
  }
  HttpResponse introspect(std::string_view text, std::string authorization) const {
    return server.send(request_to("/oauth/introspect", token_form(text, ""), std::move(authorization)));
  }
  // What the resource's own client is told.
  bool is_active(std::string_view access_token) const {
    return json_of(introspect(access_token, secret_of("rs")))["active"].get<bool>();
  }

  // A proof for the token endpoint, never the same one twice.
  std::string proof(std::size_t key_index = 5) const {
    return testing::ProofBuilder(server.clock.now_seconds())
        .key(testing::test_key(JwsAlgorithm::ES256, key_index))
        .url(std::string(kIssuer) + "/oauth/token")
        .build();
  }

  struct Tokens {
    std::string access, refresh;
  };
  static Tokens tokens_of(const HttpResponse& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    const Json body = json_of(response);
    return {body.value("access_token", ""), body.value("refresh_token", "")};
  }
  // The first tokens of a new family.
  Tokens first_tokens(const std::string& client_id = "app", const std::string& authorization = "") {
    return tokens_of(token(code_form(client_id, code_for(client_id)), authorization));
  }
  Tokens refreshed(std::string_view refresh_token, std::string_view client_id = "app") const {
    return tokens_of(token(refresh_form(client_id, refresh_token)));
  }
  static Json claims_of(std::string_view access_token) {
    return parse_json(parse_unverified_jws(access_token)->payload).value();
  }
  TokenFamily family_of(std::string_view refresh_token) {
    return server.storage.families().find_by_refresh_token(sha256(refresh_token)).value()->family;
  }

  // Every rule about an error answer that holds whatever the error.
  static void expect_error(const HttpResponse& response, int status, std::string_view error,
                           std::string_view description = "") {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
    EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
    EXPECT_EQ(response.headers.get("Pragma"), "no-cache");
    EXPECT_EQ(response.headers.get("WWW-Authenticate").value_or(""),
              status == 401 ? "Basic realm=\"authserver\"" : "");
    const Json body = json_of(response);
    EXPECT_EQ(body["error"], error);
    EXPECT_EQ(body["status"], status);
    EXPECT_EQ(body["title"], reason_phrase(status));
    EXPECT_EQ(body["detail"], body["error_description"]);
    EXPECT_THAT(body["error_description"].get<std::string>(), ::testing::HasSubstr(description));
    EXPECT_FALSE(body.contains("access_token"));
    EXPECT_FALSE(body.contains("refresh_token"));
  }
  std::vector<std::string> audit_lines() {
    std::vector<std::string> lines;
    for (const AuditEvent& row : server.audit_rows())
      lines.push_back(row.action + " actor=" + row.actor_id + " client=" + row.client_id + " " + row.detail);
    return lines;
  }

  TestServer server;

 private:
  static Form token_form(std::string_view text, std::string_view client_id) {
    Form form;
    form.add("token", std::string(text));
    if (!client_id.empty()) form.add("client_id", std::string(client_id));
    return form;
  }
};

// A valid request with one parameter set to another value, and how it is refused.
struct Broken {
  const char* name;
  const char *parameter, *value;  // "" = left out
  int status;
  const char *error, *description;
};
inline void PrintTo(const Broken& broken, std::ostream* out) {
  *out << broken.name;
}

}  // namespace authplane::authserver
