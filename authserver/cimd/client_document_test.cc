#include "authserver/cimd/client_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <authplane/json/json.h>

namespace authplane::authserver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kUrl = "https://app.example/client.json";

Json valid() {
  return {{"client_id", kUrl},
          {"client_name", "App"},
          {"redirect_uris", {"https://app.example/cb", "http://127.0.0.1/cb"}}};
}
Outcome<ClientDocument> parse(const Json& document) {
  return parse_client_document(to_json_text(document), kUrl);
}
Outcome<ClientDocument> parse_with(const char* member, const Json& value) {
  Json document = valid();
  document[member] = value;
  return parse(document);
}

TEST(ClientDocument, HasTheDefaultsOfARegistration) {
  const auto document = parse(valid());
  ASSERT_TRUE(document) << document.error().detail;
  EXPECT_EQ(document->name, "App");
  EXPECT_THAT(document->redirect_uris, ElementsAre("https://app.example/cb", "http://127.0.0.1/cb"));
  EXPECT_THAT(document->grant_types, ElementsAre("authorization_code", "refresh_token"));
  EXPECT_EQ(document->application_type, std::nullopt);
}

TEST(ClientDocument, ReadsWhatThisServerKnowsAndSkipsTheRest) {
  Json document = valid();
  document["grant_types"] = {"authorization_code", "urn:ietf:params:oauth:grant-type:device_code",
                             "authorization_code"};
  document["response_types"] = {"code", "code id_token"};
  document["token_endpoint_auth_method"] = "none";
  document["application_type"] = "native";
  document["logo_uri"] = "https://app.example/logo.png";
  document["scope"] = "admin";
  document["status"] = "active";
  document["jwks"] = {{"keys", Json::array()}};
  document["contacts"] = nullptr;
  const auto read = parse(document);
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_THAT(read->grant_types, ElementsAre("authorization_code"));
  EXPECT_EQ(read->application_type, "native");
}

TEST(ClientDocument, NamesExactlyItsOwnUrl) {
  for (const char* other : {"", "https://app.example/client.json/", "https://app.example/Client.json",
                            "https://app.example/client.json?", "https://app.example:443/client.json",
                            "https://evil.example/client.json", "https://app.example/client%2Ejson",
                            " https://app.example/client.json"}) {
    EXPECT_FALSE(parse_with("client_id", other)) << other;
  }
  Json missing = valid();
  missing.erase("client_id");
  EXPECT_THAT(parse(missing).error().detail, HasSubstr("its own URL"));
}

struct Broken {
  const char* member;
  Json value;
  const char* cause;
};

TEST(ClientDocument, RefusesWhatCannotBeUsed) {
  const std::vector<Broken> rows{
      {"client_name", nullptr, "client_name"},
      {"client_name", 7, "client_name must be a string"},
      {"client_name", Json::array({"App"}), "client_name must be a string"},
      {"client_id", 7, "client_id must be a string"},
      {"redirect_uris", nullptr, "redirect_uris"},
      {"redirect_uris", Json::array(), "redirect_uris"},
      {"redirect_uris", "https://app.example/cb", "redirect_uris must be an array"},
      {"redirect_uris", Json::array({"https://app.example/cb", 1}), "redirect_uris must be an array"},
      {"grant_types", "authorization_code", "grant_types must be an array"},
      {"grant_types", Json::array({"client_credentials"}), "lack authorization_code"},
      {"grant_types", Json::array(), "lack authorization_code"},
      {"response_types", Json::array({"token"}), "lack code"},
      {"response_types", Json::array(), "lack code"},
      {"token_endpoint_auth_method", "client_secret_basic", "not none"},
      {"token_endpoint_auth_method", "client_secret_post", "not none"},
      {"token_endpoint_auth_method", "client_secret_jwt", "not none"},
      {"token_endpoint_auth_method", "private_key_jwt", "not none"},
      {"client_secret", "s3cret", "publishes a client secret"},
      {"client_secret_expires_at", 0, "publishes a client secret"},
      {"application_type", 1, "application_type must be a string"},
      {"agent", "yes", "agent must be true or false"},
  };
  for (const Broken& row : rows) {
    const auto read = parse_with(row.member, row.value);
    ASSERT_FALSE(read) << row.member << " " << row.value;
    EXPECT_EQ(read.error().code, DomainErrorCode::invalid_client);
    EXPECT_THAT(read.error().detail, HasSubstr(row.cause)) << row.member;
  }
}

TEST(ClientDocument, RefusesWhatIsNotOneJsonObject) {
  const std::string text = to_json_text(valid());
  const std::string twice = R"({"client_id":"https://evil.example/c",)" + text.substr(1);
  std::string deep = valid().dump();
  deep.insert(deep.size() - 1, R"(,"x":)" + std::string(40, '[') + std::string(40, ']'));
  for (const std::string& body :
       {std::string(), std::string("null"), std::string("[]"), "[" + text + "]", text + "x", text + text,
        "\xef\xbb\xbf" + text, text.substr(0, text.size() - 1), std::string("<html></html>"), twice, deep,
        std::string(R"({"client_name":"\ud800"})"), std::string("{\"a\":\"\xff\"}")}) {
    EXPECT_FALSE(parse_client_document(body, kUrl)) << body.substr(0, 60);
  }
  std::string huge =
      text.substr(0, text.size() - 1) + R"(,"pad":")" + std::string(kMaxClientDocumentBytes, 'x');
  EXPECT_FALSE(parse_client_document(huge + "\"}", kUrl));
}

TEST(ClientDocument, NoByteOfItMayGoMissing) {
  const std::string text = to_json_text(valid());
  for (std::size_t end = 0; end < text.size(); ++end) {
    EXPECT_FALSE(parse_client_document(text.substr(0, end), kUrl)) << end;
  }
}

}  // namespace
}  // namespace authplane::authserver
