#include "benchmarks/load/response_reader.h"

#include <algorithm>
#include <charconv>

#include <authplane/base/encoding.h>

namespace authplane::bench {
namespace {

bool read_number(std::string_view text, int base, std::size_t& number) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return failure == std::errc() && end == text.data() + text.size();
}

}  // namespace

ResponseReader::Progress ResponseReader::feed(std::string_view bytes) {
  if (head_done_) return read_body(bytes);
  const std::size_t searched = head_.size() < 3 ? 0 : head_.size() - 3;
  head_.append(bytes);
  const std::size_t end = head_.find("\r\n\r\n", searched);
  if (end == std::string::npos) return head_.size() > 65'536 ? Progress::malformed : Progress::incomplete;
  const std::string rest = head_.substr(end + 4);
  head_.resize(end + 2);
  if (read_head() == Progress::malformed) return Progress::malformed;
  head_done_ = true;
  head_.clear();
  return read_body(rest);
}

ResponseReader::Progress ResponseReader::read_head() {
  std::string_view head = head_;
  std::size_t status = 0;
  if (!head.starts_with("HTTP/1.1 ") || head.size() < 12 || !read_number(head.substr(9, 3), 10, status)) {
    return Progress::malformed;
  }
  status_ = static_cast<int>(status);
  for (std::size_t line_end = head.find("\r\n"); line_end + 2 < head.size(); line_end = head.find("\r\n")) {
    head.remove_prefix(line_end + 2);
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return Progress::malformed;
    const std::string_view name = line.substr(0, colon);
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    if (equals_ignore_case(name, "Content-Length") && !read_number(value, 10, left_))
      return Progress::malformed;
    if (equals_ignore_case(name, "Transfer-Encoding")) chunked_ = equals_ignore_case(value, "chunked");
    if (equals_ignore_case(name, "Connection")) keeps_alive_ = !equals_ignore_case(value, "close");
  }
  return Progress::complete;
}

ResponseReader::Progress ResponseReader::read_body(std::string_view bytes) {
  if (chunked_) return read_chunks(bytes);
  if (bytes.size() > left_) return Progress::malformed;
  left_ -= bytes.size();
  return left_ == 0 ? Progress::complete : Progress::incomplete;
}

ResponseReader::Progress ResponseReader::read_chunks(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t skipped = std::min(left_, bytes.size());
    left_ -= skipped;
    bytes.remove_prefix(skipped);
    if (last_chunk_ && left_ == 0) return bytes.empty() ? Progress::complete : Progress::malformed;
    if (left_ != 0 || bytes.empty()) break;
    const std::size_t line_feed = bytes.find('\n');
    head_.append(bytes.substr(0, line_feed));
    if (line_feed == std::string_view::npos)
      return head_.size() > 64 ? Progress::malformed : Progress::incomplete;
    bytes.remove_prefix(line_feed + 1);
    if (!read_chunk_line()) return Progress::malformed;
  }
  return Progress::incomplete;
}

bool ResponseReader::read_chunk_line() {
  std::size_t size = 0;
  if (!head_.ends_with('\r')) return false;
  head_.pop_back();
  if (!read_number(head_, 16, size)) return false;
  head_.clear();
  last_chunk_ = size == 0;
  left_ = size + 2;  // trailers are not expected: the last chunk ends like the others
  return true;
}

}  // namespace authplane::bench
