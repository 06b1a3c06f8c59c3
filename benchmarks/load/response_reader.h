#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace authplane::bench {

// Reads one HTTP/1.1 response that arrives in pieces, as cheaply as a load generator needs: status, end of
// the body (Content-Length or chunked), whether the connection goes on.
class ResponseReader {
 public:
  enum class Progress { incomplete, complete, malformed };

  // `bytes` is what was received next. Bytes after the end of the response are malformed: nothing is
  // pipelined.
  Progress feed(std::string_view bytes);
  void reset() { *this = ResponseReader(); }

  bool begun() const { return !head_.empty() || head_done_; }
  int status() const { return status_; }
  bool keeps_alive() const { return keeps_alive_; }

 private:
  Progress read_head();
  Progress read_body(std::string_view bytes);
  Progress read_chunks(std::string_view bytes);
  bool read_chunk_line();

  std::string head_;  // until the head is whole; then the chunk line being read
  bool head_done_ = false;
  bool chunked_ = false;
  bool last_chunk_ = false;
  bool keeps_alive_ = true;
  int status_ = 0;
  std::size_t left_ = 0;  // of the body, or of the chunk and its line end
};

}  // namespace authplane::bench
