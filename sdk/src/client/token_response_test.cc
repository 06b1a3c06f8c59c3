#include "client/token_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "client/error_response.h"

namespace authplane {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr sys_seconds kNow{seconds(1'767'225'600)};
constexpr std::size_t kLimit = 128 * 1024;

Result<TokenResponse> parse(const std::string& body, Grant grant = Grant::client_credentials,
                            ProofSent proof = ProofSent::no) {
  return parse_token_response(body, grant, proof, kNow, kLimit);
}
std::string with(const std::string& more) {
  return R"({"access_token":"tok","token_type":"Bearer",)" + more + "}";
}

void expect_refused(const Result<TokenResponse>& response, const std::string& hint) {
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::protocol_error);
  EXPECT_THAT(response.error().message, HasSubstr(hint));
}

TEST(TokenResponseTest, CarriesEveryMember) {
  const auto response = parse(with(R"("expires_in":3600,"scope":"read","refresh_token":"r",
      "issued_token_type":"urn:x","cnf":{"jkt":"thumb"},"other":1)"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->access_token, "tok");
  EXPECT_EQ(response->token_type, "Bearer");
  EXPECT_EQ(response->expires_in, seconds(3600));
  EXPECT_EQ(response->expires_at, kNow + seconds(3600));
  EXPECT_EQ(response->scope, "read");
  EXPECT_EQ(response->refresh_token, "r");
  EXPECT_EQ(response->issued_token_type, "urn:x");
  EXPECT_EQ(response->cnf_jkt, "thumb");
}

TEST(TokenResponseTest, BodyMustBeAnObject) {
  for (const char* body : {"", "[]", "null", "tok", R"({"access_token":"a","access_token":"b"})"}) {
    expect_refused(parse(body), "token response");
  }
}

TEST(TokenResponseTest, AccessTokenMustBeANonEmptyString) {
  for (const char* body : {R"({"token_type":"Bearer"})", R"({"access_token":"","token_type":"Bearer"})",
                           R"({"access_token":7,"token_type":"Bearer"})"}) {
    expect_refused(parse(body), "access_token");
  }
}

TEST(TokenResponseTest, TokenTypeMustBeSupported) {
  expect_refused(parse(R"({"access_token":"tok"})"), "token_type");
  expect_refused(parse(R"({"access_token":"tok","token_type":"N_A"})"), "unsupported token_type");
  for (const char* type : {"Bearer", "bearer", "BEARER", "DPoP", "dpop"}) {
    const auto response = parse(R"({"access_token":"tok","token_type":")" + std::string(type) + "\"}");
    ASSERT_TRUE(response) << type;
    EXPECT_EQ(response->token_type, type);
  }
}

TEST(TokenResponseTest, AfterAProofOnlyABoundTokenWillDo) {
  expect_refused(
      parse(R"({"access_token":"tok","token_type":"Bearer"})", Grant::client_credentials, ProofSent::yes),
      "token_type");
  EXPECT_TRUE(
      parse(R"({"access_token":"tok","token_type":"dpop"})", Grant::client_credentials, ProofSent::yes));
}

TEST(TokenResponseTest, LifetimeAbsentZeroAndPositiveAreThreeThings) {
  EXPECT_FALSE(parse(R"({"access_token":"tok","token_type":"Bearer"})")->expires_in);
  EXPECT_FALSE(parse(R"({"access_token":"tok","token_type":"Bearer"})")->expires_at);
  EXPECT_EQ(parse(with(R"("expires_in":0)"))->expires_in, seconds(0));
  EXPECT_EQ(parse(with(R"("expires_in":0)"))->expires_at, kNow);
  EXPECT_EQ(parse(with(R"("expires_in":5)"))->expires_in, seconds(5));
}

TEST(TokenResponseTest, LifetimeMustBeANonNegativeInteger) {
  for (const char* value : {"-1", "\"3600\"", "1.5", "true", "{}", "-9223372036854775808"}) {
    expect_refused(parse(with(std::string("\"expires_in\":") + value)), "non-negative");
  }
}

TEST(TokenResponseTest, AbsurdLifetimeIsClampedToTenYears) {
  for (const char* value : {"315360001", "9223372036854775807", "18446744073709551615"}) {
    const auto response = parse(with(std::string("\"expires_in\":") + value));
    ASSERT_TRUE(response) << value;
    EXPECT_EQ(response->expires_in, std::chrono::hours(24 * 3650)) << value;
    EXPECT_EQ(response->expires_at, kNow + std::chrono::hours(24 * 3650)) << value;
  }
}

TEST(TokenResponseTest, ExchangeNeedsIssuedTokenType) {
  expect_refused(parse(R"({"access_token":"t","token_type":"Bearer"})", Grant::token_exchange),
                 "issued_token_type");
  const auto response = parse(with(R"("issued_token_type":"urn:example:any")"), Grant::token_exchange);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->issued_token_type, "urn:example:any");
}

TEST(TokenResponseTest, OptionalMembersMustBeStrings) {
  expect_refused(parse(with(R"("scope":["a"])")), "scope");
  expect_refused(parse(with(R"("refresh_token":1)")), "refresh_token");
  EXPECT_EQ(parse(with(R"("scope":null)"))->scope, "");
}

TEST(TokenResponseTest, ErrorsNeverRepeatTheToken) {
  const auto response = parse(R"({"access_token":"very-secret","token_type":"N_A"})");
  EXPECT_EQ(response.error().message.find("very-secret"), std::string::npos);
}

Introspection introspect(const std::string& body) {
  return parse_introspection(body, kLimit).value();
}

TEST(IntrospectionTest, OnlyTheJsonValueTrueIsActive) {
  EXPECT_TRUE(introspect(R"({"active":true})").active);
  for (const char* body : {R"({"active":false})", R"({"active":"true"})", R"({"active":"false"})",
                           R"({"active":1})", R"({"active":null})", R"({"error":"invalid_token"})", "{}"}) {
    EXPECT_FALSE(introspect(body).active) << body;
  }
}

TEST(IntrospectionTest, EveryStandardMemberComesThrough) {
  const auto result = introspect(R"({"active":true,"scope":"read:data write:data","client_id":"client456",
      "username":"u","sub":"user123","token_type":"access_token","iss":"https://auth.example.com",
      "aud":"https://api.example.com","exp":1234567890,"iat":1234567800,"nbf":1234567801.5,"jti":"id",
      "agent_id":"a1","agent_chain":["o","a1"],"cnf":{"jkt":"thumb"},"custom":{"x":1}})");
  EXPECT_EQ(result.scope, "read:data write:data");
  EXPECT_EQ(result.client_id, "client456");
  EXPECT_EQ(result.username, "u");
  EXPECT_EQ(result.sub, "user123");
  EXPECT_EQ(result.token_type, "access_token");
  EXPECT_EQ(result.iss, "https://auth.example.com");
  EXPECT_THAT(result.aud, ElementsAre("https://api.example.com"));
  EXPECT_EQ(result.exp, sys_seconds(seconds(1234567890)));
  EXPECT_EQ(result.iat, sys_seconds(seconds(1234567800)));
  EXPECT_EQ(result.nbf, sys_seconds(seconds(1234567801)));
  EXPECT_EQ(result.jti, "id");
  EXPECT_EQ(result.agent_id, "a1");
  EXPECT_THAT(result.agent_chain, ElementsAre("o", "a1"));
  EXPECT_EQ(result.cnf_jkt, "thumb");
  EXPECT_EQ(*result.extra, Json::parse(R"({"custom":{"x":1}})"));
}

TEST(IntrospectionTest, AudienceMayBeAnArray) {
  EXPECT_THAT(introspect(R"({"aud":["https://a","https://b"]})").aud, ElementsAre("https://a", "https://b"));
  EXPECT_THAT(introspect(R"({})").aud, IsEmpty());
}

TEST(IntrospectionTest, MembersOfAnotherTypeStayInExtra) {
  const auto result =
      introspect(R"({"active":true,"scope":7,"aud":["a",1],"exp":1e300,"iat":-1,"cnf":{"x5t":"y"}})");
  EXPECT_EQ(result.scope, "");
  EXPECT_THAT(result.aud, IsEmpty());
  EXPECT_FALSE(result.exp);
  EXPECT_FALSE(result.iat);
  EXPECT_EQ(result.extra->size(), 5u);
}

TEST(IntrospectionTest, BodyMustBeAnObject) {
  EXPECT_EQ(parse_introspection("[]", kLimit).error().code, ErrorCode::protocol_error);
  EXPECT_EQ(parse_introspection("", kLimit).error().code, ErrorCode::protocol_error);
}

Error error_of(int status, const std::string& body) {
  return parse_error_response(status, body, "token_endpoint", kLimit);
}

TEST(ErrorResponseTest, ServerErrorsComeBeforeTheBody) {
  EXPECT_EQ(error_of(500, R"({"error":"invalid_grant"})").code, ErrorCode::server_error);
  EXPECT_EQ(error_of(503, "<html>").code, ErrorCode::server_error);
  EXPECT_EQ(error_of(599, R"({"error":"consent_required"})").code, ErrorCode::server_error);
}

TEST(ErrorResponseTest, KnownCodesMapByName) {
  for (auto [name, code] : {std::pair("invalid_client", ErrorCode::invalid_client),
                            std::pair("unauthorized_client", ErrorCode::unauthorized_client),
                            std::pair("invalid_scope", ErrorCode::invalid_scope),
                            std::pair("invalid_grant", ErrorCode::invalid_grant),
                            std::pair("unsupported_grant_type", ErrorCode::unsupported_grant_type),
                            std::pair("invalid_request", ErrorCode::invalid_request),
                            std::pair("invalid_target", ErrorCode::invalid_target),
                            std::pair("access_denied", ErrorCode::access_denied),
                            std::pair("use_dpop_nonce", ErrorCode::use_dpop_nonce)}) {
    EXPECT_EQ(error_of(400, R"({"error":")" + std::string(name) + "\"}").code, code) << name;
    EXPECT_EQ(error_of(401, R"({"error":")" + std::string(name) + "\"}").code, code) << name;
  }
}

TEST(ErrorResponseTest, UnknownCodeIsKeptRaw) {
  const Error error = error_of(400, R"({"error":"server_error","error_description":"odd"})");
  EXPECT_EQ(error.code, ErrorCode::oauth_error);
  EXPECT_EQ(error.oauth->error, "server_error");
  EXPECT_EQ(error.oauth->http_status, 400);
  EXPECT_EQ(error.oauth->description, "odd");
}

TEST(ErrorResponseTest, Status401WithoutAKnownCodeIsInvalidClient) {
  EXPECT_EQ(error_of(401, "").code, ErrorCode::invalid_client);
  EXPECT_EQ(error_of(401, R"({"error":"whatever"})").code, ErrorCode::invalid_client);
  EXPECT_EQ(error_of(403, "").code, ErrorCode::oauth_error);
}

TEST(ErrorResponseTest, RedirectIsAFailure) {
  const Error error = error_of(302, "");
  EXPECT_EQ(error.code, ErrorCode::oauth_error);
  EXPECT_THAT(error.message, HasSubstr("redirects are not followed"));
}

TEST(ErrorResponseTest, MessageIsOneLine) {
  const Error error = error_of(400, R"({"error":"invalid_scope","error_description":"a\r\nb\"c"})");
  EXPECT_EQ(error.message.find_first_of("\r\n\""), std::string::npos);
}

TEST(ErrorResponseTest, ConsentCarriesUrlServiceAndCause) {
  for (const char* code : {"consent_required", "interaction_required"}) {
    const Error error =
        error_of(400, R"({"error":")" + std::string(code) +
                          R"(","error_description":"Please connect","consent_url":"https://as/consent",
                                             "service_id":"github","cause":"no_grant"})");
    EXPECT_EQ(error.code, ErrorCode::consent_required);
    EXPECT_EQ(error.consent->consent_url, "https://as/consent");
    EXPECT_EQ(error.consent->service_id, "github");
    EXPECT_EQ(error.consent->cause, "no_grant");
    EXPECT_EQ(error.oauth->error, code);
    EXPECT_EQ(error.message, "Please connect (github: no_grant)");
  }
}

TEST(ErrorResponseTest, ConsentDefaults) {
  const Error bare = error_of(400, R"({"error":"consent_required"})");
  EXPECT_FALSE(bare.consent->consent_url);
  EXPECT_EQ(bare.message, "Consent is required to proceed (unknown_service: consent_required)");
  EXPECT_EQ(error_of(400, R"({"error":"consent_required","resource":"r","service":"s"})").consent->service_id,
            "s");
  EXPECT_EQ(
      error_of(400, R"({"error":"consent_required","service_id":"","resource":"r"})").consent->service_id,
      "r");
  EXPECT_EQ(error_of(400, R"({"error":"consent_required","error_description":"d"})").consent->cause, "d");
}

}  // namespace
}  // namespace authplane
