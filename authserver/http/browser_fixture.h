#pragma once

// For tests only: a server with one user, one public client "app-1" and one resource "demo", and browsers
// that keep cookies.

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/http/test_server.h"

namespace authplane::authserver {

inline constexpr std::string_view kEmail = "ada@example.com";
inline constexpr std::string_view kPassword = "canary-password";
inline constexpr std::string_view kRedirectUri = "https://app.example/cb";
// The challenge of RFC 7636 appendix B.
inline constexpr std::string_view kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

// Where a 303 leads: the part before the query, and the parameters.
struct Destination {
  std::string base;
  Form query;

  std::string get(std::string_view name) const { return std::string(query.get(name).value_or("")); }
  bool has(std::string_view name) const { return query.count(name) != 0; }
};

inline Destination destination_of(const HttpResponse& response) {
  EXPECT_EQ(response.status, 303) << response.body;
  const std::string location(response.headers.get("Location").value_or(""));
  const std::size_t mark = location.find('?');
  Destination to{.base = location.substr(0, mark), .query = {}};
  if (mark != std::string::npos) to.query = Form::parse(location.substr(mark + 1)).value();
  return to;
}

// The value of a hidden input, as a browser reads it. "" when there is none.
inline std::string hidden_value(const std::string& page, std::string_view name) {
  const std::string start = "<input type=\"hidden\" name=\"" + std::string(name) + "\" value=\"";
  const std::size_t at = page.find(start);
  if (at == std::string::npos) return {};
  std::string value = page.substr(at + start.size(), page.find('"', at + start.size()) - at - start.size());
  for (std::size_t amp; (amp = value.find("&amp;")) != std::string::npos;) value.replace(amp, 5, "&");
  return value;
}

// A browser: keeps cookies, and sends them back to this one server.
class Browser {
 public:
  explicit Browser(const TestServer& server) : server_(&server) {}

  HttpResponse get(std::string target) { return send("GET", std::move(target), "", {}); }
  HttpResponse post(std::string path, const Form& form, Headers headers = {}) {
    headers.add("Content-Type", "application/x-www-form-urlencoded");
    return send("POST", std::move(path), form.encode(), std::move(headers));
  }
  HttpResponse send(std::string method, std::string target, std::string body, Headers headers) {
    if (!cookies.empty()) headers.add("Cookie", cookie_header());
    HttpResponse response = server_->send({.method = std::move(method),
                                           .target = std::move(target),
                                           .headers = std::move(headers),
                                           .body = std::move(body),
                                           .remote_address = address});
    for (const std::string_view field : response.headers.all("Set-Cookie")) keep(std::string(field));
    return response;
  }

  std::map<std::string, std::string> cookies;
  std::string address = "192.0.2.7";

 private:
  std::string cookie_header() const {
    std::string text;
    for (const auto& [name, value] : cookies) text += (text.empty() ? "" : "; ") + name + "=" + value;
    return text;
  }
  void keep(const std::string& field) {
    const std::size_t equals = field.find('=');
    const std::size_t end = field.find(';');
    const std::string name = field.substr(0, equals);
    if (field.find("; Max-Age=0;") != std::string::npos) {
      cookies.erase(name);
    } else {
      cookies[name] = field.substr(equals + 1, end - equals - 1);
    }
  }

  const TestServer* server_;
};

class BrowserTest : public ::testing::Test {
 protected:
  BrowserTest() {
    server.add(app("app-1"));
    server.add(server.resource_named("demo", std::string(kResource), {"mcp:echo", "mcp:admin", "mcp:other"}));
    add_user("user-ada", kEmail, kPassword);
    server.start();
  }

  Client app(std::string id) const {
    Client client = server.client_named(std::move(id));
    client.secret_hash.clear();
    client.name = "Travel Assistant";
    client.token_endpoint_auth_method = ClientAuthMethod::none;
    client.grant_types = {"authorization_code", "refresh_token"};
    client.redirect_uris = {std::string(kRedirectUri), "http://127.0.0.1/cb"};
    client.scope = "mcp:echo mcp:other";
    return client;
  }
  User user(std::string id, std::string_view email, std::string_view password) {
    HashSlots slots(1);
    User user;
    user.id = std::move(id);
    user.email = email;
    user.password_hash =
        hash_password(password, server.config.browser.passwords, slots, server.random).value_or("");
    user.created_at = user.updated_at = server.clock.now();
    return user;
  }
  void add_user(std::string id, std::string_view email, std::string_view password) {
    server.storage.users().insert(user(std::move(id), email, password)).value();
  }

  static Form valid_request() {
    Form form;
    form.add("response_type", "code");
    form.add("client_id", "app-1");
    form.add("redirect_uri", std::string(kRedirectUri));
    form.add("scope", "mcp:echo");
    form.add("state", "the state");
    form.add("resource", std::string(kResource));
    form.add("code_challenge", std::string(kChallenge));
    form.add("code_challenge_method", "S256");
    return form;
  }
  // The valid request with one parameter set to another value, or left out when that is nullopt.
  static Form request_with(std::string_view name, std::optional<std::string_view> value) {
    return form_with(valid_request(), name, value);
  }
  static Form form_with(const Form& valid, std::string_view name, std::optional<std::string_view> value) {
    Form form;
    for (const auto& [key, old] : valid.fields()) {
      if (key != name) form.add(key, old);
    }
    if (value) form.add(std::string(name), std::string(*value));
    return form;
  }
  static std::string authorize_target(const Form& request) { return "/oauth/authorize?" + request.encode(); }

  static Form login_form(const HttpResponse& page, std::string_view email = kEmail,
                         std::string_view password = kPassword) {
    Form form;
    form.add("csrf_token", hidden_value(page.body, "csrf_token"));
    form.add("redirect", hidden_value(page.body, "redirect"));
    form.add("email", std::string(email));
    form.add("password", std::string(password));
    return form;
  }
  HttpResponse sign_in(Browser& browser, std::string_view email = kEmail,
                       std::string_view password = kPassword) {
    return browser.post("/login", login_form(browser.get("/login"), email, password));
  }
  Browser signed_in(std::string_view email = kEmail, std::string_view password = kPassword) {
    Browser browser(server);
    EXPECT_EQ(sign_in(browser, email, password).status, 303);
    return browser;
  }
  // The path of the consent page that a request of this browser leads to.
  std::string consent_target(Browser& browser, const Form& request = valid_request()) {
    const HttpResponse response = browser.get(authorize_target(request));
    EXPECT_EQ(destination_of(response).base, "/consent");
    return std::string(response.headers.get("Location").value_or(""));
  }
  static Form consent_form(const HttpResponse& page, std::string_view action,
                           std::initializer_list<std::string_view> scopes) {
    EXPECT_EQ(page.status, 200) << page.body;
    Form form;
    form.add("session_id", hidden_value(page.body, "session_id"));
    form.add("csrf_token", hidden_value(page.body, "csrf_token"));
    form.add("action", std::string(action));
    for (const std::string_view scope : scopes) form.add("scopes", std::string(scope));
    return form;
  }
  // From the authorization request to the answer to the client.
  HttpResponse decide(Browser& browser, std::string_view action,
                      std::initializer_list<std::string_view> scopes, const Form& request = valid_request()) {
    const HttpResponse page = browser.get(consent_target(browser, request));
    return browser.post("/consent", consent_form(page, action, scopes));
  }
  Authorization redeem(std::string_view code) {
    const auto found = server.storage.authorizations().consume_code(sha256(code), server.clock.now()).value();
    EXPECT_TRUE(found.has_value());
    return found ? found->authorization : Authorization();
  }
  std::vector<std::string> actions() {
    std::vector<std::string> all;
    for (const AuditEvent& event : server.audit_rows()) all.insert(all.begin(), event.action);
    return all;
  }

  // What stands between a page and every other page: headers that no page may lack.
  static void expect_protected(const HttpResponse& response) {
    EXPECT_EQ(response.headers.get("Content-Security-Policy"),
              "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    EXPECT_EQ(response.headers.get("X-Frame-Options"), "DENY");
    EXPECT_EQ(response.headers.get("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(response.headers.get("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
    EXPECT_FALSE(response.headers.contains("Access-Control-Allow-Origin"));
  }
  static void expect_page(const HttpResponse& response, int status, std::string_view text) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.headers.get("Content-Type"), "text/html; charset=utf-8");
    EXPECT_FALSE(response.headers.contains("Location"));
    EXPECT_THAT(response.body, ::testing::HasSubstr(std::string(text)));
    expect_protected(response);
  }
  // An error that the client is told.
  static void expect_sent_back(const HttpResponse& response, std::string_view error,
                               std::string_view description, std::string_view state = "the state") {
    const Destination to = destination_of(response);
    EXPECT_EQ(to.base, kRedirectUri);
    EXPECT_EQ(to.get("error"), error);
    EXPECT_THAT(to.get("error_description"), ::testing::HasSubstr(std::string(description)));
    EXPECT_EQ(to.get("state"), state);
    EXPECT_EQ(to.has("state"), !state.empty());
    EXPECT_EQ(to.get("iss"), kIssuer);
    EXPECT_FALSE(to.has("code"));
    expect_protected(response);
  }
  static std::string expect_code(const HttpResponse& response, std::string_view base = kRedirectUri) {
    const Destination to = destination_of(response);
    EXPECT_EQ(to.base, base);
    EXPECT_EQ(to.get("iss"), kIssuer);
    EXPECT_FALSE(to.has("error"));
    EXPECT_EQ(to.get("code").size(), 43u);
    expect_protected(response);
    return to.get("code");
  }

  TestServer server;
};

}  // namespace authplane::authserver
