#pragma once

// For tests only: a server with one client "agent-1" (scope "mcp:echo mcp:other") and one resource "demo"
// (scopes "mcp:echo mcp:admin").

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/http/test_server.h"

namespace authplane::authserver {

class TokenEndpointTest : public ::testing::Test {
 protected:
  TokenEndpointTest() {
    server.add(server.client_named("agent-1"));
    server.add(server.resource_named("demo", std::string(kResource), {"mcp:echo", "mcp:admin"}));
    server.start();
  }

  static Form valid_form() {
    Form form;
    form.add("grant_type", "client_credentials");
    form.add("scope", "mcp:echo");
    form.add("resource", std::string(kResource));
    return form;
  }
  static HttpRequest request_with(std::string body, std::string authorization = basic("agent-1", kSecret)) {
    HttpRequest request{.method = "POST",
                        .target = "/oauth/token",
                        .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                        .body = std::move(body),
                        .remote_address = ""};
    if (!authorization.empty()) request.headers.add("Authorization", std::move(authorization));
    return request;
  }
  HttpResponse post(const Form& form, std::string authorization = basic("agent-1", kSecret)) const {
    return server.send(request_with(form.encode(), std::move(authorization)));
  }
  // The valid form with one parameter set to another value; "" leaves it out.
  static Form form_with(std::string_view name, std::string_view value) {
    Form form;
    const Form valid = valid_form();
    for (const auto& [key, old] : valid.fields()) {
      if (key != name) form.add(key, old);
    }
    if (!value.empty()) form.add(std::string(name), std::string(value));
    return form;
  }
  Client stored(std::string_view id) { return Client(**server.storage.clients().get(id)); }

  static void expect_error(const HttpResponse& response, int status, std::string_view error,
                           std::string_view description) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
    EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
    EXPECT_EQ(response.headers.get("Pragma"), "no-cache");
    EXPECT_EQ(response.headers.contains("WWW-Authenticate"), status == 401);
    const Json body = json_of(response);
    EXPECT_EQ(body["error"], error);
    EXPECT_EQ(body["status"], status);
    EXPECT_EQ(body["title"], reason_phrase(status));
    EXPECT_EQ(body["detail"], body["error_description"]);
    EXPECT_EQ(body["type"], "/errors/" + std::string(error));
    EXPECT_THAT(body["error_description"].get<std::string>(), ::testing::HasSubstr(description));
    EXPECT_FALSE(body.contains("access_token"));
  }

  TestServer server;
};

}  // namespace authplane::authserver
