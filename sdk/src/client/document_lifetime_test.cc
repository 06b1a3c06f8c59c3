#include <authplane/client/document_lifetime.h>

#include <gtest/gtest.h>

namespace authplane {
namespace {

using std::chrono::seconds;

const WallTime kNow = *parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");

seconds lifetime(const Headers& headers, seconds configured = seconds(300)) {
  return document_lifetime(headers, kNow, configured);
}

TEST(DocumentLifetime, NoHeaderMeansConfigured) {
  EXPECT_EQ(lifetime({}), seconds(300));
}

TEST(DocumentLifetime, MaxAgeShortensButNeverLengthens) {
  EXPECT_EQ(lifetime({{"Cache-Control", "public, max-age=60"}}), seconds(60));
  EXPECT_EQ(lifetime({{"Cache-Control", "MAX-AGE=\"60\""}}), seconds(60));
  EXPECT_EQ(lifetime({{"Cache-Control", "max-age=9000"}}), seconds(300));
  EXPECT_EQ(lifetime({{"Cache-Control", "max-age=99999999999999999999999"}}), seconds(300));
}

TEST(DocumentLifetime, NothingGoesBelowTheFloor) {
  for (const char* value : {"no-store", "no-cache", "max-age=0", "max-age=29", "no-store, max-age=200",
                            "max-age=200, no-cache", "no-cache=\"set-cookie\"", "max-age=200, max-age=1"}) {
    EXPECT_EQ(lifetime({{"Cache-Control", value}}), kMinDocumentLifetime) << value;
  }
}

TEST(DocumentLifetime, ConfiguredValueMayBeBelowTheFloor) {
  EXPECT_EQ(lifetime({{"Cache-Control", "no-store"}}, seconds(5)), seconds(5));
}

TEST(DocumentLifetime, RepeatedFieldsCountTogether) {
  EXPECT_EQ(lifetime({{"Cache-Control", "max-age=200"}, {"cache-control", "max-age=100"}}), seconds(100));
}

TEST(DocumentLifetime, MalformedMaxAgeIsIgnored) {
  for (const char* value : {"max-age=", "max-age=-1", "max-age=1x", "max-age", "s-maxage=1"}) {
    EXPECT_EQ(lifetime({{"Cache-Control", value}}), seconds(300)) << value;
  }
}

TEST(DocumentLifetime, ExpiresCountsWhenCacheControlIsSilent) {
  EXPECT_EQ(lifetime({{"Expires", "Sun, 06 Nov 1994 08:51:37 GMT"}}), seconds(120));
  EXPECT_EQ(lifetime({{"Expires", "Sun, 06 Nov 1994 08:51:37 GMT"}, {"Cache-Control", "public"}}),
            seconds(120));
  EXPECT_EQ(lifetime({{"Expires", "Sun, 06 Nov 1994 08:51:37 GMT"}, {"Cache-Control", "max-age=90"}}),
            seconds(90));
}

TEST(DocumentLifetime, PastOrInvalidExpiresMeansTheFloor) {
  EXPECT_EQ(lifetime({{"Expires", "Sun, 06 Nov 1994 08:00:00 GMT"}}), kMinDocumentLifetime);
  EXPECT_EQ(lifetime({{"Expires", "0"}}), kMinDocumentLifetime);
  EXPECT_EQ(
      lifetime({{"Expires", "Sun, 06 Nov 1994 08:51:37 GMT"}, {"Expires", "Sun, 06 Nov 1994 08:51:37 GMT"}}),
      kMinDocumentLifetime);
}

TEST(ParseHttpDate, TakesThePreferredFormatOnly) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT")->time_since_epoch(), seconds(784111777));
  for (const char* text :
       {"Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Xxx 1994 08:49:37 GMT",
        "Sun, 0a Nov 1994 08:49:37 GMT", ""}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

}  // namespace
}  // namespace authplane
