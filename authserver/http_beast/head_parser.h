#pragma once

#include <cstddef>
#include <string_view>

#include <authplane/base/http.h>
#include <authplane/base/result.h>

// HTTP/1.1 request heads, read strictly (RFC 9112 sections 2-6, RFC 9110 section 5). Where the RFCs let a
// recipient choose between repairing and refusing, this refuses: what two parsers could read differently is
// never passed on.

namespace authplane::http_beast {

struct HeadLimits {
  std::size_t max_head_bytes;
  std::size_t max_fields;
  std::size_t max_field_value_bytes;
  std::size_t max_target_bytes;
  std::size_t max_body_bytes;
  // Of requests for one of these paths, when set.
  const std::vector<std::string>* large_body_paths = nullptr;
  std::size_t max_large_body_bytes = 0;
};

// Why a request is refused. `description` has static storage and is fit for the wire.
struct Refusal {
  int status;
  std::string_view description;
};

// Finds the end of a head that arrives in pieces, looking at each byte once. Refuses early: a line that does
// not end in CRLF, too many lines, too many bytes, a first byte no method starts with (a TLS handshake).
class HeadScanner {
 public:
  enum class Progress { incomplete, complete, refused };

  explicit HeadScanner(const HeadLimits& limits) : limits_(&limits) {}

  // `bytes` is everything received since the end of the previous request, earlier calls' bytes included.
  Progress scan(std::string_view bytes);

  // After `complete`: the head is bytes[begin(), end()).
  std::size_t begin() const { return begin_; }
  std::size_t end() const { return position_; }
  // After `refused`.
  const Refusal& refusal() const { return refusal_; }
  void reset() { *this = HeadScanner(*limits_); }

 private:
  Progress refuse(int status, std::string_view description);
  Progress check_unfinished(std::size_t size);

  const HeadLimits* limits_;
  std::size_t begin_ = 0;     // after the one empty line that may precede a request (RFC 9112 section 2.2)
  std::size_t position_ = 0;  // start of the line being received
  std::size_t searched_ = 0;  // no LF in [position_, searched_)
  std::size_t lines_ = 0;
  Refusal refusal_{};
};

struct RequestHead {
  HttpRequest request;  // without body and remote_address
  std::size_t content_length = 0;
  bool keep_alive = true;
  bool http_1_0 = false;
  bool expects_continue = false;
};

// Parses a whole head, the empty line included. A refused one leaves in `seen`, when that is given, what was
// understood of it: every field when it is refused for its body alone (411, 413, 415, 417).
// Refusals: 400 syntax, Host, Content-Length; 411 Transfer-Encoding; 413, 414, 431 limits; 415
// Content-Encoding; 417 an expectation other than 100-continue; 505 version.
Result<RequestHead, Refusal> parse_head(std::string_view head, const HeadLimits& limits,
                                        HttpRequest* seen = nullptr);

}  // namespace authplane::http_beast
