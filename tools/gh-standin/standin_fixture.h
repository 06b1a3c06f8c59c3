#pragma once

#include <gtest/gtest.h>

#include <string>

#include <authplane/base/encoding.h>
#include <authplane/base/hash.h>
#include <authplane/testing/fake_clock.h>
#include <authplane/testing/seeded_random.h>

#include "answers.h"
#include "standin.h"

namespace authplane::gh_standin {

// A stand-in without a socket, and the client it knows.
class StandinTest : public ::testing::Test {
 protected:
  static constexpr const char* kCallback = "http://localhost:9000/connect/github/callback";
  static constexpr const char* kVerifier = "0123456789012345678901234567890123456789012";
  using Changes = std::map<std::string, std::string>;  // "" leaves a field out

  HttpResponse send(const std::string& method, const std::string& target, const std::string& body = "",
                    Headers headers = {{"Accept", "application/json"}}) {
    const HttpRequest request{method, target, std::move(headers), body, "127.0.0.1"};
    for (const auto& route : standin.routes()) {
      if (route.path == request.path()) return route.handler(request);
    }
    ADD_FAILURE() << "no route for " << target;
    return {};
  }
  static std::string encode(Changes fields, const Changes& changes) {
    for (const auto& [name, value] : changes) fields[name] = value;
    Form form;
    for (const auto& [name, value] : fields) {
      if (!value.empty()) form.add(name, value);
    }
    return form.encode();
  }
  static std::string question(const Changes& changes = {}) {
    return encode({{"client_id", "id"},
                   {"response_type", "code"},
                   {"redirect_uri", kCallback},
                   {"scope", "repo read:user"},
                   {"state", "s-1"},
                   {"code_challenge", base64url_encode(as_bytes(sha256(kVerifier)))},
                   {"code_challenge_method", "S256"}},
                  changes);
  }
  HttpResponse authorize(const Changes& changes = {}) {
    return send("GET", "/login/oauth/authorize?" + question(changes));
  }
  // What the browser brings back to the callback.
  static Form brought_back(const HttpResponse& response) {
    EXPECT_EQ(response.status, 302) << response.body;
    const std::string location(response.headers.get("Location").value_or(""));
    EXPECT_TRUE(location.starts_with(std::string(kCallback) + "?")) << location;
    return parse_form(location.substr(location.find('?') + 1));
  }
  std::string code() { return field(brought_back(authorize()), "code"); }
  HttpResponse token(const Changes& fields, Headers headers = {{"Accept", "application/json"}}) {
    return send("POST", "/login/oauth/access_token",
                encode({{"client_id", "id"}, {"client_secret", "the-secret"}}, fields), std::move(headers));
  }
  HttpResponse redeem(const std::string& with_code, const Changes& changes = {}) {
    Changes fields = {{"grant_type", "authorization_code"},
                      {"code", with_code},
                      {"redirect_uri", kCallback},
                      {"code_verifier", kVerifier}};
    for (const auto& [name, value] : changes) fields[name] = value;
    return token(fields);
  }
  HttpResponse refresh(const std::string& refresh_token, const std::string& scope = "") {
    return token({{"grant_type", "refresh_token"}, {"refresh_token", refresh_token}, {"scope", scope}});
  }
  static nlohmann::json json(const HttpResponse& response) {
    return nlohmann::json::parse(response.body, nullptr, false);
  }
  static std::string member(const HttpResponse& response, const std::string& name) {
    const auto body = json(response);
    if (!body.is_object() || !body.contains(name) || !body[name].is_string()) return "";
    return body[name];
  }
  static void expect_error(const HttpResponse& response, int status, const std::string& error) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(member(response, "error"), error) << response.body;
    EXPECT_EQ(response.body.find("gho_"), std::string::npos);
  }
  nlohmann::json connect() { return json(redeem(code())); }
  HttpResponse call(const std::string& path, const std::string& access_token) {
    return send("GET", path, "", {{"Authorization", "Bearer " + access_token}});
  }
  void mode(const std::string& text, bool once = false) {
    const auto body = nlohmann::json{{"mode", text}, {"once", once}}.dump();
    EXPECT_EQ(send("POST", "/_control/mode", body).status, 200) << text;
  }
  nlohmann::json seen(const std::string& kind) { return json(send("GET", "/_control/requests"))[kind]; }

  testing::FakeClock clock;
  testing::SeededRandom random;
  Standin standin{{.client_id = "id", .client_secret = "the-secret", .callback = kCallback}, clock, random};
};

}  // namespace authplane::gh_standin
