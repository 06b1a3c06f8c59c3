#include "head_guard.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <authplane/base/encoding.h>

#include "field_syntax.h"

namespace authplane {
namespace {

// Room on the request line for the method, two spaces and the version.
constexpr std::size_t kRequestLineExtra = 64;
constexpr std::size_t kUsualFields = 16;  // room made at once

Unexpected<HeadRefusal> refuse(int status, const char* problem) {
  return Err(HeadRefusal{status, problem});
}

bool is_target(std::string_view text) {
  return text.starts_with('/') &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '#'; });
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool list_contains(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (equals_ignore_case(trim(list.substr(0, comma)), wanted)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

// The fields that decide how a message is framed or where it goes.
enum class FieldKind {
  plain,
  host,
  expect,
  connection,
  content_length,
  content_encoding,
  transfer_encoding,
  reserved,
};

// cpp-httplib keeps the peer's address in pseudo fields of the reserved names; a sender must not choose it.
FieldKind kind_of(std::string_view name) {
  const auto is = [name](std::string_view known) { return equals_ignore_case(name, known); };
  switch (name.size()) {
    case 4:
      return is("Host") ? FieldKind::host : FieldKind::plain;
    case 6:
      return is("Expect") ? FieldKind::expect : FieldKind::plain;
    case 10:
      if (is("Connection")) return FieldKind::connection;
      return is("LOCAL_ADDR") || is("LOCAL_PORT") ? FieldKind::reserved : FieldKind::plain;
    case 11:
      return is("REMOTE_ADDR") || is("REMOTE_PORT") ? FieldKind::reserved : FieldKind::plain;
    case 14:
      return is("Content-Length") ? FieldKind::content_length : FieldKind::plain;
    case 16:
      return is("Content-Encoding") ? FieldKind::content_encoding : FieldKind::plain;
    case 17:
      return is("Transfer-Encoding") ? FieldKind::transfer_encoding : FieldKind::plain;
    default:
      return FieldKind::plain;
  }
}

// What the fields of one head say together, gathered while they are read and judged when all are known.
struct Framing {
  std::string_view host;
  std::string_view content_length;
  std::size_t hosts = 0;
  std::size_t content_lengths = 0;
  bool transfer_encoding = false;
  bool coded_content = false;
  bool expects_continue = false;
  bool expects_other = false;
  bool close = false;

  void take(FieldKind kind, std::string_view value) {
    switch (kind) {
      case FieldKind::host:
        host = value;
        ++hosts;
        break;
      case FieldKind::expect:
        (equals_ignore_case(value, "100-continue") ? expects_continue : expects_other) = true;
        break;
      case FieldKind::connection:
        close = close || list_contains(value, "close");
        break;
      case FieldKind::content_length:
        content_length = value;
        ++content_lengths;
        break;
      case FieldKind::content_encoding:
        coded_content = coded_content || !equals_ignore_case(value, "identity");
        break;
      case FieldKind::transfer_encoding:
        transfer_encoding = true;
        break;
      case FieldKind::plain:
      case FieldKind::reserved:
        break;
    }
  }
};

bool is_served_method(std::string_view method) {
  static constexpr std::array<std::string_view, 7> kMethods = {"GET",   "HEAD",   "POST",   "PUT",
                                                               "PATCH", "DELETE", "OPTIONS"};
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

Result<void, HeadRefusal> parse_request_line(std::string_view line, const GuardOptions& limits,
                                             RequestHead& head) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return refuse(400, "malformed request line");
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(method)) return refuse(400, "malformed method");
  if (target.size() > limits.max_target_bytes) return refuse(414, "request target too long");
  if (!is_target(target)) return refuse(400, "request target is not in origin form");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return version.starts_with("HTTP/") ? refuse(505, "only HTTP/1.1 is served")
                                        : refuse(400, "malformed version");
  }
  if (!is_served_method(method)) return refuse(501, "method not implemented");
  head.method = method;
  head.target = target;
  head.http_1_0 = version == "HTTP/1.0";
  return {};
}

Result<void, HeadRefusal> parse_field(std::string_view line, const GuardOptions& limits, RequestHead& head,
                                      Framing& framing) {
  if (head.headers.size() == limits.max_fields) return refuse(431, "too many header fields");
  if (line.size() > limits.max_field_bytes) return refuse(400, "header field too long");
  if (is_blank(line.front())) return refuse(400, "folded header field");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(400, "header field without a colon");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim(line.substr(colon + 1));
  if (!is_token(name)) return refuse(400, "malformed header field name");
  const FieldKind kind = kind_of(name);
  if (kind == FieldKind::reserved) return refuse(400, "reserved header field name");
  if (!is_field_value(value)) return refuse(400, "control character in a header field");
  framing.take(kind, value);
  head.headers.add(std::string(name), std::string(value));
  return {};
}

Result<std::size_t, HeadRefusal> parse_content_length(const Framing& framing, const GuardOptions& limits) {
  if (framing.content_lengths == 0) return std::size_t{0};
  if (framing.content_lengths > 1) return refuse(400, "repeated Content-Length");
  const std::string_view text = framing.content_length;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit))
    return refuse(400, "malformed Content-Length");
  std::size_t length = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), length);
  if (parsed.ec != std::errc() || length > limits.max_body_bytes)
    return refuse(413, "request body too large");
  return length;
}

Result<void, HeadRefusal> check_content(const Framing& framing, const GuardOptions& limits,
                                        RequestHead& head) {
  if (framing.transfer_encoding) {
    if (framing.content_lengths > 0) return refuse(400, "both Content-Length and Transfer-Encoding");
    return refuse(411, "a request body needs Content-Length");
  }
  auto length = parse_content_length(framing, limits);
  if (!length) return Err(length.error());
  head.content_length = *length;
  if (framing.coded_content) return refuse(415, "coded request content");
  return {};
}

Result<void, HeadRefusal> check_connection(const Framing& framing, RequestHead& head) {
  if (framing.hosts != 1 || framing.host.empty()) return refuse(400, "needs exactly one Host");
  if (framing.expects_other) return refuse(417, "unknown expectation");
  head.expects_continue = framing.expects_continue && !head.http_1_0;
  head.keep_alive = !framing.close && !head.http_1_0;
  return {};
}

}  // namespace

Result<std::optional<std::size_t>, HeadRefusal> HeadScanner::scan(std::string_view received) {
  for (;;) {
    const std::size_t line_feed = received.find('\n', scanned_);
    const std::size_t seen = std::min(line_feed, received.size());
    if (line_start_ == 0 && seen > limits_->max_target_bytes + kRequestLineExtra) {
      return refuse(414, "request target too long");
    }
    if (seen >= limits_->max_head_bytes) return refuse(431, "request head too large");
    if (line_feed == std::string_view::npos) {
      scanned_ = received.size();
      return std::optional<std::size_t>();
    }
    if (line_feed == line_start_ || received[line_feed - 1] != '\r') return refuse(400, "bare line feed");
    const bool empty_line = line_feed - line_start_ == 1;
    scanned_ = line_start_ = line_feed + 1;
    if (empty_line) return std::optional<std::size_t>(scanned_);
  }
}

Result<RequestHead, HeadRefusal> parse_request_head(std::string_view head, const GuardOptions& limits) {
  RequestHead parsed;
  const auto next_line = [&head] {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    return line;
  };
  if (auto line = parse_request_line(next_line(), limits, parsed); !line) return Err(line.error());
  parsed.headers.reserve(kUsualFields);
  Framing framing;
  for (std::string_view line = next_line(); !line.empty(); line = next_line()) {
    if (auto field = parse_field(line, limits, parsed, framing); !field) return Err(field.error());
  }
  if (auto content = check_content(framing, limits, parsed); !content) return Err(content.error());
  if (auto connection = check_connection(framing, parsed); !connection) return Err(connection.error());
  return parsed;
}

}  // namespace authplane
