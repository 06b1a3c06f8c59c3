#include "authserver/cimd/client_url.h"

#include <gtest/gtest.h>

namespace authplane::authserver {
namespace {

TEST(ClientUrl, TakesHttpsUrlsWithAPath) {
  for (const char* url :
       {"https://app.example/client.json", "https://app.example/a/b", "https://app.example/a/",
        "https://app.example/%7Euser", "https://app.example:8443/c", "https://app.example/c?v=1",
        "https://[2001:db8::1]/c", "https://192.0.2.1/c", "https://app.example//a"}) {
    EXPECT_TRUE(is_client_url(url));
    const auto checked = check_client_url(url, false);
    ASSERT_TRUE(checked) << url << ": " << checked.error().message;
    EXPECT_EQ(checked->text(), url);
  }
}

TEST(ClientUrl, RefusesEveryOtherShape) {
  for (const std::string& url : std::initializer_list<std::string>{
           "https://app.example",
           "https://app.example/",
           "https://app.example//",
           "https://app.example?x=1",
           "https://app.example/.",
           "https://app.example/a/../b",
           "https://app.example/a/%2e%2E/b",
           "https://app.example/a/%2e%2Fb",
           "https://app.example/c#f",
           "https://user@app.example/c",
           "https://app.example@evil.example/c",
           "https://APP.example/c",
           "https://app.example:443/c",
           "https://app.example:0/c",
           "https:///c",
           "https://app.example/a b",
           "https://app.example/\xc3\xa9",
           "https://xn--/\\evil",
           "http://app.example/c",
           "https://app.example/" + std::string(kMaxClientUrlBytes, 'a'),
       }) {
    EXPECT_FALSE(check_client_url(url, false)) << url;
  }
  EXPECT_TRUE(check_client_url("http://localhost:8080/c", true));
  EXPECT_FALSE(check_client_url("ftp://app.example/c", true));
}

TEST(ClientUrl, OrdinaryIdsAreNone) {
  for (const char* id : {"", "agent-1", "q8y2s1yOxkq8kLM1bqvYbg", "javascript:alert(1)",
                         "HTTPS://app.example/c", "data:text/html,x", "urn:x"}) {
    EXPECT_FALSE(is_client_url(id)) << id;
  }
}

}  // namespace
}  // namespace authplane::authserver
