#include "authserver/http_beast/response_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace authplane::http_beast {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string head_of(const HttpResponse& response, const ResponseFraming& framing = {}) {
  std::string head;
  EXPECT_TRUE(append_response_head(response, framing, head));
  return head;
}

HttpResponse with_field(const std::string& name, const std::string& value) {
  HttpResponse response;
  response.headers.add(name, value);
  return response;
}

TEST(ResponseHead, HasStatusDateAndLength) {
  HttpResponse response = with_field("X-A", "b");
  response.status = 404;
  response.body = "gone";
  const std::string head = head_of(response);
  EXPECT_THAT(head, ::testing::MatchesRegex(
                        "HTTP/1\\.1 404 Not Found\r\n"
                        "Date: [A-Z][a-z]+, [0-9]+ [A-Z][a-z]+ [0-9]+ [0-9]+:[0-9]+:[0-9]+ GMT\r\n"
                        "X-A: b\r\nContent-Length: 4\r\n\r\n"));
}

TEST(ResponseHead, FramingFieldsAreItsOwn) {
  HttpResponse response = with_field("content-length", "99");
  response.headers.add("Transfer-Encoding", "gzip");
  response.headers.add("Connection", "keep-alive");
  const std::string head = head_of(response, {.close = true});
  EXPECT_THAT(head, Not(HasSubstr("99")));
  EXPECT_THAT(head, Not(HasSubstr("gzip")));
  EXPECT_THAT(head, Not(HasSubstr("keep-alive")));
  EXPECT_THAT(head, HasSubstr("Content-Length: 0\r\n"));
  EXPECT_THAT(head, HasSubstr("Connection: close\r\n"));
}

TEST(ResponseHead, FramesStreams) {
  EXPECT_THAT(head_of({}, {.body = BodyFraming::chunked}), HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(head_of({}, {.body = BodyFraming::until_close}), Not(HasSubstr("Content-Length")));
}

TEST(ResponseHead, StatusWithoutBodyHasNoLength) {
  HttpResponse response;
  response.status = 204;
  EXPECT_THAT(head_of(response), Not(HasSubstr("Content-Length")));
}

TEST(ResponseHead, RefusesWhatWouldSplitTheResponse) {
  std::string head = "kept";
  EXPECT_FALSE(append_response_head(with_field("Location", "/a\r\nSet-Cookie: x=1"), {}, head));
  EXPECT_FALSE(append_response_head(with_field("Location", "/a\nb"), {}, head));
  EXPECT_FALSE(append_response_head(with_field("Location", std::string("a\0b", 3)), {}, head));
  EXPECT_FALSE(append_response_head(with_field("X\r\nY", "b"), {}, head));
  EXPECT_FALSE(append_response_head(with_field("X: Y", "b"), {}, head));
  EXPECT_FALSE(append_response_head(with_field("", "b"), {}, head));
  HttpResponse informational;
  informational.status = 101;
  EXPECT_FALSE(append_response_head(informational, {}, head));
  EXPECT_EQ(head, "kept");
}

class SocketPair {
 public:
  SocketPair() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()), 0);
    const int small = 4096;
    ::setsockopt(ends_[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  }
  ~SocketPair() {
    ::close(ends_[0]);
    close_reader();
  }
  int writer() const { return ends_[0]; }
  void close_reader() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }
  std::string read_some() {
    std::array<char, 65536> buffer;
    const ssize_t size = ::recv(ends_[1], buffer.data(), buffer.size(), MSG_DONTWAIT);
    return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string();
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

TEST(SendNow, ContinuesWhereItStopped) {
  SocketPair pair;
  const std::string head(3000, 'h');
  const std::string body(200'000, 'b');
  std::size_t sent = 0;
  std::string received;
  int rounds = 0;
  while (send_now(pair.writer(), head, body, sent) == SendOutcome::would_block) {
    ++rounds;
    received += pair.read_some();
  }
  for (std::string more = pair.read_some(); !more.empty(); more = pair.read_some()) received += more;
  EXPECT_GT(rounds, 1);
  EXPECT_EQ(received, head + body);
}

TEST(SendBy, GivesUpOnAPeerThatDoesNotRead) {
  SocketPair pair;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(
      send_by(pair.writer(), std::string(1'000'000, 'x'), {}, start + std::chrono::milliseconds(20)));
}

TEST(SendBy, FailsWithoutASignalWhenThePeerIsGone) {
  SocketPair pair;
  pair.close_reader();
  EXPECT_FALSE(send_by(pair.writer(), "x", {}, std::chrono::steady_clock::now() + std::chrono::seconds(5)));
}

TEST(SocketSink, WritesChunks) {
  SocketPair pair;
  SocketSink sink(pair.writer(), BodyFraming::chunked, std::chrono::seconds(5));
  EXPECT_TRUE(sink.write("hello, world 123"));
  EXPECT_TRUE(sink.write(""));
  EXPECT_TRUE(sink.finish());
  EXPECT_EQ(pair.read_some(), "10\r\nhello, world 123\r\n0\r\n\r\n");
}

TEST(SocketSink, FailsForGoodOnceThePeerIsGone) {
  SocketPair pair;
  SocketSink sink(pair.writer(), BodyFraming::until_close, std::chrono::seconds(5));
  EXPECT_TRUE(sink.write("raw"));
  EXPECT_EQ(pair.read_some(), "raw");
  pair.close_reader();
  EXPECT_FALSE(sink.write("x"));
  EXPECT_FALSE(sink.finish());
}

}  // namespace
}  // namespace authplane::http_beast
