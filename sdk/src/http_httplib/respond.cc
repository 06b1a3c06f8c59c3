#include <algorithm>
#include <charconv>

#include <authplane/base/encoding.h>
#include <authplane/http_httplib/guard.h>

// A whole response written without cpp-httplib, for routes that are answered by the guard itself.

namespace authplane {
namespace {

bool has_no_body(int status) {
  return status < 200 || status == 204 || status == 304;
}

// Framing belongs to the exchange.
bool is_framing_field(std::string_view name) {
  return equals_ignore_case(name, "Content-Length") || equals_ignore_case(name, "Transfer-Encoding") ||
         equals_ignore_case(name, "Connection");
}

// A field that would end the line early and start another is left out (response splitting).
bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

void append_number(std::string& out, std::size_t number, int base) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number, base).ptr);
}

std::string head_of(const HttpResponse& response) {
  std::string head;
  head.reserve(256);
  head = "HTTP/1.1 ";
  append_number(head, static_cast<std::size_t>(response.status), 10);
  head.append(" ").append(reason_phrase(response.status)).append("\r\n");
  for (const auto& [name, value] : response.headers) {
    if (is_framing_field(name) || !is_one_line(name) || !is_one_line(value)) continue;
    head.append(name).append(": ").append(value).append("\r\n");
  }
  return head;
}

class ChunkSink final : public BodySink {
 public:
  ChunkSink(GuardedExchange& exchange, bool chunked) : exchange_(exchange), chunked_(chunked) {}

  bool write(std::string_view bytes) override {
    if (bytes.empty()) return true;
    if (!chunked_) return exchange_.write(bytes);
    std::string chunk;
    chunk.reserve(bytes.size() + 16);
    append_number(chunk, bytes.size(), 16);
    chunk.append("\r\n").append(bytes).append("\r\n");
    return exchange_.write(chunk);
  }

 private:
  GuardedExchange& exchange_;
  const bool chunked_;
};

}  // namespace

bool GuardedExchange::respond(const HttpResponse& response) {
  const bool streamed = static_cast<bool>(response.stream);
  const bool chunked = streamed && !http_1_0_;
  if (streamed && http_1_0_) close_after_ = true;  // the end of the connection is the end of the body
  std::string head = head_of(response);
  if (chunked) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (!streamed && !has_no_body(response.status)) {
    head += "Content-Length: ";
    append_number(head, response.body.size(), 10);
    head += "\r\n";
  }
  if (close_after_) head += "Connection: close\r\n";
  head += "\r\n";

  head_written_ = true;
  const bool bodiless = request_.method == "HEAD" || has_no_body(response.status);
  if (!streamed || bodiless) return send_all(head, bodiless ? std::string_view() : response.body);
  if (!start_stream() || !send_all(head, {})) return false;
  ChunkSink sink(*this, chunked);
  response.stream(sink);
  return !chunked || write("0\r\n\r\n");
}

}  // namespace authplane
