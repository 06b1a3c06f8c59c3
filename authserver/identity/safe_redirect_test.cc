#include "authserver/identity/safe_redirect.h"

#include <random>

#include <gtest/gtest.h>

#include <authplane/base/url.h>

namespace authplane::authserver {
namespace {

TEST(SafeRedirect, KeepsPathsOfThisServer) {
  const std::string_view targets[] = {
      "/",
      "/consent?session_id=abc-_.~",
      "/oauth/authorize?client_id=a&redirect_uri=https%3A%2F%2Fclient.example%2Fcb&state=%00%0d",
      "/oauth/authorize?client_id=https://client.example/metadata.json&resource=https://h//mcp",
      "/a/b/?x=../..//",
      "/...",
      "/a.b/..c?[x]={y}|z^`'!$()*,;:@",
      "/?",
      "/%61b",
  };
  for (const std::string_view target : targets) EXPECT_EQ(safe_redirect(target), target);
}

TEST(SafeRedirect, EverythingElseGoesHome) {
  const std::string_view targets[] = {
      "",
      " ",
      "evil.example",
      "evil.example/path",
      "//evil.example",
      "///evil.example",
      "////evil.example",
      "/\\evil.example",
      "\\/evil.example",
      "\\\\evil.example",
      "/path\\..\\evil",
      "/x?y=\\",
      "https://evil.example",
      "https:/evil.example",
      "https:evil.example",
      "HTTPS://evil.example",
      "javascript:alert(1)",
      "data:text/html,x",
      "?x=/",
      "#/",
      " //evil.example",
      "\t//evil.example",
      "/\t/evil.example",
      "/\n/evil.example",
      "/\r\nLocation: https://evil.example",
      "/%09/evil.example",
      "/%0d%0aSet-Cookie:a=b",
      "/%2f/evil.example",
      "/%2Fevil.example",
      "/%5cevil.example",
      "/%5Cevil.example",
      "/a//b",
      "/.//evil.example",
      "/..//evil.example",
      "/../evil",
      "/a/..",
      "/./a",
      "/.",
      "/%2e%2e/evil",
      "/%2e%2Fevil",
      "/.%2E/evil",
      "/a%23b",
      "/a#b",
      "/a b",
      "/a%20b",
      "/a%",
      "/a%4",
      "/a%zz",
      "/x?y=%",
      "/<script>",
      "/\"onload=",
      "/\x7f",
      "/\xc3\xa9",
      "/\xe2\x80\xae",
      "/x?\xc3\xa9",
  };
  for (const std::string_view target : targets) EXPECT_EQ(safe_redirect(target), "/") << target;
  EXPECT_EQ(safe_redirect(std::string_view("/\0x", 3)), "/");
  EXPECT_EQ(safe_redirect("/" + std::string(8191, 'x')).size(), 8192U);
  EXPECT_EQ(safe_redirect("/" + std::string(8192, 'x')), "/");
}

// Whatever the input: the answer, read against our origin, is a URL on our origin.
TEST(SafeRedirect, NeverLeavesTheOrigin) {
  constexpr std::string_view kPieces[] = {"/",      "/",  "\\", ".",   "..", "%2f", "%5c", "%2e",
                                          "%09",    "\t", "\n", "?",   "#",  "@",   ":",   "evil.example",
                                          "https:", "a",  " ",  "&x=", "%",  ";"};
  std::mt19937 random(7);
  int kept = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string target = random() % 4 == 0 ? "" : "/";
    for (std::size_t count = random() % 7; count > 0; --count)
      target += kPieces[random() % std::size(kPieces)];
    const std::string safe = safe_redirect(target);
    ASSERT_TRUE(safe == target || safe == "/") << target;
    kept += safe == target;
    const auto url = Url::parse("https://auth.example" + safe);
    ASSERT_TRUE(url) << target;
    ASSERT_EQ(url->origin(), "https://auth.example") << target;
    ASSERT_FALSE(url->has_userinfo() || url->has_fragment()) << target;
    ASSERT_EQ(url->path().find("//"), std::string::npos) << target;
    ASSERT_EQ(safe.find_first_of("\\\t\n #"), std::string::npos) << target;
  }
  EXPECT_GT(kept, 1000);
}

}  // namespace
}  // namespace authplane::authserver
