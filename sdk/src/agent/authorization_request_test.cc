#include "agent/authorization_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <authplane/testing/testing.h>

namespace authplane::agent {
namespace {

using ::testing::HasSubstr;

class AuthorizationRequestTest : public ::testing::Test {
 protected:
  AuthorizationRequestTest() {
    server.issuer = "https://as.example";
    server.authorization_endpoint = Url::parse("https://as.example/authorize").value();
    server.announces_iss = true;
  }
  AuthorizationRequest request() {
    return AuthorizationRequest(server,
                                {.client_id = "c",
                                 .redirect_uri = "http://127.0.0.1:5/callback",
                                 .resource = "https://rs.example/mcp",
                                 .scope = ScopeSet::split("a b"),
                                 .dpop_jkt = ""},
                                random);
  }
  static Form query_of(const AuthorizationRequest& request) {
    return Form::parse(Url::parse(request.url()).value().query()).value();
  }
  // A good answer; `change` breaks one thing.
  Result<std::string> judge(const std::function<void(std::map<std::string, std::string>&)>& change) {
    const auto pending = request();
    std::map<std::string, std::string> answer{{"code", "code-1"},
                                              {"state", std::string(*query_of(pending).get("state"))},
                                              {"iss", "https://as.example"}};
    change(answer);
    Form form;
    for (const auto& [name, value] : answer) form.add(name, value);
    return pending.code_of(form);
  }
  static void expect_distrust(const Result<std::string>& result, const char* why) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::access_denied);
    EXPECT_THAT(result.error().message, HasSubstr(why));
    EXPECT_FALSE(result.error().oauth);
  }

  ServerMetadata server;
  authplane::testing::SeededRandom random;
};

// RFC 7636 appendix B.
TEST_F(AuthorizationRequestTest, ChallengeIsS256) {
  EXPECT_EQ(s256_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST_F(AuthorizationRequestTest, UrlCarriesEverythingOnce) {
  const auto pending = request();
  const Form query = query_of(pending);
  EXPECT_EQ(query.get("response_type"), "code");
  EXPECT_EQ(query.get("client_id"), "c");
  EXPECT_EQ(query.get("redirect_uri"), "http://127.0.0.1:5/callback");
  EXPECT_EQ(query.get("scope"), "a b");
  EXPECT_EQ(query.get("resource"), "https://rs.example/mcp");
  EXPECT_EQ(query.get("code_challenge"), s256_challenge(pending.code_verifier()));
  EXPECT_EQ(query.get("code_challenge_method"), "S256");
  EXPECT_EQ(pending.code_verifier().size(), 43U);
  EXPECT_EQ(query.get("state")->size(), 43U);
  EXPECT_EQ(query.count("dpop_jkt"), 0U);
  EXPECT_NE(query.get("state"), query_of(request()).get("state"));
}

TEST_F(AuthorizationRequestTest, TheEndpointsOwnQueryIsKept) {
  server.authorization_endpoint = Url::parse("https://as.example/authorize?tenant=1").value();
  EXPECT_THAT(request().url(), HasSubstr("/authorize?tenant=1&response_type=code"));
}

TEST_F(AuthorizationRequestTest, AGoodAnswerGivesTheCode) {
  EXPECT_EQ(judge([](auto&) {}).value(), "code-1");
}

TEST_F(AuthorizationRequestTest, StateHasToBeThatOfTheRequest) {
  expect_distrust(judge([](auto& a) { a["state"] = "other"; }), "state");
  expect_distrust(judge([](auto& a) { a["state"] += "x"; }), "state");
  expect_distrust(judge([](auto& a) { a.erase("state"); }), "state");
}

// RFC 9207 section 2.4, all four cases.
TEST_F(AuthorizationRequestTest, TheIssuerHasToBeThatOfTheRequest) {
  expect_distrust(judge([](auto& a) { a["iss"] = "https://evil.example"; }), "mix-up");
  expect_distrust(judge([](auto& a) { a["iss"] = "https://as.example/"; }), "mix-up");
  expect_distrust(judge([](auto& a) { a.erase("iss"); }), "mix-up");
  server.announces_iss = false;
  expect_distrust(judge([](auto& a) { a["iss"] = "https://evil.example"; }), "mix-up");
  EXPECT_TRUE(judge([](auto& a) { a.erase("iss"); }));
}

TEST_F(AuthorizationRequestTest, ErrorsAreTheServersOnlyWhenTheAnswerIsTrusted) {
  const auto refused = judge([](auto& a) {
    a.erase("code");
    a["error"] = "access_denied";
    a["error_description"] = "the user\nsaid no";
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::access_denied);
  EXPECT_EQ(refused.error().oauth->error, "access_denied");
  EXPECT_THAT(refused.error().message, HasSubstr("the user said no"));
  EXPECT_EQ(judge([](auto& a) { a["error"] = "invalid_scope"; }).error().code, ErrorCode::invalid_scope);
  expect_distrust(judge([](auto& a) {
                    a["error"] = "access_denied";
                    a["iss"] = "https://evil.example";
                  }),
                  "mix-up");
}

TEST_F(AuthorizationRequestTest, ParametersThatComeTwiceAreNoAnswer) {
  const auto pending = request();
  for (const char* repeated : {"state", "iss", "code"}) {
    Form form;
    form.add("state", std::string(*query_of(pending).get("state")));
    form.add("iss", "https://as.example");
    form.add("code", "code-1");
    form.add(repeated, std::string(*form.get(repeated)));
    EXPECT_FALSE(pending.code_of(form)) << repeated;
  }
}

TEST_F(AuthorizationRequestTest, AnAnswerWithoutCodeIsNone) {
  expect_distrust(judge([](auto& a) { a.erase("code"); }), "no code");
  expect_distrust(judge([](auto& a) { a["code"] = ""; }), "no code");
}

}  // namespace
}  // namespace authplane::agent
