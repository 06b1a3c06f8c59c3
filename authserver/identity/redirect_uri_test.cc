#include "authserver/identity/redirect_uri.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace authplane::authserver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(RedirectUri, MayBeRegistered) {
  const std::string_view uris[] = {
      "https://client.example/callback",
      "https://client.example",
      "https://client.example:8443/cb?tenant=1&x=%2F",
      "https://192.0.2.1/cb",
      "https://[2001:db8::1]/cb",
      "https://xn--bcher-kva.example/cb",
      "https://localhost/cb",
      "https://client.example/cb/*",
      "http://localhost/cb",
      "http://localhost:33418/cb",
      "http://127.0.0.1:1/",
      "http://[::1]:65535/cb?x=1",
  };
  for (const std::string_view uri : uris) EXPECT_TRUE(check_redirect_uri(uri)) << uri;
}

TEST(RedirectUri, MayNotBeRegistered) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "empty"},
      {"/callback", "RFC 3986"},
      {"client.example/cb", "RFC 3986"},
      {"https:///cb", "empty host"},
      {"https:/client.example/cb", "'//'"},
      {"http://client.example/cb", "https"},
      {"http://127.0.0.2/cb", "https"},
      {"http://127.1/cb", "https"},
      {"http://2130706433/cb", "https"},
      {"http://0.0.0.0/cb", "https"},
      {"http://[::ffff:127.0.0.1]/cb", "https"},
      {"http://[0:0:0:0:0:0:0:1]/cb", "https"},
      {"http://localhost./cb", "https"},
      {"http://localhost.evil.example/cb", "https"},
      {"http://localhost@evil.example/cb", "https"},
      {"https://client.example/cb#", "fragment"},
      {"https://client.example/cb#x", "fragment"},
      {"https://client.example@evil.example/cb", "userinfo"},
      {"https://@client.example/cb", "userinfo"},
      {"http://user:hunter2@localhost/cb", "userinfo"},
      {"https://client.example\\@evil.example/cb", "userinfo"},
      {"https://client.example\\evil.example/cb", "host name"},
      {"https://client.example/a\\b", "RFC 3986"},
      {"https://client.example/../cb", "'..'"},
      {"https://client.example/a/.", "'..'"},
      {"https://client.example/%2e%2e/cb", "'..'"},
      {"https://client.example/.%2E/cb", "'..'"},
      {"https://*.example/cb", "host name"},
      {"https://b\xc3\xbc"
       "cher.example/cb",
       "non-ASCII"},
      {"https://client.example/c b", "white space"},
      {"https://client.example/cb\r\nX: y", "white space"},
      {" https://client.example/cb", "white space"},
      {"https://client.example/%zz", "RFC 3986"},
      {"https://client.example:0/cb", "port"},
      {"https://client.example:/cb", "port"},
      {"https://client.example:99999/cb", "port"},
      {"javascript://localhost/%0aalert(1)", "https"},
      {"javascript:alert(1)", "'//'"},
      {"data:text/html,x", "'//'"},
      {"vscode://vscode.example/cb", "https"},
      {"com.example.app:/cb", "'//'"},
      {"file://localhost/etc/passwd", "https"},
      {"ws://localhost/cb", "https"},
  };
  for (const auto& [uri, problem] : cases) {
    const auto checked = check_redirect_uri(uri);
    ASSERT_FALSE(checked) << uri;
    EXPECT_EQ(checked.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(checked.error().message, HasSubstr(problem)) << uri;
    EXPECT_THAT(checked.error().message, Not(HasSubstr("hunter2")));
    EXPECT_FALSE(redirect_uri_matches(uri, uri)) << "a stored row must not help: " << uri;
  }
  EXPECT_TRUE(check_redirect_uri("https://h/" + std::string(2038, 'x')));
  EXPECT_FALSE(check_redirect_uri("https://h/" + std::string(2039, 'x')));
}

TEST(RedirectUri, MatchesTheSameBytesOnly) {
  constexpr std::string_view kRegistered = "https://client.example/cb?x=1";
  EXPECT_TRUE(redirect_uri_matches(kRegistered, kRegistered));
  const std::string_view others[] = {
      "",
      "https://client.example/cb",
      "https://client.example/cb?x=1&y=2",
      "https://client.example/cb?x=2",
      "https://client.example/cb/?x=1",
      "https://client.example/cb/../cb?x=1",
      "https://client.example/%63b?x=1",
      "https://client.example/CB?x=1",
      "https://CLIENT.example/cb?x=1",
      "HTTPS://client.example/cb?x=1",
      "https://client.example:443/cb?x=1",
      "https://client.example:8443/cb?x=1",
      "https://client.example./cb?x=1",
      "https://a.client.example/cb?x=1",
      "https://client.example@evil.example/cb?x=1",
      "https://evil@client.example/cb?x=1",
      "https://client.example/cb?x=1#f",
      "http://client.example/cb?x=1",
      "https://client.example/cb?x=1 ",
      "https://client.example/cb?x=1\n",
  };
  for (const std::string_view other : others) EXPECT_FALSE(redirect_uri_matches(kRegistered, other)) << other;
}

TEST(RedirectUri, OnHttpLoopbackThePortIsFree) {
  for (const std::string host : {"localhost", "127.0.0.1", "[::1]"}) {
    for (const std::string& registered : {"http://" + host + "/cb?x=1", "http://" + host + ":8080/cb?x=1"}) {
      for (const std::string_view port : {"", ":1", ":80", ":8080", ":65535"}) {
        EXPECT_TRUE(redirect_uri_matches(registered,
                                         std::string("http://").append(host).append(port).append("/cb?x=1")))
            << registered << port;
      }
      for (const std::string& other : {
               "http://" + host + ":0/cb?x=1",
               "http://" + host + ":060/cb?x=1",
               "http://" + host + ":08080/cb?x=1",
               "http://" + host + ":/cb?x=1",
               "http://" + host + ":65536/cb?x=1",
               "http://" + host + ":1/cb",
               "http://" + host + ":1/cb?",
               "http://" + host + ":1/cb?x=2",
               "http://" + host + ":1/cb/?x=1",
               "http://" + host + ":1/Cb?x=1",
               "http://" + host + ":1/cb?x=1#",
               "http://u@" + host + ":1/cb?x=1",
               "https://" + host + ":1/cb?x=1",
               "http://" + host + ".evil.example:1/cb?x=1",
               "http://" + host + ":1@evil.example/cb?x=1",
               "http://" + host + ":1:2/cb?x=1",
           }) {
        EXPECT_FALSE(redirect_uri_matches(registered, other)) << registered << " " << other;
      }
    }
  }
  EXPECT_FALSE(redirect_uri_matches("http://localhost/cb", "http://LOCALHOST:1/cb"));
  EXPECT_FALSE(redirect_uri_matches("http://localhost", "http://localhost:1/"));
  EXPECT_TRUE(redirect_uri_matches("http://localhost", "http://localhost:1"));
  EXPECT_TRUE(redirect_uri_matches("http://localhost?q", "http://localhost:1?q"));
}

TEST(RedirectUri, ZerosInFrontOfAPortAreTakenWhenRegisteredLikeThat) {
  EXPECT_TRUE(redirect_uri_matches("http://localhost:060/cb", "http://localhost:060/cb"));
  EXPECT_FALSE(redirect_uri_matches("http://localhost:060/cb", "http://localhost:0060/cb"));
  EXPECT_TRUE(redirect_uri_matches("http://localhost:060/cb", "http://localhost:60/cb"));
}

TEST(RedirectUri, OnHttpsThePortIsNotFree) {
  EXPECT_FALSE(redirect_uri_matches("https://localhost/cb", "https://localhost:8443/cb"));
  EXPECT_FALSE(redirect_uri_matches("https://client.example/cb", "https://client.example:443/cb"));
}

TEST(RedirectUri, TheLoopbackHostsAreThreeDifferentOnes) {
  const std::string_view hosts[] = {"localhost", "127.0.0.1", "[::1]"};
  for (const std::string_view a : hosts) {
    for (const std::string_view b : hosts) {
      const std::string registered = "http://" + std::string(a) + ":1/cb";
      EXPECT_EQ(redirect_uri_matches(registered, "http://" + std::string(b) + ":1/cb"), a == b);
      EXPECT_EQ(redirect_uri_matches(registered, "http://" + std::string(b) + ":2/cb"), a == b);
    }
  }
}

TEST(RedirectUri, MatchesAnyOfAList) {
  const std::vector<std::string> registered = {"https://client.example/cb", "http://127.0.0.1/cb"};
  EXPECT_TRUE(redirect_uri_matches_any(registered, "https://client.example/cb"));
  EXPECT_TRUE(redirect_uri_matches_any(registered, "http://127.0.0.1:4711/cb"));
  EXPECT_FALSE(redirect_uri_matches_any(registered, "http://localhost:4711/cb"));
  EXPECT_FALSE(redirect_uri_matches_any({}, "https://client.example/cb"));
}

// Whatever a match is, it is the same bytes or differs in an http loopback port alone.
TEST(RedirectUri, AMatchDiffersInNothingButTheLoopbackPort) {
  constexpr std::string_view kSchemes[] = {"http://", "http://", "https://", "HTTP://"};
  constexpr std::string_view kHosts[] = {"localhost", "127.0.0.1", "[::1]", "client.example"};
  constexpr std::string_view kPorts[] = {"", ":1", ":80", ":8080", ":0"};
  constexpr std::string_view kRests[] = {"", "/", "/cb", "/cb?", "/cb?x", "/cb:9", "?x:1", "/cb#"};
  struct Parts {
    std::string_view scheme, host, port, rest;
    std::string text() const { return std::string(scheme).append(host).append(port).append(rest); }
  };
  std::mt19937 random(11);
  const auto pick = [&](const auto& from) { return from[random() % std::size(from)]; };
  const auto any = [&] { return Parts{pick(kSchemes), pick(kHosts), pick(kPorts), pick(kRests)}; };
  int matches = 0;
  for (int round = 0; round < 50'000; ++round) {
    const Parts a = any();
    Parts b = random() % 2 == 0 ? any() : a;
    if (random() % 2 == 0) b.port = pick(kPorts);
    const bool sound = check_redirect_uri(a.text()) && check_redirect_uri(b.text());
    const bool but_for_port = a.scheme == b.scheme && a.host == b.host && a.rest == b.rest;
    const bool free_port = a.scheme != "https://" && a.host != "client.example";
    const bool expected = sound && (a.text() == b.text() || (but_for_port && free_port));
    ASSERT_EQ(redirect_uri_matches(a.text(), b.text()), expected) << a.text() << " " << b.text();
    matches += expected;
  }
  EXPECT_GT(matches, 1000);
}

}  // namespace
}  // namespace authplane::authserver
