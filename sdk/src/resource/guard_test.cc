#include <authplane/resource/guard.h>

#include "test_support.h"

namespace authplane {
namespace {

using resource_test::kResource;
using resource_test::outcome;
using ::testing::HasSubstr;
using ::testing::Not;

class Guard : public resource_test::ResourceTest {
 protected:
  static HttpRequest request(Headers headers, std::string target = "/mcp") {
    HttpRequest built;
    built.method = "POST";
    built.target = std::move(target);
    built.headers = std::move(headers);
    return built;
  }
  HttpRequest bearer(const std::string& text) { return request({{"Authorization", "Bearer " + text}}); }
  // 200 when the request passed, else the status of the refusal.
  int status(const HttpRequest& asked, RequestGuardOptions options = {}) {
    auto result = RequestGuard(make(), std::move(options)).authenticate(asked);
    return result ? 200 : result.error().status;
  }
  std::string challenge(const HttpRequest& asked, RequestGuardOptions options = {}) {
    auto result = RequestGuard(make(), std::move(options)).authenticate(asked);
    return result ? "passed" : std::string(result.error().headers.get("WWW-Authenticate").value_or("none"));
  }
};

constexpr const char* kBare =
    "Bearer realm=\"https://rs.example/mcp\", "
    "resource_metadata=\"https://rs.example/.well-known/oauth-protected-resource/mcp\"";

TEST_F(Guard, HandsOnClaimsAndToken) {
  const std::string text = token().build();
  auto caller = RequestGuard(make()).authenticate(bearer(text));
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->claims.sub(), "client-1");
  EXPECT_EQ(caller->token, text);
}

TEST_F(Guard, SchemeIsReadInAnyCase) {
  const std::string text = token().build();
  for (const char* scheme : {"Bearer ", "bearer ", "BEARER ", "bEaReR   "}) {
    EXPECT_EQ(status(request({{"authorization", scheme + text + " "}})), 200) << scheme;
  }
}

TEST_F(Guard, AnythingButOneBearerTokenIsMissing) {
  const std::string text = token().build();
  for (const std::string& value :
       {std::string(""), std::string("Bearer"), std::string("Bearer "), text, "Basic " + text,
        "Bearer " + text + " " + text, "Bearer: " + text, std::string("Bearer\t")}) {
    EXPECT_EQ(challenge(request({{"Authorization", value}})), kBare) << value.substr(0, 12);
  }
  EXPECT_EQ(challenge(request({})), kBare);
}

TEST_F(Guard, TwoAuthorizationFieldsAreRefused) {
  const std::string value = "Bearer " + token().build();
  const HttpRequest twice = request({{"Authorization", value}, {"authorization", value}});
  EXPECT_EQ(status(twice), 401);
  EXPECT_EQ(status(twice, {.ambiguous = AmbiguousCredentials::bad_request}), 400);
}

TEST_F(Guard, TokenInTheUrlIsNeverRead) {
  const std::string text = token().build();
  const HttpRequest in_url = request({}, "/mcp?x=1&access_token=" + text);
  EXPECT_EQ(status(in_url), 401);
  EXPECT_EQ(status(in_url, {.ambiguous = AmbiguousCredentials::bad_request}), 400);
  HttpRequest both = bearer(text);
  both.target = "/mcp?access_token=" + text;
  EXPECT_EQ(status(both, {.ambiguous = AmbiguousCredentials::bad_request}), 400);
  HttpRequest harmless = bearer(text);
  harmless.target = "/mcp?my_access_token=1&access_tokens";
  EXPECT_EQ(status(harmless), 200);
}

TEST_F(Guard, BadTokenIsInvalidToken) {
  EXPECT_THAT(challenge(bearer("garbage")), HasSubstr("error=\"invalid_token\""));
  EXPECT_EQ(status(bearer("garbage")), 401);
}

TEST_F(Guard, UnavailableKeysAre503) {
  keys->fail(ErrorCode::jwks_unavailable);
  EXPECT_EQ(status(bearer(token().build())), 503);
}

TEST_F(Guard, DpopSignsAreRefusedInTheBearerScheme) {
  const std::string value = "Bearer " + token().build();
  const HttpRequest stray = request({{"Authorization", value}, {"DPoP", "a.b.c"}});
  EXPECT_THAT(challenge(stray), HasSubstr("Bearer realm="));
  EXPECT_THAT(challenge(stray), HasSubstr("error=\"invalid_token\""));
  const HttpRequest two = request({{"Authorization", value}, {"DPoP", "a.b.c"}, {"dpop", "d.e.f"}});
  EXPECT_THAT(challenge(two), HasSubstr("error=\"invalid_token\""));
  const HttpRequest scheme = request({{"Authorization", "DPoP " + token().build()}});
  EXPECT_EQ(status(scheme), 401);
  EXPECT_THAT(challenge(scheme), HasSubstr("Bearer realm="));
}

TEST_F(Guard, BlankDpopFieldIsNoProof) {
  EXPECT_EQ(status(request({{"Authorization", "Bearer " + token().build()}, {"DPoP", " , "}})), 200);
}

TEST_F(Guard, RequiredScopesOfEveryRequest) {
  const RequestGuardOptions needs{.required_scopes = {"mcp:echo", "mcp:admin"}};
  EXPECT_EQ(status(bearer(token().scope("mcp:admin mcp:echo").build()), needs), 200);
  EXPECT_EQ(status(bearer(token().build()), needs), 403);
  EXPECT_THAT(challenge(bearer(token().build()), needs), HasSubstr("scope=\"mcp:echo mcp:admin\""));
  EXPECT_THAT(challenge(request({}), needs), HasSubstr("scope=\"mcp:echo mcp:admin\""));
}

TEST_F(Guard, ProductionTellsTheCallerNothingAndTheLogEverything) {
  const std::string text = token().audience("https://other.example/mcp").build();
  EXPECT_THAT(challenge(bearer(text)), Not(HasSubstr("other.example")));
  EXPECT_TRUE(logger->contains("audience mismatch")) << logger->text();
  EXPECT_TRUE(logger->contains("https://other.example/mcp"));
  EXPECT_TRUE(logger->contains(kResource));
  EXPECT_FALSE(logger->contains(text.substr(text.rfind('.') + 1)));
}

TEST_F(Guard, DevelopmentTellsTheCallerExpectedAndSeen) {
  const RequestGuardOptions dev{.description = ErrorDescription::message};
  EXPECT_THAT(
      challenge(bearer(token().audience("https://other.example/mcp").build()), dev),
      HasSubstr("the token has aud 'https://other.example/mcp', this resource is 'https://rs.example/mcp'"));
  EXPECT_THAT(
      challenge(bearer(token().issuer("https://elsewhere.example").build()), dev),
      HasSubstr("the token has iss 'https://elsewhere.example', this resource expects 'https://as.example'"));
  const RequestGuard guard(make(), dev);
  const std::vector<std::string> needed = {"mcp:admin"};
  auto caller = guard.authenticate(bearer(token().build()));
  ASSERT_TRUE(caller);
  auto refused = guard.require_scopes(caller->claims, needed);
  ASSERT_FALSE(refused);
  EXPECT_THAT(std::string(refused.error().headers.get("WWW-Authenticate").value_or("")),
              HasSubstr("required: mcp:admin; the token has: mcp:echo"));
}

TEST_F(Guard, RequestWithoutATokenIsNoWarning) {
  EXPECT_EQ(status(request({})), 401);
  EXPECT_FALSE(logger->contains("warn"));
  EXPECT_TRUE(logger->contains("debug")) << logger->text();
}

TEST_F(Guard, FloodOfBadTokensDoesNotFloodTheLog) {
  const RequestGuard guard(make());
  for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(guard.authenticate(bearer("garbage")));
  EXPECT_EQ(logger->lines().size(), 10u);
  clock->advance(std::chrono::seconds(2));
  EXPECT_FALSE(guard.authenticate(bearer("garbage")));
  ASSERT_EQ(logger->lines().size(), 11u);
  EXPECT_THAT(logger->lines().back(), HasSubstr("990"));
}

TEST_F(Guard, ProtectRunsTheHandlerOnlyForTheRightCaller) {
  int runs = 0;
  const RequestGuard guard(make());
  const HttpHandler handler = guard.protect(
      [&](const HttpRequest&, const Authenticated& caller) {
        ++runs;
        HttpResponse response;
        response.body = caller.claims.sub();
        return response;
      },
      {"mcp:echo"});
  EXPECT_EQ(handler(request({})).status, 401);
  EXPECT_EQ(handler(bearer(token().scope("other").build())).status, 403);
  EXPECT_EQ(runs, 0);
  EXPECT_EQ(handler(bearer(token().build())).body, "client-1");
}

// ---- the metadata route

class MetadataRoute : public Guard {
 protected:
  HttpResponse ask(const std::string& method) {
    HttpRequest asked;
    asked.method = method;
    asked.target = "/.well-known/oauth-protected-resource/mcp";
    return RequestGuard(make()).metadata_route().handler(asked);
  }
};

TEST_F(MetadataRoute, AnswersWithoutAToken) {
  const HttpResponse response = ask("GET");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(response.headers.get("Cache-Control"), "max-age=3600");
  EXPECT_EQ(response.headers.get("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(response.body, make().metadata_json());
  EXPECT_EQ(RequestGuard(make()).metadata_route().path, "/.well-known/oauth-protected-resource/mcp");
}

TEST_F(MetadataRoute, HeadHasTheFieldsOfGet) {
  EXPECT_EQ(ask("HEAD").status, 200);
  EXPECT_EQ(ask("HEAD").headers.get("Content-Type"), "application/json");
}

TEST_F(MetadataRoute, OptionsAllowsAnyOrigin) {
  const HttpResponse response = ask("OPTIONS");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.headers.get("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(response.headers.get("Access-Control-Allow-Methods"), "GET, HEAD, OPTIONS");
}

TEST_F(MetadataRoute, OtherMethodsAre405WithAllow) {
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "get"}) {
    const HttpResponse response = ask(method);
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(response.headers.get("Allow"), "GET, HEAD, OPTIONS");
  }
}

// ---- the request context

TEST(RequestContext, CollectsOneProofHoweverItIsSpelled) {
  const std::string_view fields[] = {"  ", " a.b.c ,", ""};
  const auto context = RequestContext::create("POST", "/mcp%2Fx?q=1", fields);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->proof(), "a.b.c");
  EXPECT_EQ(context->path(), "/mcp%2Fx");
  EXPECT_EQ(context->method(), "POST");
}

TEST(RequestContext, RefusesTwoProofs) {
  const std::string_view joined[] = {"a.b.c, d.e.f"};
  EXPECT_EQ(outcome(RequestContext::create("POST", "/mcp", joined)), "dpop_multiple_proofs");
  const std::string_view apart[] = {"a.b.c", "a.b.c"};
  EXPECT_EQ(outcome(RequestContext::create("POST", "/mcp", apart)), "dpop_multiple_proofs");
}

}  // namespace
}  // namespace authplane
