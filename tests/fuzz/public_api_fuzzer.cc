// Whole requests at the public listener, with everything behind it. An input is "METHOD target", header
// fields a line each, an empty line, and the body. In it `$session` stands for the session of a user who has
// consented to app-1 before,
// `$code` and `$refresh` for a code and a refresh token of theirs, `$basic` for the credentials of a
// confidential client, `$subject` for an access token of the user and `$gateway` for the credentials of the
// client that may exchange it.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <authplane/jose/jws.h>

#include "authserver/http/test_server.h"
#include "authserver/identity/password.h"
#include "authserver/identity/redirect_uri.h"
#include "authserver/identity/safe_redirect.h"
#include "authserver/identity/session_cookie.h"
#include "check.h"

using namespace authplane;
using namespace authplane::authserver;

namespace {

const std::vector<std::string> kRedirectUris{"https://app.example/cb", "http://127.0.0.1/cb?from=us"};
constexpr std::string_view kAuthorize =
    "/oauth/"
    "authorize?response_type=code&client_id=app-1&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&scope=mcp%"
    "3Aecho"
    "&resource=https%3A%2F%2Frs.example%2Fmcp&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    "&code_challenge_method=S256&state=s";
constexpr std::string_view kRedeem =
    "grant_type=authorization_code&client_id=app-1&redirect_uri=https%3A%2F%2Fapp.example%2Fcb"
    "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&code=";

std::string between(std::string_view text, std::string_view start, std::string_view stops) {
  const std::size_t at = text.find(start);
  FUZZ_CHECK(at != std::string_view::npos);
  text.remove_prefix(at + start.size());
  return std::string(text.substr(0, text.find_first_of(stops)));
}

// A server in the state that the placeholders promise.
struct Fixture {
  Fixture() {
    add_clients();
    Resource demo = server.resource_named("demo", std::string(kResource), {"mcp:echo", "mcp:other"});
    demo.policy.runtime_client_ids = demo.policy.exchange_allowed_client_ids = {"gateway"};
    server.add(demo);
    server.add(server.resource_named("hidden", "https://hidden.example/mcp", {"read", "write"}));
    FrontingLink link;
    link.source_slug = "demo";
    link.target_slug = "hidden";
    link.scope_map = {{"mcp:echo", {"read"}}, {"mcp:other", {"write"}}};
    server.storage.fronting_links().insert(link, false).value();
    HashSlots slots(1);
    User user;
    user.id = "user-ada";
    user.email = "ada@example.com";
    user.password_hash =
        hash_password("canary-password", server.config.browser.passwords, slots, server.random).value();
    user.created_at = user.updated_at = server.clock.now();
    server.storage.users().insert(user).value();
    server.start();
    sign_in();
    const std::string tokens = redeem(code_of(browse("GET", kAuthorize))).body;
    refresh = between(tokens, "\"refresh_token\":\"", "\"");
    subject = between(tokens, "\"access_token\":\"", "\"");
    code = code_of(browse("GET", kAuthorize));
  }

  void add_clients() {
    Client app = server.client_named("app-1");
    app.secret_hash.clear();
    app.token_endpoint_auth_method = ClientAuthMethod::none;
    app.grant_types = {"authorization_code", "refresh_token"};
    app.redirect_uris = kRedirectUris;
    server.add(app);
    server.add(server.client_named("agent-1"));
    Client gateway = server.client_named("gateway");
    gateway.grant_types = {std::string(to_string(GrantKind::token_exchange))};
    server.add(gateway);
  }
  void sign_in() {
    const auto expiry = std::chrono::floor<std::chrono::seconds>(server.clock.now()) + std::chrono::hours(1);
    session = "authserver_session=" + seal_session(SessionKeys(server.session_secret),
                                                   {"user-ada", server.clock.now(), expiry}, server.random);
    const HttpResponse asked = browse("GET", kAuthorize);
    const std::string path(asked.headers.get("Location").value_or(""));
    const HttpResponse page = browse("GET", path);
    Form form;
    form.add("session_id", between(page.body, "name=\"session_id\" value=\"", "\""));
    form.add("csrf_token", between(page.body, "name=\"csrf_token\" value=\"", "\""));
    form.add("action", "allow");
    form.add("scopes", "mcp:echo");
    FUZZ_CHECK(browse("POST", "/consent", form.encode()).status == 303);
  }
  HttpResponse browse(std::string method, std::string_view target, std::string body = {}) const {
    return server.send(
        {.method = std::move(method),
         .target = std::string(target),
         .headers = {{"Cookie", session}, {"Content-Type", "application/x-www-form-urlencoded"}},
         .body = std::move(body),
         .remote_address = {}});
  }
  static std::string code_of(const HttpResponse& response) {
    return between(response.headers.get("Location").value_or(""), "code=", "&");
  }
  HttpResponse redeem(const std::string& one) const {
    return browse("POST", "/oauth/token", std::string(kRedeem) + one);
  }

  TestServer server;
  std::string session, code, refresh, subject;
};

// The same one for a while: what requests leave behind is part of what the next ones meet.
Fixture& fixture() {
  constexpr int kRequests = 500;
  static std::unique_ptr<Fixture> current;
  static int used = 0;
  if (!current || ++used % kRequests == 0) current = std::make_unique<Fixture>();
  return *current;
}

void replace_all(std::string& text, std::string_view name, const std::string& value) {
  for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos; at += value.size()) {
    text.replace(at, name.size(), value);
  }
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

HttpRequest read_request(std::string_view text) {
  HttpRequest request;
  const std::string_view first = take_line(text);
  const std::size_t space = std::min(first.find(' '), first.size());
  request.method = first.substr(0, space);
  request.target = first.substr(std::min(space + 1, first.size()));
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    const std::size_t colon = std::min(line.find(": "), line.size());
    request.headers.add(std::string(line.substr(0, colon)),
                        std::string(line.substr(std::min(colon + 2, line.size()))));
  }
  request.body = text;
  return request;
}

// Where a browser may be sent: on at this server, or to what app-1 has registered.
void check_location(std::string_view location, const HttpRequest& request) {
  if (safe_redirect(location) == location) return;
  // Nothing but an answer to a client leaves this server.
  FUZZ_CHECK(request.path() == "/oauth/authorize" || request.path() == "/consent");
  std::string uri(location.substr(0, std::min(location.find("?"), location.size())));
  const bool from_us = location.find("?from=us&") != std::string_view::npos;
  FUZZ_CHECK(redirect_uri_matches_any(kRedirectUris, from_us ? uri + "?from=us" : uri));
  const auto answer = Form::parse(location.substr(location.find('?') + 1));
  FUZZ_CHECK(answer && answer->get("iss") == kIssuer);
  FUZZ_CHECK(answer->count("code") + answer->count("error") == 1 && answer->count("state") <= 1);
  if (request.path() != "/oauth/authorize") return;
  const auto query = Form::parse(request.query());
  FUZZ_CHECK(query && query->get("client_id") == "app-1");
  FUZZ_CHECK(query->get("redirect_uri") == (from_us ? uri + "?from=us" : uri));
  FUZZ_CHECK(answer->get("state").value_or("") == query->get("state").value_or(""));
  if (answer->count("code") == 1) {
    FUZZ_CHECK(query->get("code_challenge_method") == "S256" && query->get("response_type") == "code");
    FUZZ_CHECK(query->get("code_challenge").value_or("").size() == 43);
  }
}

// The user has allowed "mcp:echo" at "demo", which stands for "read" at "hidden", and nothing else.
void check_exchanged(const Json& body) {
  const Json claims =
      parse_json(parse_unverified_jws(body.at("access_token").get<std::string>())->payload).value();
  FUZZ_CHECK(claims.at("sub") == "user-ada");
  const bool is_hidden = claims.at("aud") == Json::array({"https://hidden.example/mcp"});
  FUZZ_CHECK(is_hidden || claims.at("aud") == Json::array({std::string(kResource)}));
  FUZZ_CHECK(claims.at("scope") == (is_hidden ? "read" : "mcp:echo") &&
             body.at("scope") == claims.at("scope"));
  FUZZ_CHECK(claims.at("client_id") == (is_hidden ? "demo" : "gateway"));
}

void check_response(const HttpResponse& response, const HttpRequest& request, const Fixture& now) {
  FUZZ_CHECK(response.status >= 200 && response.status < 500);
  for (const auto& [name, value] : response.headers) {
    for (const char c : name + value) FUZZ_CHECK(c >= 0x20 && c < 0x7F);
  }
  FUZZ_CHECK(is_valid_utf8(response.body));
  FUZZ_CHECK((response.status == 303) == response.headers.contains("Location"));
  if (const auto location = response.headers.get("Location")) check_location(*location, request);
  const std::string_view type = response.headers.get("Content-Type").value_or("");
  if (type.starts_with("text/html")) {
    FUZZ_CHECK(response.headers.contains("Content-Security-Policy"));
    FUZZ_CHECK(ascii_lower(response.body).find("<script") == std::string::npos);
  }
  if (type.starts_with("application/json")) FUZZ_CHECK(parse_json(response.body));
  for (const std::string_view secret : {now.server.session_secret.expose(), now.server.pepper.expose()}) {
    FUZZ_CHECK(response.body.find(secret) == std::string::npos);
  }
  FUZZ_CHECK(response.body.find("$argon2") == std::string::npos ||
             request.target.find("argon2") != std::string::npos ||
             request.body.find("argon2") != std::string::npos);
  if (request.path() == "/oauth/token" && response.status == 200) {
    FUZZ_CHECK(response.headers.get("Cache-Control") == "no-store");
    FUZZ_CHECK(json_of(response).at("access_token").is_string());
    if (json_of(response).contains("issued_token_type")) check_exchanged(json_of(response));
  }
  if (request.path() == "/oauth/token" && type.starts_with("application/json")) {
    const Json body = json_of(response);
    const bool is_about_consent = body.value("error", "") == "consent_required";
    FUZZ_CHECK(is_about_consent == body.contains("cause") &&
               is_about_consent == body.contains("consent_url"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Fixture& now = fixture();
  std::string text(reinterpret_cast<const char*>(data), size);
  if (text.size() > 16 * 1024) return 0;
  replace_all(text, "$session", now.session);
  replace_all(text, "$code", now.code);
  replace_all(text, "$refresh", now.refresh);
  replace_all(text, "$basic", basic("agent-1", kSecret));
  replace_all(text, "$subject", now.subject);
  replace_all(text, "$gateway", basic("gateway", kSecret));
  const HttpRequest request = read_request(text);
  if (!request.target.starts_with('/')) return 0;
  check_response(now.server.send(request), request, now);
  now.server.logger.clear();
  return 0;
}
