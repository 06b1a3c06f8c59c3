#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include <authplane/base/clock.h>
#include <authplane/base/http.h>

#include "authserver/http_beast/head_parser.h"

// Responses as bytes, and bytes to a non-blocking socket.

namespace authplane::http_beast {

// How the body of a response is delimited (RFC 9112 section 6.3).
enum class BodyFraming { content_length, chunked, until_close };

struct ResponseFraming {
  BodyFraming body = BodyFraming::content_length;
  bool answers_head_method = false;  // head as for GET, no body
  bool close = false;
};

// Appends status line and fields to `out`. The framing fields (Content-Length, Transfer-Encoding, Connection,
// Keep-Alive) and Date are this function's; the response's own are left out. Returns false, with `out`
// unchanged, when the response cannot be sent safely: a status outside 200..599, a malformed name, or CR, LF,
// NUL in a value.
bool append_response_head(const HttpResponse& response, const ResponseFraming& framing, std::string& out);

// True for a status whose responses have no body and no Content-Length (RFC 9110 section 6.4.1).
bool has_no_body(int status);
// True when the response asks for the connection to be closed.
bool asks_to_close(const HttpResponse& response);

// {"error":...,"error_description":...}, not to be stored. Both strings must need no JSON escaping.
HttpResponse error_response(int status, std::string_view error, std::string_view description);

enum class SendOutcome { complete, would_block, failed };

// Sends head then body from `sent` on as far as the socket takes it now, in one system call if it can;
// advances `sent`.
SendOutcome send_now(int fd, std::string_view head, std::string_view body, std::size_t& sent);
// Blocks until everything is sent; false when the peer is gone or `deadline` has passed.
bool send_by(int fd, std::string_view head, std::string_view body, SteadyTime deadline);

// The body of a streamed response, written straight to the socket by a worker. A write waits for the peer at
// most `write_timeout`; after a failure every write fails.
class SocketSink final : public BodySink {
 public:
  SocketSink(int fd, BodyFraming framing, std::chrono::milliseconds write_timeout)
      : fd_(fd), framing_(framing), write_timeout_(write_timeout) {}

  bool write(std::string_view bytes) override;
  // The last chunk. False when the stream failed: its connection cannot be used again.
  bool finish();

 private:
  bool send(std::string_view head, std::string_view body);

  int fd_;
  BodyFraming framing_;
  std::chrono::milliseconds write_timeout_;
  bool failed_ = false;
};

}  // namespace authplane::http_beast
