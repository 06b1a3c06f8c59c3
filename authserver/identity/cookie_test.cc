#include "authserver/identity/cookie.h"

#include <gtest/gtest.h>

namespace authplane::authserver {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const CookieAttributes kPlain{.name = "authserver_session"};
const CookieAttributes kSecure{.name = "authserver_session", .secure = true};

TEST(SetCookie, SaysEverythingABrowserHasToKnow) {
  EXPECT_EQ(set_cookie(kPlain, "v.1-_", hours(24)),
            "authserver_session=v.1-_; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax");
  EXPECT_EQ(set_cookie(kSecure, "v", seconds(60)),
            "__Host-authserver_session=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
  EXPECT_EQ(set_cookie({.name = "n", .secure = true, .same_site = SameSite::none}, "v", seconds(1)),
            "__Host-n=v; Path=/; Max-Age=1; HttpOnly; SameSite=None; Secure");
  EXPECT_EQ(set_cookie({.name = "n", .same_site = SameSite::strict}, "v", seconds(1)),
            "n=v; Path=/; Max-Age=1; HttpOnly; SameSite=Strict");
  EXPECT_EQ(clear_cookie(kPlain), "authserver_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
  EXPECT_EQ(set_cookie(kPlain, "v", seconds(-5)), set_cookie(kPlain, "v", seconds(0)));
}

TEST(SetCookie, APrefixedNameKeepsOnePrefix) {
  EXPECT_EQ(cookie_name({.name = "__Host-s", .secure = true}), "__Host-s");
  EXPECT_EQ(cookie_name({.name = "s", .secure = false}), "s");
}

TEST(SetCookie, NothingBreaksOutOfNameOrValue) {
  for (const std::string_view bad : {"a;b", "a b", "a\r\nX: y", "a,b", "a\"", "a=b", "\xc3\xa9", "a\\"}) {
    EXPECT_THROW(set_cookie(kPlain, bad, hours(1)), std::invalid_argument) << bad;
    EXPECT_THROW(set_cookie({.name = std::string(bad)}, "v", hours(1)), std::invalid_argument) << bad;
  }
  EXPECT_THROW(set_cookie({.name = ""}, "v", hours(1)), std::invalid_argument);
}

TEST(SameSiteName, IsReadInAnyCase) {
  EXPECT_EQ(parse_same_site("lax"), SameSite::lax);
  EXPECT_EQ(parse_same_site("Strict"), SameSite::strict);
  EXPECT_EQ(parse_same_site("NONE"), SameSite::none);
  EXPECT_FALSE(parse_same_site(""));
  EXPECT_FALSE(parse_same_site("lax "));
}

TEST(FindCookie, FindsOneAmongMany) {
  for (const std::string_view field : {
           "authserver_session=v.1",
           "a=b; authserver_session=v.1",
           "authserver_session=v.1; a=b",
           "a=b;authserver_session=v.1;c=d",
           "a=b;\tauthserver_session=v.1 ;",
           ";;=; x; authserver_session=v.1",
           "json={\"a\": [1, 2]}; authserver_session=v.1; \xc3\xa9=\xc3\xa9",
           "authserver_session2=x; xauthserver_session=y; authserver_session=v.1; AUTHSERVER_SESSION=z",
       }) {
    EXPECT_EQ(find_cookie({{"Cookie", std::string(field)}}, kPlain), "v.1") << field;
  }
  EXPECT_EQ(find_cookie({{"cookie", "a=b"}, {"Cookie", "authserver_session=v.1"}}, kPlain), "v.1");
}

TEST(FindCookie, RefusesWhatIsAbsentOddOrAmbiguous) {
  for (const std::string_view field : {
           "",
           "a=b",
           "authserver_session",
           "authserver_session=",
           "authserver_session=; a=b",
           "AUTHSERVER_SESSION=v.1",
           "__Host-authserver_session=v.1",
           "authserver_session=v 1",
           "authserver_session=\"v.1\"",
           "authserver_session=v,1",
           "authserver_session=v=1",
           "authserver_session=v%2e1",
           "authserver_session=\xc3\xa9",
           "authserver_session=v.1; authserver_session=v.2",
           "authserver_session=v.1; a=b; authserver_session=v.1",
           "authserver_session=; authserver_session=v.1",
           "authserver_session =v.2; authserver_session=v.1",
       }) {
    EXPECT_FALSE(find_cookie({{"Cookie", std::string(field)}}, kPlain)) << field;
  }
  EXPECT_FALSE(find_cookie({}, kPlain));
  EXPECT_FALSE(
      find_cookie({{"Cookie", "authserver_session=v.1"}, {"Cookie", "authserver_session=v.1"}}, kPlain));
}

TEST(FindCookie, WithSecureOnlyThePrefixedNameCounts) {
  const Headers headers{{"Cookie", "authserver_session=planted; __Host-authserver_session=ours"}};
  EXPECT_EQ(find_cookie(headers, kSecure), "ours");
  EXPECT_EQ(find_cookie({{"Cookie", "authserver_session=planted"}}, kSecure), std::nullopt);
}

}  // namespace
}  // namespace authplane::authserver
