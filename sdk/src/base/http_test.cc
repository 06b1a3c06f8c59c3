#include <authplane/base/http.h>
#include <authplane/base/media_type.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace authplane {
namespace {

using testing::ElementsAre;

TEST(Headers, CompareNamesWithoutCaseAndKeepOrder) {
  const Headers headers{{"Accept", "a"}, {"X-One", "1"}, {"accept", "b"}};
  EXPECT_THAT(headers.all("ACCEPT"), ElementsAre("a", "b"));
  EXPECT_EQ(headers.get("x-one"), "1");
  EXPECT_EQ(headers.count("accept"), 2U);
  EXPECT_FALSE(headers.contains("X-Two"));
}

TEST(Headers, GetRefusesToChooseAmongRepeatedFields) {
  const Headers headers{{"Authorization", "Bearer a"}, {"authorization", "Bearer b"}};
  EXPECT_EQ(headers.get("Authorization"), std::nullopt);
  EXPECT_TRUE(headers.contains("Authorization"));
}

TEST(Headers, SetReplacesEveryFieldOfThatName) {
  Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
  headers.set("A", "4");
  EXPECT_THAT(headers.all("a"), ElementsAre("4"));
  headers.remove("b");
  EXPECT_EQ(headers.size(), 1U);
}

TEST(MediaType, IsLowerCaseWithoutParameters) {
  const auto of = [](std::string value) { return media_type({{"content-type", std::move(value)}}); };
  EXPECT_EQ(of("application/json"), "application/json");
  EXPECT_EQ(of(" Application/JSON ; charset=utf-8"), "application/json");
  EXPECT_EQ(of("application/jsonx"), "application/jsonx");
  EXPECT_EQ(of(";"), "");
  EXPECT_EQ(media_type({}), "");
  EXPECT_EQ(media_type({{"Content-Type", "application/json"}, {"Content-Type", "text/html"}}), "");
}

TEST(HttpRequest, SplitsTheTargetAtTheFirstQuestionMark) {
  const auto request = [](std::string target) {
    HttpRequest result;
    result.target = std::move(target);
    return result;
  };
  const HttpRequest full = request("/a%2Fb?x=1?y");
  EXPECT_EQ(full.path(), "/a%2Fb");
  EXPECT_EQ(full.query(), "x=1?y");
  const HttpRequest bare = request("/a");
  EXPECT_EQ(bare.path(), "/a");
  EXPECT_EQ(bare.query(), "");
  EXPECT_EQ(request("/?").query(), "");
}

TEST(ReasonPhrase, KnowsWhatServersSendAndNothingElse) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(431), "Request Header Fields Too Large");
  EXPECT_EQ(reason_phrase(299), "");
}

}  // namespace
}  // namespace authplane
