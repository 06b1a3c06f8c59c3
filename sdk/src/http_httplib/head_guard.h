#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/http.h>
#include <authplane/http_httplib/guard.h>

// Strict reading of HTTP/1 request heads (RFC 9112), free of sockets and of any HTTP library. Everything that
// two parsers could read differently is refused: that difference is what request smuggling lives on.

namespace authplane {

// The answer to a request that is not served. `problem` is a constant phrase, fit for the wire.
struct HeadRefusal {
  int status = 400;
  const char* problem = "";
};

struct RequestHead {
  std::string method;
  std::string target;  // origin form
  Headers headers;
  std::size_t content_length = 0;
  bool http_1_0 = false;
  bool keep_alive = true;
  bool expects_continue = false;
};

// Finds the end of a head in a growing buffer and looks at each byte once.
class HeadScanner {
 public:
  explicit HeadScanner(const GuardOptions& limits) : limits_(&limits) {}

  // `received` starts with the head and only grows between calls. Gives the size of the head including the
  // empty line, nullopt while it is not complete. Errors: 400 (bare line feed), 414, 431.
  Result<std::optional<std::size_t>, HeadRefusal> scan(std::string_view received);

 private:
  const GuardOptions* limits_;
  std::size_t scanned_ = 0;
  std::size_t line_start_ = 0;
};

// `head` ends with the empty line. Errors: 400, 411 (chunked), 413, 414, 415 (coded content), 417, 431, 501,
// 505.
Result<RequestHead, HeadRefusal> parse_request_head(std::string_view head, const GuardOptions& limits);

}  // namespace authplane
