#include "authserver/http/listener_answers.h"

#include <gtest/gtest.h>

#include "authserver/http/test_server.h"

namespace authplane::authserver {
namespace {

const std::string kOrigin = "https://app.example";

HttpResponse refused(const HttpRequest& request, int status = 413) {
  return ListenerAnswers({.strict_transport_security = true, .allowed_origins = {kOrigin}})
      .write(request, status, "invalid_request", "request body too large");
}

HttpRequest request_from(std::string target, const std::string& origin) {
  HttpRequest request;
  request.method = "POST";
  request.target = std::move(target);
  request.headers.add("Origin", origin);
  return request;
}

TEST(ListenerAnswersTest, HaveTheMembersOfTheApisErrors) {
  const HttpResponse response = refused(request_from("/oauth/token", kOrigin));
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  EXPECT_EQ(json_of(response), Json({{"error", "invalid_request"},
                                     {"error_description", "request body too large"},
                                     {"type", "/errors/invalid_request"},
                                     {"title", reason_phrase(413)},
                                     {"detail", "request body too large"},
                                     {"status", 413}}));
  EXPECT_EQ(response.headers.get("X-Content-Type-Options"), "nosniff");
  EXPECT_TRUE(response.headers.contains("Strict-Transport-Security"));
}

TEST(ListenerAnswersTest, PagesOfAllowedOriginsCanReadThoseOfTheirRoutes) {
  const auto readable = [](const std::string& target, const std::string& origin) {
    return refused(request_from(target, origin)).headers.contains("Access-Control-Allow-Origin");
  };
  EXPECT_TRUE(readable("/oauth/token", kOrigin));
  EXPECT_TRUE(readable("/oauth/register?x=1", kOrigin));
  EXPECT_FALSE(readable("/oauth/token", "https://other.example"));
  EXPECT_FALSE(readable("/login", kOrigin));
  EXPECT_FALSE(refused(HttpRequest(), 400).headers.contains("Access-Control-Allow-Origin"));
}

}  // namespace
}  // namespace authplane::authserver
