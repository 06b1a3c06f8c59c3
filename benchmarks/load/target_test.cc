#include "benchmarks/load/target.h"

#include <gtest/gtest.h>

namespace authplane::bench {
namespace {

TEST(ParseTarget, AcceptsLoopbackOnly) {
  EXPECT_TRUE(parse_target("http://127.0.0.1:9000/a"));
  EXPECT_TRUE(parse_target("http://127.8.0.1/"));
  EXPECT_TRUE(parse_target("http://localhost:1/"));
  EXPECT_TRUE(parse_target("http://[::1]:9000"));
  EXPECT_FALSE(parse_target("http://192.0.2.1/"));
  EXPECT_FALSE(parse_target("http://0.0.0.0/"));
  EXPECT_FALSE(parse_target("http://[::ffff:192.0.2.1]/"));
  EXPECT_FALSE(parse_target("http://[2001:db8::1]/"));
  EXPECT_FALSE(parse_target("http://localhost.example/"));
  EXPECT_FALSE(parse_target("https://127.0.0.1/"));
  EXPECT_FALSE(parse_target("127.0.0.1:9000"));
}

TEST(RequestBytes, HasHostAndLength) {
  const auto target = parse_target("http://localhost:9000/oauth/token?x=1");
  ASSERT_TRUE(target);
  const RequestTemplate request{.method = "POST", .headers = {{"X-A", "b"}}, .body = "k=v"};
  EXPECT_EQ(
      request_bytes(*target, request),
      "POST /oauth/token?x=1 HTTP/1.1\r\nHost: localhost:9000\r\nX-A: b\r\nContent-Length: 3\r\n\r\nk=v");
}

TEST(ParseHeader, SplitsAtTheFirstColon) {
  EXPECT_EQ(parse_header("A: b:c").value(), (std::pair<std::string, std::string>("A", "b:c")));
  EXPECT_FALSE(parse_header("A"));
  EXPECT_FALSE(parse_header(": b"));
  EXPECT_FALSE(parse_header("A: b\r\nC: d"));
}

}  // namespace
}  // namespace authplane::bench
