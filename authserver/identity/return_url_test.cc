#include <gtest/gtest.h>

#include "authserver/identity/return_url.h"

namespace authplane::authserver {
namespace {

const std::vector<std::string> kPatterns = {"http://localhost:*", "https://localhost:*", "http://127.0.0.1:*",
                                            "https://127.0.0.1:*"};

TEST(ReturnUrl, IsWhatTheListHasByteForByte) {
  const std::vector<std::string> allowed = {"https://app.example/done?from=connect#top",
                                            "http://localhost:3000"};
  for (const std::string& url : allowed) EXPECT_TRUE(is_allowed_return_url(url, allowed)) << url;
  for (const char* url :
       {"https://app.example/done", "https://app.example/done?from=connect",
        "https://APP.example/done?from=connect#top", "https://app.example:443/done?from=connect#top",
        "http://localhost:3000/", "http://localhost:3001", ""}) {
    EXPECT_FALSE(is_allowed_return_url(url, allowed)) << url;
  }
  EXPECT_FALSE(is_allowed_return_url("https://app.example/done", {}));
}

TEST(ReturnUrl, APatternIsAnyPortOfThatLoopbackHost) {
  for (const char* url : {"http://localhost:1", "http://localhost:65535/", "https://localhost:8443/a/b%2Fc",
                          "http://127.0.0.1:3000/done", "https://127.0.0.1:3000"}) {
    EXPECT_TRUE(is_allowed_return_url(url, kPatterns)) << url;
  }
  // Each pattern is for its own scheme and host.
  EXPECT_FALSE(is_allowed_return_url("http://127.0.0.1:3000", {"http://localhost:*"}));
  EXPECT_FALSE(is_allowed_return_url("https://localhost:3000", {"http://localhost:*"}));
  // There is no fifth one, and a star is nothing else elsewhere.
  for (const char* entry :
       {"http://[::1]:*", "https://app.example:*", "http://localhost:*/done", "*", "http://*"})
    EXPECT_FALSE(is_allowed_return_url("http://[::1]:3000", {entry})) << entry;
  EXPECT_FALSE(is_allowed_return_url("http://localhost:*", kPatterns));
}

TEST(ReturnUrl, T6NothingThatABrowserMayReadAsAnotherHostFitsAPattern) {
  for (const char* url : {
           "http://localhost",
           "http://localhost/",
           "http://localhost:",
           "http://localhost:/",
           "http://localhost:0/",
           "http://localhost:65536/",
           "http://localhost:99999999999999999999/",
           "http://localhost:3000@evil.example/",
           "http://localhost:3000:80@evil.example/",
           "http://user@localhost:3000/",
           "http://localhost:3000.evil.example/",
           "http://localhost:3000evil.example/",
           "http://localhost.evil.example:3000/",
           "http://localhost:evil.example/",
           "http://localhost:http/",
           "http://localhost:3000\\@evil.example/",
           "http://localhost:3000/\\evil.example",
           "http://localhost:3000/%5Cevil.example",
           "http://localhost\\:3000/",
           "http:\\\\localhost:3000/",
           "\\\\evil.example/http://localhost:3000",
           "//localhost:3000/",
           "//evil.example",
           "http:///localhost:3000/",
           "http:localhost:3000/",
           "/http://localhost:3000/",
           "\thttp://localhost:3000/",
           " http://localhost:3000/",
           "http://localhost:3000/\t",
           "ht\ttp://localhost:3000/",
           "http://local\nhost:3000/",
           "http://localhost:3000/\r\nLocation: http://evil.example",
           "http://localhost:3000/%09",
           "http://localhost:3000/%0d%0aa",
           "http://localhost:3000/%zz",
           "%09http://localhost:3000/",
           "http://localhost:3000/../a",
           "http://localhost:3000/%2e%2e/a",
           "http://localhost:3000/?next=http://evil.example",
           "http://localhost:3000?x",
           "http://localhost:3000/#x",
           "HTTP://localhost:3000/",
           "http://LOCALHOST:3000/",
           "http://127.0.0.1.evil.example:3000/",
           "http://127.1:3000/",
           "http://2130706433:3000/",
           "http://0x7f.0.0.1:3000/",
           "http://127.0.0.2:3000/",
           "http://[::1]:3000/",
           "http://[::ffff:127.0.0.1]:3000/",
           "http://loc\xE1\xBA\x81lhost:3000/",
           "javascript://localhost:3000/%0aalert(1)",
           "javascript:alert(1)",
           "data:text/html,http://localhost:3000/",
           "ftp://localhost:3000/",
       }) {
    EXPECT_FALSE(is_allowed_return_url(url, kPatterns)) << url;
  }
  EXPECT_TRUE(is_allowed_return_url("http://localhost:1/" + std::string(2000, 'a'), kPatterns));
  EXPECT_FALSE(is_allowed_return_url("http://localhost:1/" + std::string(2048, 'a'), kPatterns));
}

// A list that somebody filled in wrongly opens nothing.
TEST(ReturnUrl, WhatIsNoUrlIsRefusedEvenWhenListed) {
  for (const char* entry :
       {"", "/", "//evil.example", "javascript:alert(1)", "http://a b", "done", "http://"})
    EXPECT_FALSE(is_allowed_return_url(entry, {entry})) << entry;
}

TEST(ReturnUrl, AnEntryIsAPatternOrAUrl) {
  for (const char* entry :
       {"http://localhost:*", "https://127.0.0.1:*", "https://app.example/done", "http://localhost:3000"})
    EXPECT_TRUE(is_return_url_entry(entry)) << entry;
  for (const char* entry :
       {"", "http://[::1]:*", "https://*.example", "app.example", " https://app.example", "*"})
    EXPECT_FALSE(is_return_url_entry(entry)) << entry;
}

}  // namespace
}  // namespace authplane::authserver
