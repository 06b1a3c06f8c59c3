#include "authserver/http_beast/response_writer.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <ctime>

#include <authplane/base/encoding.h>

namespace authplane::http_beast {
namespace {

constexpr std::size_t kMaxCopiedChunk = 16 * 1024;

// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" (RFC 9110 section 5.6.7), formed once a second and thread.
std::string_view date_field() {
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  thread_local std::time_t formed_at = -1;
  thread_local std::array<char, 64> text;
  thread_local std::size_t size = 0;
  const std::time_t now = std::time(nullptr);
  if (now != formed_at) {
    std::tm utc{};
    gmtime_r(&now, &utc);
    const int written = std::snprintf(text.data(), text.size(), "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n",
                                      kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                                      kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900,
                                      utc.tm_hour, utc.tm_min, utc.tm_sec);
    size = static_cast<std::size_t>(std::max(written, 0));
    formed_at = now;
  }
  return {text.data(), size};
}

void append_number(std::size_t number, std::string& out) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

bool is_framing_field(std::string_view name) {
  switch (name.size()) {
    case 4:
      return equals_ignore_case(name, "Date");
    case 10:
      return equals_ignore_case(name, "Connection") || equals_ignore_case(name, "Keep-Alive");
    case 14:
      return equals_ignore_case(name, "Content-Length");
    case 17:
      return equals_ignore_case(name, "Transfer-Encoding");
    default:
      return false;
  }
}

bool is_safe_field(const Headers::Field& field) {
  const auto breaks_line = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  const auto breaks_name = [](char c) { return c <= ' ' || c == ':' || c == 0x7f; };
  const auto& [name, value] = field;
  return !name.empty() && std::none_of(name.begin(), name.end(), breaks_name) &&
         std::none_of(value.begin(), value.end(), breaks_line);
}

}  // namespace

bool has_no_body(int status) {
  return status == 204 || status == 304;
}

bool asks_to_close(const HttpResponse& response) {
  for (std::string_view value : response.headers.all("Connection")) {
    if (equals_ignore_case(value, "close")) return true;
  }
  return false;
}

bool append_response_head(const HttpResponse& response, const ResponseFraming& framing, std::string& out) {
  if (response.status < 200 || response.status > 599) return false;
  if (!std::all_of(response.headers.begin(), response.headers.end(), is_safe_field)) return false;
  out.append("HTTP/1.1 ");
  append_number(static_cast<std::size_t>(response.status), out);
  out.append(" ").append(reason_phrase(response.status)).append("\r\n");
  out.append(date_field());
  for (const auto& [name, value] : response.headers) {
    if (!is_framing_field(name)) out.append(name).append(": ").append(value).append("\r\n");
  }
  if (!has_no_body(response.status)) {
    if (framing.body == BodyFraming::content_length) {
      out.append("Content-Length: ");
      append_number(response.body.size(), out);
      out.append("\r\n");
    } else if (framing.body == BodyFraming::chunked) {
      out.append("Transfer-Encoding: chunked\r\n");
    }
  }
  if (framing.close) out.append("Connection: close\r\n");
  out.append("\r\n");
  return true;
}

HttpResponse error_response(int status, std::string_view error, std::string_view description) {
  HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Cache-Control", "no-store");
  response.body.append("{\"error\":\"").append(error);
  response.body.append("\",\"error_description\":\"").append(description).append("\"}");
  return response;
}

SendOutcome send_now(int fd, std::string_view head, std::string_view body, std::size_t& sent) {
  const std::size_t total = head.size() + body.size();
  while (sent < total) {
    const std::string_view head_left = head.substr(std::min(sent, head.size()));
    const std::string_view body_left = body.substr(sent > head.size() ? sent - head.size() : 0);
    std::array<iovec, 2> parts = {iovec{const_cast<char*>(head_left.data()), head_left.size()},
                                  iovec{const_cast<char*>(body_left.data()), body_left.size()}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t taken = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken >= 0) {
      sent += static_cast<std::size_t>(taken);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return SendOutcome::would_block;
    } else if (errno != EINTR) {
      return SendOutcome::failed;
    }
  }
  return SendOutcome::complete;
}

bool send_by(int fd, std::string_view head, std::string_view body, SteadyTime deadline) {
  std::size_t sent = 0;
  while (true) {
    const SendOutcome outcome = send_now(fd, head, body, sent);
    if (outcome != SendOutcome::would_block) return outcome == SendOutcome::complete;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd writable{fd, POLLOUT, 0};
    if (::poll(&writable, 1, static_cast<int>(left.count())) < 0 && errno != EINTR) return false;
  }
}

bool SocketSink::write(std::string_view bytes) {
  if (bytes.empty()) return !failed_;  // an empty chunk would end the body
  if (framing_ != BodyFraming::chunked) return send({}, bytes);
  std::array<char, 20> size;
  char* const end = std::to_chars(size.data(), size.data() + 16, bytes.size(), 16).ptr;
  std::string head(size.data(), end);
  head.append("\r\n");
  if (bytes.size() > kMaxCopiedChunk) return send(head, bytes) && send("\r\n", {});
  head.append(bytes).append("\r\n");  // one packet instead of two
  return send(head, {});
}

bool SocketSink::finish() {
  return framing_ == BodyFraming::chunked ? send("0\r\n\r\n", {}) : !failed_;
}

bool SocketSink::send(std::string_view head, std::string_view body) {
  failed_ = failed_ || !send_by(fd_, head, body, std::chrono::steady_clock::now() + write_timeout_);
  return !failed_;
}

}  // namespace authplane::http_beast
