#include "authserver/http_beast/head_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace authplane::http_beast {
namespace {

using Progress = HeadScanner::Progress;

constexpr HeadLimits kLimits{.max_head_bytes = 1024,
                             .max_fields = 8,
                             .max_field_value_bytes = 256,
                             .max_target_bytes = 128,
                             .max_body_bytes = 1000};

const std::string kHost = "Host: as.example\r\n";

std::string get_with(const std::string& fields) {
  return "GET /a?b=c HTTP/1.1\r\n" + kHost + fields + "\r\n";
}

// 0 when the head is accepted.
int status_of(const std::string& head) {
  const auto parsed = parse_head(head, kLimits);
  return parsed ? 0 : parsed.error().status;
}

TEST(ParseHead, KeepsTargetAndFieldsAsReceived) {
  const auto head =
      parse_head(get_with("X-Raw: a%0d%0ab \xC3\xA9\r\nx-raw: \t second \t\r\nEmpty:\r\n"), kLimits);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->request.method, "GET");
  EXPECT_EQ(head->request.target, "/a?b=c");
  EXPECT_THAT(head->request.headers.all("X-Raw"), ::testing::ElementsAre("a%0d%0ab \xC3\xA9", "second"));
  EXPECT_EQ(head->request.headers.get("empty"), "");
  EXPECT_TRUE(head->keep_alive);
  EXPECT_EQ(head->content_length, 0U);
}

TEST(ParseHead, ReadsFramingFields) {
  const auto head = parse_head(get_with("content-length: 1000\r\nexpect: 100-Continue\r\n"), kLimits);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->content_length, 1000U);
  EXPECT_TRUE(head->expects_continue);
}

TEST(ParseHead, ClosesWhenConnectionListsClose) {
  EXPECT_FALSE(parse_head(get_with("Connection: x, Close\r\n"), kLimits)->keep_alive);
  EXPECT_FALSE(parse_head(get_with("Connection: a\r\nConnection: close\r\n"), kLimits)->keep_alive);
  EXPECT_TRUE(parse_head(get_with("Connection: closed\r\n"), kLimits)->keep_alive);
}

TEST(ParseHead, Http10NeedsNoHostAndIsNotKeptAlive) {
  const auto head = parse_head("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", kLimits);
  ASSERT_TRUE(head);
  EXPECT_TRUE(head->http_1_0);
  EXPECT_FALSE(head->keep_alive);
}

struct Refused {
  const char* name;
  std::string head;
  int status;
};

class ParseHeadRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(ParseHeadRefuses, WithStatus) {
  EXPECT_EQ(status_of(GetParam().head), GetParam().status);
}

std::string line(const std::string& request_line) {
  return request_line + "\r\n" + kHost + "\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    RequestLine, ParseHeadRefuses,
    ::testing::Values(Refused{"EmptyMethod", line(" / HTTP/1.1"), 400},
                      Refused{"MethodWithControl", line("G\x01T / HTTP/1.1"), 400},
                      Refused{"MethodNotToken", line("G(T / HTTP/1.1"), 400},
                      Refused{"LongMethod", line(std::string(33, 'A') + " / HTTP/1.1"), 400},
                      Refused{"NoVersion", line("GET /"), 400}, Refused{"OnlyMethod", line("GET"), 400},
                      Refused{"TwoSpaces", line("GET  / HTTP/1.1"), 400},
                      Refused{"SpaceInTarget", line("GET /a b HTTP/1.1"), 400},
                      Refused{"TrailingSpace", line("GET / HTTP/1.1 "), 400},
                      Refused{"LowerCaseVersion", line("GET / http/1.1"), 400},
                      Refused{"Http09", line("GET / HTTP/0.9"), 505},
                      Refused{"Http2Preface", line("PRI * HTTP/2.0"), 505},
                      Refused{"VersionNotDigits", line("GET / HTTP/1.x"), 400},
                      Refused{"AbsoluteForm", line("GET http://as.example/ HTTP/1.1"), 400},
                      Refused{"AuthorityForm", line("CONNECT as.example:443 HTTP/1.1"), 400},
                      Refused{"AsteriskForm", line("OPTIONS * HTTP/1.1"), 400},
                      Refused{"Fragment", line("GET /#x HTTP/1.1"), 400},
                      Refused{"NonAsciiTarget", line("GET /\xC3\xA9 HTTP/1.1"), 400},
                      Refused{"ControlInTarget", line(std::string("GET /\0 HTTP/1.1", 15)), 400},
                      Refused{"LongTarget", line("GET /" + std::string(128, 'a') + " HTTP/1.1"), 414}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Fields, ParseHeadRefuses,
    ::testing::Values(
        Refused{"NoHost", "GET / HTTP/1.1\r\n\r\n", 400}, Refused{"TwoHosts", get_with(kHost), 400},
        Refused{"TwoHostsHttp10", "GET / HTTP/1.0\r\n" + kHost + kHost + "\r\n", 400},
        Refused{"EmptyHost", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
        Refused{"HostWithPath", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        Refused{"HostWithUserinfo", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
        Refused{"HostWithSpace", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
        Refused{"Fold", get_with("X: a\r\n b\r\n"), 400},
        Refused{"FoldFirst", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
        Refused{"SpaceBeforeColon", get_with("X : a\r\n"), 400}, Refused{"NoColon", get_with("X\r\n"), 400},
        Refused{"EmptyName", get_with(": a\r\n"), 400}, Refused{"NameNotToken", get_with("X@Y: a\r\n"), 400},
        Refused{"NulInValue", get_with(std::string("X: a\0b\r\n", 8)), 400},
        Refused{"BareCrInValue", get_with("X: a\rb\r\n"), 400},
        Refused{"DelInValue", get_with("X: a\x7f\r\n"), 400},
        Refused{"EscapeInValue", get_with("X: \x1b[0m\r\n"), 400},
        Refused{"LongValue", get_with("X: " + std::string(257, 'a') + "\r\n"), 400},
        Refused{"RemoteAddr", get_with("REMOTE_ADDR: 10.0.0.1\r\n"), 400},
        Refused{"LocalPort", get_with("local_port: 1\r\n"), 400},
        Refused{"LocalAddr", get_with("Local_Addr: 1\r\n"), 400},
        Refused{"RemotePort", get_with("Remote_Port: 1\r\n"), 400},
        Refused{"NineFields", get_with("A:1\r\nB:1\r\nC:1\r\nD:1\r\nE:1\r\nF:1\r\nG:1\r\nH:1\r\n"), 431}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Framing, ParseHeadRefuses,
    ::testing::Values(Refused{"Chunked", get_with("Transfer-Encoding: chunked\r\n"), 411},
                      Refused{"IdentityTransfer", get_with("transfer-encoding: identity\r\n"), 411},
                      Refused{"LengthAndChunked",
                              get_with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 411},
                      Refused{"TwoLengths", get_with("Content-Length: 3\r\nContent-Length: 4\r\n"), 400},
                      Refused{"SameLengthTwice", get_with("Content-Length: 3\r\ncontent-length: 3\r\n"), 400},
                      Refused{"LengthList", get_with("Content-Length: 3, 3\r\n"), 400},
                      Refused{"LengthWithUnit", get_with("Content-Length: 3x\r\n"), 400},
                      Refused{"LengthWithPlus", get_with("Content-Length: +3\r\n"), 400},
                      Refused{"NegativeLength", get_with("Content-Length: -1\r\n"), 400},
                      Refused{"HexLength", get_with("Content-Length: 0x10\r\n"), 400},
                      Refused{"EmptyLength", get_with("Content-Length:\r\n"), 400},
                      Refused{"LengthOverLimit", get_with("Content-Length: 1001\r\n"), 413},
                      Refused{"LengthOver64Bits", get_with("Content-Length: 18446744073709551617\r\n"), 413},
                      Refused{"ContentCoding", get_with("Content-Encoding: gzip\r\n"), 415},
                      Refused{"UnknownExpectation", get_with("Expect: magic\r\n"), 417}),
    [](const auto& test) { return test.param.name; });

TEST(ParseHead, AcceptsTheLimitsThemselves) {
  EXPECT_EQ(status_of(line("GET /" + std::string(127, 'a') + " HTTP/1.1")), 0);
  EXPECT_EQ(status_of(line(std::string(32, 'A') + " / HTTP/1.1")), 0);
  EXPECT_EQ(status_of(get_with("X: " + std::string(256, 'a') + "\r\n")), 0);
  EXPECT_EQ(status_of(get_with("A:1\r\nB:1\r\nC:1\r\nD:1\r\nE:1\r\nF:1\r\nG:1\r\n")), 0);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: [::1]:9001\r\n\r\n"), 0);
}

TEST(HeadScanner, FindsTheEndByteByByte) {
  const std::string head = get_with("X: y\r\n");
  HeadScanner scanner(kLimits);
  for (std::size_t size = 1; size < head.size(); ++size) {
    ASSERT_EQ(scanner.scan(std::string_view(head).substr(0, size)), Progress::incomplete) << size;
  }
  EXPECT_EQ(scanner.scan(head + "next"), Progress::complete);
  EXPECT_EQ(scanner.begin(), 0U);
  EXPECT_EQ(scanner.end(), head.size());
}

TEST(HeadScanner, SkipsOneEmptyLineBeforeARequest) {
  HeadScanner scanner(kLimits);
  ASSERT_EQ(scanner.scan("\r\n" + get_with("")), Progress::complete);
  EXPECT_EQ(scanner.begin(), 2U);
  scanner.reset();
  EXPECT_EQ(scanner.scan("\r\n\r\n"), Progress::refused);
}

int scan_refusal(const std::string& bytes) {
  HeadScanner scanner(kLimits);
  return scanner.scan(bytes) == Progress::refused ? scanner.refusal().status : 0;
}

TEST(HeadScanner, RefusesBeforeTheHeadIsWhole) {
  EXPECT_EQ(scan_refusal("GET / HTTP/1.1\n"), 400);
  EXPECT_EQ(scan_refusal("\n"), 400);
  EXPECT_EQ(scan_refusal("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400);
  EXPECT_EQ(scan_refusal("\x16\x03\x01\x02"), 400);  // TLS ClientHello
  EXPECT_EQ(scan_refusal("GET /" + std::string(200, 'a')), 414);
  EXPECT_EQ(scan_refusal("GET / HTTP/1.1\r\nX: " + std::string(1100, 'a')), 431);
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 9; ++i) many += "A: b\r\n";
  EXPECT_EQ(scan_refusal(many), 431);
}

TEST(HeadScanner, RefusesAWholeHeadOverTheLimit) {
  std::string head = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 5; ++i) head += "X: " + std::string(250, 'a') + "\r\n";
  EXPECT_EQ(scan_refusal(head + "\r\n"), 431);
}

}  // namespace
}  // namespace authplane::http_beast
