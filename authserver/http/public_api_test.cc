#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "authserver/http/middleware.h"
#include "authserver/http/oauth_error.h"
#include "authserver/http/response.h"
#include "authserver/http/test_server.h"

namespace authplane::authserver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PublicApiTest : public ::testing::Test {
 protected:
  PublicApiTest() { server.start(); }
  TestServer server;
};

TEST_F(PublicApiTest, UnknownPathsAre404Text) {
  for (const char* path : {"//", "/oauth", "/oauth/revoke/", "/oauth/device", "/metrics", "/admin/stats",
                           "/oauth/token/", "/OAUTH/token", "/oauth%2Ftoken", "*"}) {
    const HttpResponse response = server.get(path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(response.headers.get("Content-Type"), "text/plain; charset=utf-8");
  }
}

TEST_F(PublicApiTest, WrongMethodIs405WithAllow) {
  const HttpResponse get = server.get("/oauth/token");
  EXPECT_EQ(get.status, 405);
  EXPECT_EQ(get.headers.get("Allow"), "POST");
  const HttpResponse post =
      server.send({.method = "POST", .target = "/ready", .headers = {}, .body = "", .remote_address = ""});
  EXPECT_EQ(post.status, 405);
  EXPECT_EQ(post.headers.get("Allow"), "GET, HEAD");
}

TEST_F(PublicApiTest, HeadIsAnsweredLikeGet) {
  const HttpResponse head =
      server.send({.method = "HEAD", .target = "/livez", .headers = {}, .body = "", .remote_address = ""});
  EXPECT_EQ(head.status, 200);
}

TEST_F(PublicApiTest, EveryResponseCarriesTheSecurityHeaders) {
  for (const char* path : {"/livez", "/nothing", "/oauth/token"}) {
    const HttpResponse response = server.get(path);
    EXPECT_EQ(response.headers.get("Content-Security-Policy"),
              "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    EXPECT_EQ(response.headers.get("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(response.headers.get("X-Frame-Options"), "DENY");
    EXPECT_EQ(response.headers.get("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(response.headers.get("Strict-Transport-Security"), "max-age=63072000; includeSubDomains");
  }
  server.config.issuer = "http://localhost:9000";
  server.start();
  EXPECT_FALSE(server.get("/livez").headers.contains("Strict-Transport-Security"));
}

TEST_F(PublicApiTest, RequestIdsDifferAndStandInTheAccessLog) {
  std::set<std::string> ids;
  for (int i = 0; i < 10; ++i) ids.emplace(*server.get("/livez").headers.get("X-Request-Id"));
  EXPECT_EQ(ids.size(), 10u);
  for (const std::string& id : ids) EXPECT_TRUE(server.logger.contains(id));
}

TEST_F(PublicApiTest, AccessLogHasNoQueryString) {
  server.get("/livez?token=canary-in-query", {{"Authorization", "Bearer canary-in-header"}});
  EXPECT_THAT(server.logger.text(), HasSubstr("/livez"));
  EXPECT_THAT(server.logger.text(), Not(HasSubstr("canary")));
}

TEST_F(PublicApiTest, RequestsAreCountedByRouteAndNeverByForeignText) {
  server.get("/livez");
  server.get("/.well-known/oauth-protected-resource/some/thing");
  server.get("/who/knows");
  server.send({.method = "BREW", .target = "/livez", .headers = {}, .body = "", .remote_address = ""});
  EXPECT_EQ(server.metrics.count("authserver_http_requests_total{method=GET,path=/livez,status=200}"), 1);
  EXPECT_EQ(server.metrics.count("authserver_http_requests_total{method=GET,path=/.well-known/"
                                 "oauth-protected-resource/{ref...},status=404}"),
            1);
  EXPECT_EQ(server.metrics.count("authserver_http_requests_total{method=GET,path=unmatched,status=404}"), 1);
  EXPECT_EQ(server.metrics.count("authserver_http_requests_total{method=other,path=/livez,status=405}"), 1);
}

TEST_F(PublicApiTest, RateLimitIsPerAddressAndRecovers) {
  server.config.rate_limit = RateLimit{.requests_per_second = 1, .burst = 2};
  server.start();
  EXPECT_EQ(server.get("/livez").status, 200);
  EXPECT_EQ(server.get("/livez").status, 200);
  const HttpResponse refused = server.get("/livez");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.get("Retry-After"), "1");
  EXPECT_EQ(json_of(refused)["error"], "slow_down");
  EXPECT_EQ(refused.headers.get("X-Frame-Options"), "DENY");
  const HttpResponse other = server.send({.method = "GET",
                                          .target = "/livez",
                                          .headers = {{"X-Forwarded-For", "192.0.2.7"}},
                                          .body = "",
                                          .remote_address = "192.0.2.8"});
  EXPECT_EQ(other.status, 200);
  server.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(server.get("/livez").status, 200);
}

TEST_F(PublicApiTest, HealthTellsWhetherTheStorageAnswers) {
  EXPECT_EQ(server.get("/livez").body, R"({"status":"ok","time":"2026-01-01T00:00:00Z"})");
  EXPECT_EQ(server.get("/health").body, R"({"status":"ok","time":"2026-01-01T00:00:00Z","db":"ok"})");
  EXPECT_EQ(server.get("/ready").body, R"({"status":"ready","time":"2026-01-01T00:00:00Z","db":"ok"})");
  server.storage.unreachable = true;
  EXPECT_EQ(server.get("/livez").status, 200);
  EXPECT_EQ(server.get("/health").status, 503);
  EXPECT_EQ(server.get("/health").body,
            R"({"status":"degraded","time":"2026-01-01T00:00:00Z","db":"error"})");
  EXPECT_EQ(server.get("/ready").status, 503);
  EXPECT_EQ(json_of(server.get("/ready"))["status"], "not_ready");
}

TEST_F(PublicApiTest, EveryErrorTypeHasAPage) {
  for (const OAuthErrorRow& row : oauth_error_table()) {
    const HttpResponse page = server.get("/errors/" + std::string(row.error));
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(page.body, HasSubstr(row.error));
  }
  EXPECT_EQ(server.get("/errors/unheard_of").status, 404);
}

TEST(OAuthErrorTable, RowsStandAtTheirEnumerators) {
  for (std::size_t i = 0; i < oauth_error_table().size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(oauth_error_table()[i].code), i);
  }
}

// What each error is on the wire: RFC 6749 section 5.2 (invalid_client with a challenge, nothing cached), RFC
// 7591 section 3.2.2, RFC 8707 section 2, RFC 9449 sections 5 and 8, RFC 9110 sections 11.6.1 and 10.2.3.
struct WireError {
  OAuthErrorCode code;
  std::string_view error;
  int status;
  std::string_view title, challenge, retry_after;
};

TEST(OAuthErrorTable, EveryErrorHasTheStatusCodeAndHeadersOfItsRfc) {
  using Code = OAuthErrorCode;
  constexpr std::string_view kBasic = "Basic realm=\"authserver\"";
  const std::vector<WireError> expected{
      {Code::invalid_request, "invalid_request", 400, "Bad Request", "", ""},
      {Code::invalid_client, "invalid_client", 401, "Unauthorized", kBasic, ""},
      {Code::invalid_grant, "invalid_grant", 400, "Bad Request", "", ""},
      {Code::unauthorized_client, "unauthorized_client", 400, "Bad Request", "", ""},
      {Code::unsupported_grant_type, "unsupported_grant_type", 400, "Bad Request", "", ""},
      {Code::invalid_scope, "invalid_scope", 400, "Bad Request", "", ""},
      {Code::invalid_target, "invalid_target", 400, "Bad Request", "", ""},
      {Code::invalid_dpop_proof, "invalid_dpop_proof", 400, "Bad Request", "", ""},
      {Code::use_dpop_nonce, "use_dpop_nonce", 400, "Bad Request", "", ""},
      {Code::invalid_client_metadata, "invalid_client_metadata", 400, "Bad Request", "", ""},
      {Code::invalid_redirect_uri, "invalid_redirect_uri", 400, "Bad Request", "", ""},
      {Code::access_denied, "access_denied", 403, "Forbidden", "", ""},
      {Code::consent_required, "consent_required", 400, "Bad Request", "", ""},
      {Code::request_too_large, "invalid_request", 413, "Content Too Large", "", ""},
      {Code::slow_down, "slow_down", 429, "Too Many Requests", "", ""},
      {Code::server_error, "server_error", 500, "Internal Server Error", "", ""},
      {Code::temporarily_unavailable, "temporarily_unavailable", 503, "Service Unavailable", "", "1"},
      {Code::service_unavailable, "service_unavailable", 503, "Service Unavailable", "", ""},
      {Code::unauthorized, "unauthorized", 401, "Unauthorized", "Bearer", ""},
      {Code::not_found, "not_found", 404, "Not Found", "", ""},
  };
  ASSERT_EQ(expected.size(), oauth_error_table().size());
  for (const WireError& one : expected) {
    SCOPED_TRACE(one.error);
    const HttpResponse response =
        oauth_error_response({one.code, "what is wrong", "scope_insufficient", "https://as.example/x"});
    EXPECT_EQ(response.status, one.status);
    EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
    EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
    EXPECT_EQ(response.headers.get("Pragma"), "no-cache");
    EXPECT_EQ(response.headers.get("WWW-Authenticate").value_or(""), one.challenge);
    EXPECT_EQ(response.headers.get("Retry-After").value_or(""), one.retry_after);
    Json body{{"error", one.error},
              {"error_description", "what is wrong"},
              {"type", "/errors/" + std::string(one.error)},
              {"title", one.title},
              {"detail", "what is wrong"},
              {"status", one.status}};
    if (one.code == Code::consent_required) {
      body["consent_url"] = "https://as.example/x";
      body["cause"] = "scope_insufficient";
    }
    EXPECT_EQ(json_of(response), body);
  }
}

TEST_F(PublicApiTest, IssuerWithAPathIsServedUnderIt) {
  server.config.issuer = "https://as.example/tenant/";
  server.start();
  const Json body = json_of(server.get("/.well-known/oauth-authorization-server/tenant/"));
  EXPECT_EQ(body["issuer"], "https://as.example/tenant/");
  for (const char* member : {"token_endpoint", "jwks_uri"}) {
    EXPECT_NE(
        server.get(body[member].get<std::string>().substr(std::string("https://as.example").size())).status,
        404);
  }
  EXPECT_EQ(server.get("/tenant//.well-known/openid-configuration").status, 200);
}

// --- CORS

class CorsTest : public PublicApiTest {
 protected:
  HttpResponse preflight(std::string target, std::string origin) const {
    return server.send({.method = "OPTIONS",
                        .target = std::move(target),
                        .headers = {{"Origin", std::move(origin)}, {"Access-Control-Request-Method", "POST"}},
                        .body = "",
                        .remote_address = ""});
  }
  void allow(std::vector<std::string> origins) {
    server.config.allowed_origins = std::move(origins);
    server.start();
  }
};

TEST_F(CorsTest, OffUnlessConfigured) {
  EXPECT_EQ(preflight("/oauth/token", "https://app.example").status, 405);
  const HttpResponse response = server.get("/.well-known/jwks.json", {{"Origin", "https://app.example"}});
  EXPECT_FALSE(response.headers.contains("Access-Control-Allow-Origin"));
  EXPECT_FALSE(response.headers.contains("Vary"));
}

TEST_F(CorsTest, PreflightOfAListedOrigin) {
  allow({"https://app.example"});
  const HttpResponse response = preflight("/oauth/token", "https://app.example");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.headers.get("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(response.headers.get("Access-Control-Allow-Methods"), "GET, POST, OPTIONS");
  EXPECT_EQ(response.headers.get("Access-Control-Allow-Headers"),
            "Content-Type, Authorization, DPoP, MCP-Protocol-Version");
  EXPECT_EQ(response.headers.get("Access-Control-Max-Age"), "86400");
  EXPECT_EQ(response.headers.get("Vary"), "Origin");
  EXPECT_FALSE(response.headers.contains("Access-Control-Allow-Credentials"));
}

TEST_F(CorsTest, OtherOriginsAndOtherPathsGetNothing) {
  allow({"https://app.example"});
  for (const char* origin : {"https://evil.example", "https://app.example.evil.example",
                             "https://APP.example", "http://app.example", "null"}) {
    const HttpResponse response = preflight("/oauth/token", origin);
    EXPECT_FALSE(response.headers.contains("Access-Control-Allow-Origin")) << origin;
    EXPECT_EQ(response.headers.get("Vary"), "Origin");
  }
  EXPECT_EQ(preflight("/ready", "https://app.example").status, 405);
  EXPECT_FALSE(server.get("/ready", {{"Origin", "https://app.example"}})
                   .headers.contains("Access-Control-Allow-Origin"));
}

TEST_F(CorsTest, WhatClientsCallIsOpenAndWhatPeopleSeeIsNot) {
  allow({"https://app.example"});
  for (const char* path : {"/oauth/token", "/oauth/register", "/oauth/revoke", "/oauth/introspect",
                           "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration",
                           "/.well-known/jwks.json", "/.well-known/oauth-protected-resource/demo"}) {
    EXPECT_EQ(preflight(path, "https://app.example").status, 204) << path;
    EXPECT_EQ(
        server.get(path, {{"Origin", "https://app.example"}}).headers.get("Access-Control-Allow-Origin"),
        "https://app.example")
        << path;
  }
  for (const char* path :
       {"/oauth/authorize", "/login", "/consent", "/logout", "/livez", "/errors/invalid_grant", "/"}) {
    EXPECT_NE(preflight(path, "https://app.example").status, 204) << path;
    EXPECT_FALSE(
        server.get(path, {{"Origin", "https://app.example"}}).headers.contains("Access-Control-Allow-Origin"))
        << path;
  }
}

TEST_F(CorsTest, AnswersBeforeAndInsteadOfAHandlerCanBeRead) {
  server.config.rate_limit = RateLimit{.requests_per_second = 1, .burst = 3};
  allow({"https://app.example"});
  const Headers origin{{"Origin", "https://app.example"}};
  for (const auto& [path, status] :
       std::initializer_list<std::pair<const char*, int>>{{"/.well-known/nothing", 404},
                                                          {"/oauth/token", 405},
                                                          {"/oauth/token", 405},
                                                          {"/oauth/token", 429}}) {
    const HttpResponse response = server.get(path, origin);
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.headers.get("Access-Control-Allow-Origin"), "https://app.example") << status;
  }
}

TEST_F(CorsTest, ErrorsCanBeReadByThePageToo) {
  allow({"https://app.example"});
  const HttpResponse response = server.send({.method = "POST",
                                             .target = "/oauth/token",
                                             .headers = {{"Origin", "https://app.example"}},
                                             .body = "",
                                             .remote_address = ""});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.headers.get("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(response.headers.get("Access-Control-Expose-Headers"), "DPoP-Nonce, WWW-Authenticate");
}

TEST_F(CorsTest, StarAdmitsAnyOriginWithoutVary) {
  allow({"*"});
  const HttpResponse response = server.get("/.well-known/jwks.json", {{"Origin", "https://any.example"}});
  EXPECT_EQ(response.headers.get("Access-Control-Allow-Origin"), "*");
  EXPECT_FALSE(response.headers.contains("Vary"));
}

// --- what a handler throws

TEST(Middleware, ExceptionsBecome500WithoutTheirText) {
  TestServer server;
  Router router;
  router.add("GET", "/foreign", [](const HttpRequest&, const PathParams&) -> HttpResponse {
    throw std::runtime_error("canary from a library");
  });
  router.add("GET", "/ours", [](const HttpRequest&, const PathParams&) -> HttpResponse {
    return Result<HttpResponse>(Err(ErrorCode::runtime_error, "the disk is full")).value();
  });
  router.add("GET", "/odd", [](const HttpRequest&, const PathParams&) -> HttpResponse { throw 7; });
  const Middleware middleware(
      {.listener = "public",
       .strict_transport_security = false,
       .rate_limit = {},
       .allowed_origins = {},
       .too_many_requests = [] { return text_response(429, "slow down"); },
       .internal_error =
           [] {
             return oauth_error_response({OAuthErrorCode::server_error, "the server failed"});
           }},
      std::move(router), server.clock, server.random, server.logger, server.metrics);
  for (const char* path : {"/foreign", "/ours", "/odd"}) {
    const HttpRequest request{
        .method = "GET", .target = path, .headers = {}, .body = "", .remote_address = ""};
    HttpResponse response;
    middleware.handle(request, [&response](HttpResponse given) { response = std::move(given); });
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(json_of(response)["error"], "server_error");
    EXPECT_EQ(response.headers.get("X-Frame-Options"), "DENY");
  }
  EXPECT_TRUE(server.logger.contains("the disk is full"));
  EXPECT_FALSE(server.logger.contains("canary"));
}

}  // namespace
}  // namespace authplane::authserver
