#include "head_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace authplane {
namespace {

using namespace std::string_literals;

const std::string kHost = "Host: h\r\n";

int status_of(const std::string& head, const GuardOptions& limits = {}) {
  const auto parsed = parse_request_head(head, limits);
  return parsed ? 200 : parsed.error().status;
}

TEST(ParseRequestHead, KeepsTargetAndValuesRaw) {
  const auto parsed = parse_request_head(
      "POST /a%2Fb?x=%00 HTTP/1.1\r\nHost: h:80\r\nX-A:  v%0d%0a w \t\r\nx-a:\r\nContent-Length: 7\r\n\r\n",
      {});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->method, "POST");
  EXPECT_EQ(parsed->target, "/a%2Fb?x=%00");
  EXPECT_THAT(parsed->headers.all("X-A"), testing::ElementsAre("v%0d%0a w", ""));
  EXPECT_EQ(parsed->content_length, 7U);
  EXPECT_TRUE(parsed->keep_alive);
}

TEST(ParseRequestHead, AnswersEveryFramingCase) {
  const std::pair<std::string, int> cases[] = {
      {kHost, 200},
      {"Host: h\r\nContent-Length: 0\r\n", 200},
      {"Host: h\r\nTransfer-Encoding: chunked\r\n", 411},
      {"Host: h\r\nTransfer-Encoding: identity\r\n", 411},
      {"Host: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n", 400},
      {"Host: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n", 400},
      {"Host: h\r\nContent-Length: 3\r\ncontent-length: 4\r\n", 400},
      {"Host: h\r\nContent-Length: 3x\r\n", 400},
      {"Host: h\r\nContent-Length: 3, 3\r\n", 400},
      {"Host: h\r\nContent-Length: +3\r\n", 400},
      {"Host: h\r\nContent-Length: -1\r\n", 400},
      {"Host: h\r\nContent-Length: 0x3\r\n", 400},
      {"Host: h\r\nContent-Length:\r\n", 400},
      {"Host: h\r\nContent-Length: 1048576\r\n", 200},
      {"Host: h\r\nContent-Length: 1048577\r\n", 413},
      {"Host: h\r\nContent-Length: 99999999999999999999999\r\n", 413},
      {"Host: h\r\nContent-Encoding: gzip\r\n", 415},
      {"Host: h\r\nContent-Encoding: identity\r\nContent-Encoding: br\r\n", 415},
      {"Host: h\r\nContent-Encoding: identity\r\n", 200},
      {"Host: h\r\nExpect: 100-continue\r\n", 200},
      {"Host: h\r\nExpect: magic\r\n", 417},
      {"", 400},
      {"Host:\r\n", 400},
      {"Host: a\r\nHost: b\r\n", 400},
      {"Host: a\r\nhost: a\r\n", 400},
      {"Host : h\r\n", 400},
      {"Host: h\r\nX-A : 1\r\n", 400},
      {"Host: h\r\nX-A: 1\r\n folded\r\n", 400},
      {"Host: h\r\nX-A: 1\r\n\tfolded\r\n", 400},
      {" Host: h\r\n", 400},
      {"Host: h\r\nno colon\r\n", 400},
      {"Host: h\r\n: empty\r\n", 400},
      {"Host: h\r\nX(A): 1\r\n", 400},
      {"Host: h\r\nREMOTE_ADDR: 127.0.0.1\r\n", 400},
      {"Host: h\r\nremote_addr: 127.0.0.1\r\n", 400},
      {"Host: h\r\nLOCAL_PORT: 1\r\n", 400},
      {"Host: h\r\nX-A: a\rb\r\n", 400},
      {"Host: h\r\nX-A: a\0b\r\n"s, 400},
      {"Host: h\r\nX-A: a\x7f\r\n", 400},
      {"Host: h\r\nX-A: caf\xc3\xa9\tok\r\n", 200},
  };
  for (const auto& [fields, status] : cases) {
    EXPECT_EQ(status_of("POST / HTTP/1.1\r\n" + fields + "\r\n"), status) << fields;
  }
}

TEST(ParseRequestHead, AnswersEveryRequestLine) {
  const std::pair<std::string, int> cases[] = {{"GET / HTTP/1.1", 200},
                                               {"GET / HTTP/1.0", 200},
                                               {"GET /?q HTTP/1.1", 200},
                                               {"HEAD / HTTP/1.1", 200},
                                               {"PUT / HTTP/1.1", 200},
                                               {"PATCH / HTTP/1.1", 200},
                                               {"DELETE / HTTP/1.1", 200},
                                               {"OPTIONS / HTTP/1.1", 200},
                                               {"OPTIONS * HTTP/1.1", 400},
                                               {"GET http://h/ HTTP/1.1", 400},
                                               {"GET / HTTP/2.0", 505},
                                               {"GET / HTTP/1.11", 505},
                                               {"GET / HTTX/1.1", 400},
                                               {"GET / http/1.1", 400},
                                               {"GET /", 400},
                                               {"GET  / HTTP/1.1", 400},
                                               {"GET / a HTTP/1.1", 400},
                                               {"GET / HTTP/1.1 ", 400},
                                               {" GET / HTTP/1.1", 400},
                                               {"get / HTTP/1.1", 501},
                                               {"TRACE / HTTP/1.1", 501},
                                               {"CONNECT h:1 HTTP/1.1", 400},
                                               {"PRI / HTTP/1.1", 501},
                                               {"G(T / HTTP/1.1", 400},
                                               {"GET /a#b HTTP/1.1", 400},
                                               {"GET /caf\xc3\xa9 HTTP/1.1", 400},
                                               {"GET /\t HTTP/1.1", 400},
                                               {"", 400}};
  for (const auto& [line, status] : cases)
    EXPECT_EQ(status_of(line + "\r\n" + kHost + "\r\n"), status) << line;
}

TEST(ParseRequestHead, HoldsItsLimits) {
  const auto with_fields = [](int count) {
    std::string head = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (int i = 1; i < count; ++i) head += "X: 1\r\n";
    return head + "\r\n";
  };
  EXPECT_EQ(status_of(with_fields(64)), 200);
  EXPECT_EQ(status_of(with_fields(65)), 431);
  const auto with_target = [](std::size_t size) {
    return "GET /" + std::string(size - 1, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n";
  };
  EXPECT_EQ(status_of(with_target(8192)), 200);
  EXPECT_EQ(status_of(with_target(8193)), 414);
  const auto with_value = [](std::size_t size) {
    return "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(size, 'a') + "\r\n\r\n";
  };
  EXPECT_EQ(status_of(with_value(8189)), 200);
  EXPECT_EQ(status_of(with_value(8193)), 400);
}

TEST(ParseRequestHead, ReadsConnectionOptionsAndVersion) {
  const auto keep_alive = [](const std::string& version, const std::string& fields) {
    return parse_request_head("GET / " + version + "\r\nHost: h\r\n" + fields + "\r\n", {})
        .value()
        .keep_alive;
  };
  EXPECT_TRUE(keep_alive("HTTP/1.1", ""));
  EXPECT_TRUE(keep_alive("HTTP/1.1", "Connection: keep-alive\r\n"));
  EXPECT_FALSE(keep_alive("HTTP/1.1", "Connection: close\r\n"));
  EXPECT_FALSE(keep_alive("HTTP/1.1", "Connection: Upgrade , CLOSE\r\n"));
  EXPECT_FALSE(keep_alive("HTTP/1.1", "Connection: x\r\nConnection: close\r\n"));
  EXPECT_FALSE(keep_alive("HTTP/1.0", "Connection: keep-alive\r\n"));
}

TEST(HeadScanner, FindsTheEndHoweverTheBytesArrive) {
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string received = head + "next";
  const GuardOptions limits;
  HeadScanner scanner(limits);
  for (std::size_t size = 1; size < head.size(); ++size) {
    ASSERT_EQ(scanner.scan(std::string_view(received).substr(0, size)).value(), std::nullopt) << size;
  }
  EXPECT_EQ(scanner.scan(received).value(), head.size());
}

int scan_status(const std::string& received, const GuardOptions& limits = {}) {
  HeadScanner scanner(limits);
  const auto scanned = scanner.scan(received);
  return scanned ? 0 : scanned.error().status;
}

TEST(HeadScanner, RefusesBareLineFeeds) {
  EXPECT_EQ(scan_status("GET / HTTP/1.1\nHost: h\n\n"), 400);
  EXPECT_EQ(scan_status("GET / HTTP/1.1\r\nHost: h\n\r\n"), 400);
  EXPECT_EQ(scan_status("\n"), 400);
  EXPECT_EQ(scan_status("GET / HTTP/1.1\r\n\n"), 400);
}

TEST(HeadScanner, StopsReadingAtTheLimits) {
  EXPECT_EQ(scan_status("GET /" + std::string(9'000, 'a')), 414);
  EXPECT_EQ(scan_status("GET / HTTP/1.1\r\nX: " + std::string(33'000, 'a')), 431);
  std::string many = "GET / HTTP/1.1\r\n";
  while (many.size() < 33'000) many += "X: 1\r\n";
  EXPECT_EQ(scan_status(many), 431);
  EXPECT_EQ(scan_status("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'a')), 0);
}

}  // namespace
}  // namespace authplane
