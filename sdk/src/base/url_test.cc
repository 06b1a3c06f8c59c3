#include <authplane/base/url.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace authplane {
namespace {

using testing::HasSubstr;
using testing::Not;

Url url(std::string_view text) {
  return Url::parse(text).value();
}

TEST(UrlParse, TakesAUrlApartWithoutChangingItsText) {
  const Url full = url("HTTPS://User@Example.COM:8443/A%2fb/../c?x=%41#f");
  EXPECT_EQ(full.text(), "HTTPS://User@Example.COM:8443/A%2fb/../c?x=%41#f");
  EXPECT_EQ(full.scheme(), "https");
  EXPECT_EQ(full.host(), "example.com");
  EXPECT_EQ(full.port(), 8443);
  EXPECT_TRUE(full.has_explicit_port());
  EXPECT_EQ(full.path(), "/A%2fb/../c");
  EXPECT_EQ(full.query(), "x=%41");
  EXPECT_TRUE(full.has_userinfo());
  EXPECT_TRUE(full.has_fragment());
  EXPECT_EQ(full.request_target(), "/A%2fb/../c?x=%41");
}

TEST(UrlParse, AbsentPartsAreEmpty) {
  const Url bare = url("http://h");
  EXPECT_EQ(bare.path(), "");
  EXPECT_EQ(bare.request_target(), "/");
  EXPECT_EQ(bare.port(), 80);
  EXPECT_FALSE(bare.has_explicit_port());
  EXPECT_FALSE(bare.has_query());
  EXPECT_FALSE(bare.has_fragment());
  EXPECT_FALSE(bare.has_userinfo());
}

TEST(UrlParse, SeesEmptyQueryFragmentAndUserinfo) {
  EXPECT_TRUE(url("http://h/?").has_query());
  EXPECT_EQ(url("http://h/?").request_target(), "/?");
  EXPECT_TRUE(url("http://h/#").has_fragment());
  EXPECT_TRUE(url("http://@h/").has_userinfo());
  EXPECT_EQ(url("http://h?q").request_target(), "/?q");
}

TEST(UrlParse, ReadsIpv6InBrackets) {
  const Url six = url("http://[2001:DB8::1]:8080/x");
  EXPECT_EQ(six.host(), "2001:db8::1");
  EXPECT_TRUE(six.host_is_ipv6());
  EXPECT_EQ(six.authority(), "[2001:db8::1]:8080");
  EXPECT_FALSE(url("http://127.0.0.1/").host_is_ipv6());
}

TEST(UrlParse, KeepsOtherSchemesAndLooseHosts) {
  EXPECT_EQ(url("com.example.app://cb/path").port(), 0);
  EXPECT_EQ(url("com.example.app://cb").authority(), "cb");
  EXPECT_EQ(url("http://2130706433/").host(), "2130706433");
  EXPECT_EQ(url("http://a_b.example/").host(), "a_b.example");
  EXPECT_EQ(url("http://127.0.0.1.nip.example/").host(), "127.0.0.1.nip.example");
  EXPECT_EQ(url("http://h:80@example.com/").host(), "example.com");
  EXPECT_EQ(url("http://[::ffff:1.2.3.4]/").host(), "::ffff:1.2.3.4");
}

TEST(UrlParse, RefusesWhatHasSeveralReadings) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "empty"},
      {"//host", "RFC 3986"},
      {"/path", "RFC 3986"},
      {"host", "RFC 3986"},
      {"host:80", "'//'"},
      {"mailto:a@b", "'//'"},
      {"http:/h", "'//'"},
      {"http://", "empty host"},
      {"http:///p", "empty host"},
      {"http://:80/", "empty host"},
      {"http://user@/", "empty host"},
      {"http://h:/", "port"},
      {"http://h:0/", "port"},
      {"http://h:000/", "port"},
      {"http://h:65536/", "port"},
      {"http://h:99999999999/", "port"},
      {"http://h:8a/", "port"},
      {"http://h:-1/", "port"},
      {"http://h:+80/", "port"},
      {"http://h:8:9/", "port"},
      {"http://h:0x50/", "port"},
      {"http://[::1]x/", "IPv6"},
      {"http://[::1]8080/", "IPv6"},
      {"http://[]/", "empty host"},
      {"http://[1.2.3.4]/", "IPv6"},
      {"http://a@b@c/", "userinfo"},
      {"http://%zz@c/", "userinfo"},
      {"http://a[b]/", "character no host name has"},
      {"http://[[::1]]/", "IPv6"},
      {"http://[::1%25eth0]/", "URL"},
      {"http://[::1%eth0]/", "URL"},
      {"http://[::1/", "URL"},
      {"http://::1/", "empty host"},
      {"http://[v1.x]/", "IPv6"},
      {"http://h%41/", "character no host name has"},
      {"http://a;b/", "character no host name has"},
      {"http://a,b'/", "character no host name has"},
      {"http://h/%zz", "RFC 3986"},
      {"http://h/%4", "RFC 3986"},
      {"http://h/?%", "RFC 3986"},
      {"http://h/a b", "white space"},
      {" http://h/", "white space"},
      {"http://h/\n", "white space"},
      {"http://h/\x7f", "white space"},
      {"http://h/\xc3\xa9", "non-ASCII"},
      {"http://b\xc3\xbc"
       "cher/",
       "non-ASCII"},
      {"http://h\\@evil/", "userinfo"},
      {"http://h/<x>", "RFC 3986"},
      {"http://h/\"", "RFC 3986"},
      {"http://h/#a#b", "RFC 3986"},
      {"1http://h/", "RFC 3986"},
  };
  for (const auto& [text, problem] : cases) {
    const auto parsed = Url::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(parsed.error().message, HasSubstr(problem)) << text;
  }
  EXPECT_FALSE(Url::parse(std::string_view("http://h/\0", 10)));
}

TEST(UrlParse, ErrorsShowABoundedHarmlessExcerpt) {
  const std::string message = Url::parse("http://name:hunter2@h:0/" + std::string(500, 'x')).error().message;
  EXPECT_THAT(message, Not(HasSubstr("hunter2")));
  EXPECT_LT(message.size(), 220U);
  EXPECT_THAT(Url::parse("http://h/\r\nX: y").error().message, Not(HasSubstr("\n")));
}

TEST(UrlOrigin, LeavesOutOnlyTheDefaultPort) {
  EXPECT_EQ(url("HTTPS://Example.com:443/x").origin(), "https://example.com");
  EXPECT_EQ(url("https://example.com:80").origin(), "https://example.com:80");
  EXPECT_EQ(url("http://example.com:80").origin(), "http://example.com");
  EXPECT_EQ(url("http://[::1]:443").origin(), "http://[::1]:443");
  EXPECT_EQ(url("https://example.com:0443/").authority(), "example.com");
}

}  // namespace
}  // namespace authplane
