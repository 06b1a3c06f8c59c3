#include "authserver/http/router.h"

#include <gtest/gtest.h>

#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

Router::Handler says(std::string word) {
  return [word](const HttpRequest&, const PathParams& params) {
    std::string body = word;
    for (std::size_t i = 0; i < params.size(); ++i) body += " " + std::string(params.raw(i));
    return HttpResponse{.status = 200, .headers = {}, .body = body, .stream = {}};
  };
}

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    router.add("GET", "/a", says("literal"));
    router.add("POST", "/a", says("posted"));
    router.add("GET", "/a/{id}", says("one"));
    router.add("GET", "/a/fixed", says("fixed"));
    router.add("DELETE", "/a/{id}/b/{sub}", says("two"));
    router.add("GET", "/rest/{ref...}", says("rest"));
  }
  Router::Answer ask(std::string method, std::string target) const {
    const HttpRequest request{.method = std::move(method),
                              .target = std::move(target),
                              .headers = {},
                              .body = "",
                              .remote_address = ""};
    Router::Answer answer;
    router.dispatch(request, [&answer](Router::Answer given) { answer = std::move(given); });
    return answer;
  }
  Router router;
};

TEST_F(RouterTest, ADeferredHandlerAnswersAfterTheCall) {
  Respond pending;
  router.add_deferred("POST", "/later",
                      [&pending](const HttpRequest&, Respond respond) { pending = std::move(respond); });
  const HttpRequest request{
      .method = "POST", .target = "/later", .headers = {}, .body = "", .remote_address = ""};
  std::optional<Router::Answer> answer;
  router.dispatch(request, [&answer](Router::Answer given) { answer = std::move(given); });
  EXPECT_FALSE(answer);
  pending({.status = 201, .headers = {}, .body = "done", .stream = {}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->response.body, "done");
  EXPECT_EQ(answer->pattern, "/later");
  EXPECT_EQ(ask("GET", "/later").response.headers.get("Allow"), "POST");
}

TEST_F(RouterTest, FindsHandlerAndParameters) {
  EXPECT_EQ(ask("GET", "/a").response.body, "literal");
  EXPECT_EQ(ask("POST", "/a?x=1").response.body, "posted");
  EXPECT_EQ(ask("GET", "/a/7").response.body, "one 7");
  EXPECT_EQ(ask("GET", "/a/fixed").response.body, "fixed");
  EXPECT_EQ(ask("DELETE", "/a/x%2Fy/b/z").response.body, "two x%2Fy z");
  EXPECT_EQ(ask("GET", "/rest/x/y/z").response.body, "rest x/y/z");
  EXPECT_EQ(ask("GET", "/a/7").pattern, "/a/{id}");
  EXPECT_EQ(ask("GET", "/b").pattern, "");
}

TEST_F(RouterTest, NearMissesAreNotFound) {
  for (const char* path :
       {"/a/", "/a/7/", "/a/7/b", "/a/7/b/c/d", "/rest", "/rest/", "", "a", "//a", "/A", "*"}) {
    const int status = ask("GET", path).response.status;
    if (std::string_view(path) == "/a/") {
      EXPECT_EQ(status, 200) << "an empty parameter reaches the handler, which refuses it";
    } else {
      EXPECT_EQ(status, 404) << path;
    }
  }
}

TEST_F(RouterTest, ParametersAreDecodedStrictly) {
  const auto decode = [](std::string_view raw) {
    PathParams params;
    params.push(raw);
    return params.get(0);
  };
  EXPECT_EQ(decode("x%2Fy+z").value(), "x/y+z");
  EXPECT_EQ(decode(std::string(256, 'a')).value().size(), 256u);
  for (const std::string& raw :
       {std::string(), std::string(257, 'a'), std::string("%zz"), std::string("%ff"), std::string("a%00")}) {
    const auto decoded = decode(raw);
    ASSERT_FALSE(decoded) << raw;
    EXPECT_EQ(decoded.error().code, ErrorCode::invalid_request);
  }
}

}  // namespace
}  // namespace authplane::authserver
