#include "client/metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace authplane {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kIssuer = "https://auth.example.com";
constexpr const char* kJwks = R"("jwks_uri":"https://auth.example.com/jwks.json")";

std::string well_known(const char* issuer) {
  return metadata_url(Url::parse(issuer).value()).value().text();
}

Result<Metadata> parse(const std::string& body, SchemePolicy schemes = SchemePolicy::https_only) {
  return parse_metadata(body, kIssuer, schemes, 128 * 1024);
}
// A good document with these members added.
std::string document(const std::string& more = "") {
  return std::string(R"({"issuer":"https://auth.example.com",)") + kJwks + (more.empty() ? "" : ",") + more +
         "}";
}

void expect_refused(const std::string& body, ErrorCode code, const std::string& hint,
                    SchemePolicy schemes = SchemePolicy::https_only) {
  const auto metadata = parse(body, schemes);
  ASSERT_FALSE(metadata) << body;
  EXPECT_EQ(metadata.error().code, code) << body;
  EXPECT_THAT(metadata.error().message, HasSubstr(hint));
}

TEST(MetadataUrl, GoesBetweenAuthorityAndPath) {
  EXPECT_EQ(well_known("https://h"), "https://h/.well-known/oauth-authorization-server");
  EXPECT_EQ(well_known("https://h/tenant-a"), "https://h/.well-known/oauth-authorization-server/tenant-a");
  EXPECT_EQ(well_known("https://h:8443/a/b"), "https://h:8443/.well-known/oauth-authorization-server/a/b");
  EXPECT_EQ(well_known("https://[2606:4700::1]/a"),
            "https://[2606:4700::1]/.well-known/oauth-authorization-server/a");
}

TEST(MetadataUrl, DropsSlashesAtTheEndAndKeepsEncoding) {
  EXPECT_EQ(well_known("https://h/"), "https://h/.well-known/oauth-authorization-server");
  EXPECT_EQ(well_known("https://h/tenant-a/"), "https://h/.well-known/oauth-authorization-server/tenant-a");
  EXPECT_EQ(well_known("https://h/a%2Fb%c3"), "https://h/.well-known/oauth-authorization-server/a%2Fb%c3");
}

TEST(MetadataTest, GoodDocumentParses) {
  const auto metadata = parse(document(R"("token_endpoint":"https://auth.example.com/token",
      "introspection_endpoint":"https://auth.example.com/introspect","revocation_endpoint":null)"));
  ASSERT_TRUE(metadata) << metadata.error().message;
  EXPECT_EQ(metadata->issuer, kIssuer);
  EXPECT_EQ(metadata->jwks_uri.text(), "https://auth.example.com/jwks.json");
  EXPECT_EQ(metadata->token_endpoint->text(), "https://auth.example.com/token");
  EXPECT_EQ(metadata->introspection_endpoint->text(), "https://auth.example.com/introspect");
  EXPECT_FALSE(metadata->revocation_endpoint);
}

TEST(MetadataTest, AnythingButAnObjectIsRefused) {
  for (const char* body : {"", "[]", "\"x\"", "<html>", R"({"issuer":"a","issuer":"b"})"}) {
    expect_refused(body, ErrorCode::metadata_fetch_error, "JSON");
  }
}

TEST(MetadataTest, IssuerMustBePresent) {
  expect_refused(std::string("{") + kJwks + "}", ErrorCode::metadata_fetch_error, "issuer");
  expect_refused(std::string(R"({"issuer":"",)") + kJwks + "}", ErrorCode::metadata_fetch_error, "issuer");
  expect_refused(std::string(R"({"issuer":7,)") + kJwks + "}", ErrorCode::metadata_fetch_error, "issuer");
}

TEST(MetadataTest, IssuerIsComparedByteForByte) {
  for (const char* issuer :
       {"https://evil.example.com", "https://auth.example.com/", "https://AUTH.example.com",
        "https://auth.example.com:443", "HTTPS://auth.example.com"}) {
    expect_refused(std::string(R"({"issuer":")") + issuer + "\"," + kJwks + "}",
                   ErrorCode::metadata_fetch_error, "issuer mismatch");
  }
}

TEST(MetadataTest, ConfiguredSlashIsPartOfTheIssuer) {
  const std::string with_slash = std::string(R"({"issuer":"https://auth.example.com/",)") + kJwks + "}";
  EXPECT_TRUE(parse_metadata(with_slash, "https://auth.example.com/", SchemePolicy::https_only, 1000));
  EXPECT_FALSE(parse_metadata(document(), "https://auth.example.com/", SchemePolicy::https_only, 1000));
}

TEST(MetadataTest, MismatchNamesBothValues) {
  const auto metadata = parse(std::string(R"({"issuer":"https://other.example",)") + kJwks + "}");
  ASSERT_FALSE(metadata);
  EXPECT_THAT(metadata.error().message,
              AllOf(HasSubstr("'https://auth.example.com'"), HasSubstr("'https://other.example'")));
}

TEST(MetadataTest, IssuerIsJudgedBeforeJwksUri) {
  expect_refused(R"({"issuer":"https://evil.example.com"})", ErrorCode::metadata_fetch_error,
                 "issuer mismatch");
}

TEST(MetadataTest, JwksUriMustBePresent) {
  for (const char* body : {R"({"issuer":"https://auth.example.com"})",
                           R"({"issuer":"https://auth.example.com","jwks_uri":null})",
                           R"({"issuer":"https://auth.example.com","jwks_uri":""})"}) {
    expect_refused(body, ErrorCode::missing_metadata_endpoint, "jwks_uri");
  }
}

TEST(MetadataTest, JwksUriMustBeAnAbsoluteHttpsUrl) {
  for (const char* uri :
       {"/relative-jwks", "jwks.json", "//auth.example.com/jwks", "http://auth.example.com/jwks",
        "ftp://auth.example.com/jwks", "https://", "https://auth.example.com/jwks#x"}) {
    expect_refused(std::string(R"({"issuer":"https://auth.example.com","jwks_uri":")") + uri + "\"}",
                   ErrorCode::metadata_fetch_error, "jwks_uri");
  }
}

class EndpointTest : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(All, EndpointTest,
                         ::testing::Values("token_endpoint", "introspection_endpoint",
                                           "revocation_endpoint"));

TEST_P(EndpointTest, MustBeAnAbsoluteHttpsUrlWhenPresent) {
  const std::string name = std::string("\"") + GetParam() + "\":";
  for (const char* value :
       {"\"http://auth.example.com/x\"", "\"/x\"", "\"\"", "7", "\"data:text/plain,x\""}) {
    expect_refused(document(name + value), ErrorCode::metadata_fetch_error, GetParam());
  }
}

TEST_P(EndpointTest, HttpIsFineWhereAllowed) {
  const std::string member = std::string("\"") + GetParam() + R"(":"http://auth.example.com/x")";
  EXPECT_TRUE(parse(document(member), SchemePolicy::http_too));
  expect_refused(document(std::string("\"") + GetParam() + R"(":"ftp://auth.example.com/x")"),
                 ErrorCode::metadata_fetch_error, GetParam(), SchemePolicy::http_too);
}

}  // namespace
}  // namespace authplane
