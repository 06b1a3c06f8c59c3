#include "client/token_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include <authplane/base/encoding.h>
#include <authplane/testing/testing.h>

#include "client/authenticator.h"

namespace authplane {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string exchange_body(const ExchangeOptions& options) {
  return exchange_form(normalize(options).value()).encode();
}

TEST(ClientCredentialsForm, JoinsScopesAndRepeatsResourcesInOrder) {
  const Form form = client_credentials_form({"read", "write"},
                                            {"https://b.example", "https://a.example", "https://b.example"});
  EXPECT_EQ(form.get("grant_type"), "client_credentials");
  EXPECT_EQ(form.get("scope"), "read write");
  EXPECT_THAT(form.all("resource"),
              ElementsAre("https://b.example", "https://a.example", "https://b.example"));
}

TEST(ClientCredentialsForm, OmitsWhatIsNotThere) {
  EXPECT_EQ(client_credentials_form({}, {}).encode(), "grant_type=client_credentials");
}

TEST(ExchangeForm, HasGrantTypeAndDefaultTokenType) {
  const std::string body = exchange_body({.subject_token = "eyJ.a.b"});
  EXPECT_THAT(body, HasSubstr("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange"));
  EXPECT_THAT(body, HasSubstr("subject_token=eyJ.a.b"));
  EXPECT_THAT(body, HasSubstr("subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"));
  EXPECT_THAT(body, Not(HasSubstr("actor")));
}

TEST(ExchangeForm, ActorTokenTypeDefaultsAndNeedsAnActor) {
  EXPECT_THAT(
      exchange_body({.subject_token = "s", .actor_token = "a"}),
      HasSubstr("actor_token=a&actor_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"));
  EXPECT_THAT(exchange_body({.subject_token = "s", .actor_token = "a", .actor_token_type = "urn:x"}),
              HasSubstr("actor_token_type=urn%3Ax"));
  EXPECT_THAT(exchange_body({.subject_token = "s", .actor_token_type = "urn:x"}),
              Not(HasSubstr("actor_token")));
}

TEST(ExchangeForm, RepeatsResourcesAndAudiencesAndDropsEmptyOnes) {
  const std::string body = exchange_body({.subject_token = "s",
                                          .scopes = {"", "a", "b"},
                                          .resources = {"https://two.example", "", "https://one.example"},
                                          .audiences = {"api://inventory", "api://billing", ""}});
  EXPECT_THAT(body, HasSubstr("resource=https%3A%2F%2Ftwo.example&resource=https%3A%2F%2Fone.example&"
                              "audience=api%3A%2F%2Finventory&audience=api%3A%2F%2Fbilling"));
  EXPECT_THAT(body, HasSubstr("scope=a+b"));
  const std::string none = exchange_body({.subject_token = "s", .resources = {""}, .audiences = {""}});
  EXPECT_THAT(none, Not(HasSubstr("resource=")));
  EXPECT_THAT(none, Not(HasSubstr("audience=")));
}

TEST(ExchangeForm, TokensAreSentAsGiven) {
  EXPECT_EQ(exchange_form(normalize({.subject_token = " s "}).value()).get("subject_token"), " s ");
}

TEST(ExchangeForm, SubjectTokenIsRequired) {
  for (const char* blank : {"", " ", "\t\r\n"}) {
    const auto options = normalize({.subject_token = blank});
    ASSERT_FALSE(options);
    EXPECT_EQ(options.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(options.error().message, HasSubstr("subject_token is required"));
  }
  EXPECT_FALSE(normalize({.subject_token = "s", .actor_token = " "}));
}

TEST(TokenForms, CarryTokenAndHint) {
  EXPECT_EQ(introspection_form("my.raw.token").encode(), "token=my.raw.token&token_type_hint=access_token");
  EXPECT_EQ(revocation_form("t", "refresh_token").encode(), "token=t&token_type_hint=refresh_token");
}

TEST(EndpointRequest, IsAFormPost) {
  Form form;
  form.add("a", "b c");
  const auto request = endpoint_request(Url::parse("https://as.example/token").value(), form,
                                        {{"Authorization", "Basic x"}, {"Content-Type", "text/plain"}}, 77);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.body, "a=b+c");
  EXPECT_EQ(request.headers.get("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(request.headers.get("Accept"), "application/json");
  EXPECT_EQ(request.headers.get("Authorization"), "Basic x");
  EXPECT_EQ(request.max_response_bytes, 77u);
}

TEST(BasicCredentials, AreFormEncodedBeforeBase64) {
  const auto decoded = [](std::string_view id, std::string_view secret) {
    return base64_decode(basic_credentials(id, secret).substr(6)).value();
  };
  EXPECT_EQ(basic_credentials("id", "secret"), "Basic aWQ6c2VjcmV0");
  EXPECT_EQ(decoded("http://localhost:8080/mcp", "s3cret"), "http%3A%2F%2Flocalhost%3A8080%2Fmcp:s3cret");
  EXPECT_EQ(decoded("a b", "p+q%"), "a+b:p%2Bq%25");
  EXPECT_EQ(decoded("j\xC3\xB6rg", "\xE2\x82\xAC"), "j%C3%B6rg:%E2%82%AC");
}

struct AuthenticatorTest : ::testing::Test {
  Headers headers;
  Form form;
  Result<void> apply(const Authenticator& authenticator) {
    const std::string issuer = "https://as.example";
    const Url endpoint = Url::parse("https://as.example/token").value();
    authplane::testing::FakeClock clock;
    authplane::testing::SeededRandom random;
    return authenticator.apply({.issuer = issuer, .endpoint = endpoint, .clock = clock, .random = random},
                               headers, form);
  }
};

TEST_F(AuthenticatorTest, WithoutCredentialsNothingIsAdded) {
  ASSERT_TRUE(apply(Authenticator()));
  EXPECT_TRUE(headers.empty());
  EXPECT_TRUE(form.empty());
}

TEST_F(AuthenticatorTest, BasicGoesIntoTheHeaderOnly) {
  ASSERT_TRUE(apply(Authenticator(ClientCredentials{"id", "secret"})));
  EXPECT_EQ(headers.get("Authorization"), "Basic aWQ6c2VjcmV0");
  EXPECT_TRUE(form.empty());
}

TEST_F(AuthenticatorTest, PostGoesIntoTheFormOnly) {
  ASSERT_TRUE(apply(Authenticator(ClientCredentials{"id", "s:e", AuthMethod::client_secret_post})));
  EXPECT_TRUE(headers.empty());
  EXPECT_EQ(form.encode(), "client_id=id&client_secret=s%3Ae");
}

TEST_F(AuthenticatorTest, ProviderAddsHeadersAndFields) {
  const Authenticator authenticator(AuthProvider([](const Url& endpoint) -> Result<AuthAdditions> {
    AuthAdditions additions;
    additions.headers.add("X-Endpoint", endpoint.text());
    additions.form.add("client_assertion", "abc");
    return additions;
  }));
  ASSERT_TRUE(apply(authenticator));
  EXPECT_EQ(headers.get("X-Endpoint"), "https://as.example/token");
  EXPECT_EQ(form.get("client_assertion"), "abc");
}

TEST_F(AuthenticatorTest, FailingProviderEndsTheCallWithoutRepeatingItsText) {
  EXPECT_EQ(apply(Authenticator(AuthProvider([](const Url&) -> Result<AuthAdditions> {
              return Err(ErrorCode::invalid_argument, "no key");
            })))
                .error()
                .code,
            ErrorCode::invalid_argument);
  const auto thrown = apply(Authenticator(
      AuthProvider([](const Url&) -> Result<AuthAdditions> { throw std::runtime_error("hunter2"); })));
  ASSERT_FALSE(thrown);
  EXPECT_EQ(thrown.error().code, ErrorCode::runtime_error);
  EXPECT_THAT(thrown.error().message, Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace authplane
