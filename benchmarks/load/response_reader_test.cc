#include "benchmarks/load/response_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace authplane::bench {
namespace {

using Progress = ResponseReader::Progress;

// The progress after the last byte; every byte before must leave it incomplete.
Progress feed_bytewise(ResponseReader& reader, const std::string& bytes) {
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    if (reader.feed(bytes.substr(i, 1)) != Progress::incomplete) return Progress::malformed;
  }
  return reader.feed(bytes.substr(bytes.size() - 1));
}

const std::string kSized = "HTTP/1.1 201 Created\r\ncontent-length: 5\r\nConnection: close\r\n\r\nhello";
const std::string kChunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n";

TEST(ResponseReader, ReadsSizedResponses) {
  ResponseReader whole;
  EXPECT_EQ(whole.feed(kSized), Progress::complete);
  EXPECT_EQ(whole.status(), 201);
  EXPECT_FALSE(whole.keeps_alive());
  ResponseReader bytewise;
  EXPECT_EQ(feed_bytewise(bytewise, kSized), Progress::complete);
}

TEST(ResponseReader, ReadsChunkedResponses) {
  ResponseReader whole;
  EXPECT_EQ(whole.feed(kChunked), Progress::complete);
  EXPECT_TRUE(whole.keeps_alive());
  ResponseReader bytewise;
  EXPECT_EQ(feed_bytewise(bytewise, kChunked), Progress::complete);
}

TEST(ResponseReader, RefusesOtherThings) {
  ResponseReader reader;
  EXPECT_EQ(reader.feed("SSH-2.0-x\r\n\r\n"), Progress::malformed);
  reader.reset();
  EXPECT_EQ(reader.feed(kSized + "more"), Progress::malformed);
  reader.reset();
  EXPECT_EQ(reader.feed("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), Progress::malformed);
  reader.reset();
  EXPECT_EQ(reader.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), Progress::malformed);
}

}  // namespace
}  // namespace authplane::bench
