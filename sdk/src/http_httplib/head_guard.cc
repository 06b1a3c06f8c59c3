#include "head_guard.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <authplane/base/encoding.h>

namespace authplane {
namespace {

// Room on the request line for the method, two spaces and the version.
constexpr std::size_t kRequestLineExtra = 64;

Unexpected<HeadRefusal> refuse(int status, const char* problem) {
  return Err(HeadRefusal{status, problem});
}

bool is_token_char(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_target(std::string_view text) {
  return text.starts_with('/') &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '#'; });
}

// HTAB, SP, visible and obs-text; what remains are the bytes that end a line or a C string somewhere.
bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto value = static_cast<unsigned char>(c);
    return value == '\t' || (value >= 0x20 && value != 0x7F);
  });
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool list_contains(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (equals_ignore_case(trim(list.substr(0, comma)), wanted)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

// cpp-httplib keeps the peer's address in pseudo fields of these names; a sender must not choose it.
bool is_reserved_name(std::string_view name) {
  static constexpr std::array<std::string_view, 4> kNames = {"REMOTE_ADDR", "REMOTE_PORT", "LOCAL_ADDR",
                                                             "LOCAL_PORT"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](std::string_view reserved) { return equals_ignore_case(name, reserved); });
}

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

Result<void, HeadRefusal> parse_field(std::string_view line, const GuardOptions& limits, RequestHead& head) {
  if (head.headers.size() == limits.max_fields) return refuse(431, "too many header fields");
  if (line.size() > limits.max_field_bytes) return refuse(400, "header field too long");
  if (line.front() == ' ' || line.front() == '\t') return refuse(400, "folded header field");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(400, "header field without a colon");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim(line.substr(colon + 1));
  if (!is_token(name)) return refuse(400, "malformed header field name");
  if (is_reserved_name(name)) return refuse(400, "reserved header field name");
  if (!is_field_value(value)) return refuse(400, "control character in a header field");
  head.headers.add(std::string(name), std::string(value));
  return {};
}

Result<std::size_t, HeadRefusal> parse_content_length(const Headers& headers, const GuardOptions& limits) {
  const std::size_t count = headers.count("Content-Length");
  if (count == 0) return std::size_t{0};
  if (count > 1) return refuse(400, "repeated Content-Length");
  const std::string_view text = *headers.get("Content-Length");
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit))
    return refuse(400, "malformed Content-Length");
  std::size_t length = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), length);
  if (parsed.ec != std::errc() || length > limits.max_body_bytes)
    return refuse(413, "request body too large");
  return length;
}

Result<void, HeadRefusal> check_framing(const GuardOptions& limits, RequestHead& head) {
  const Headers& headers = head.headers;
  if (headers.contains("Transfer-Encoding")) {
    if (headers.contains("Content-Length")) return refuse(400, "both Content-Length and Transfer-Encoding");
    return refuse(411, "a request body needs Content-Length");
  }
  auto length = parse_content_length(headers, limits);
  if (!length) return Err(length.error());
  head.content_length = *length;
  for (const std::string_view coding : headers.all("Content-Encoding")) {
    if (!equals_ignore_case(coding, "identity")) return refuse(415, "coded request content");
  }
  return {};
}

Result<void, HeadRefusal> check_connection(RequestHead& head) {
  const auto host = head.headers.get("Host");
  if (!host || host->empty()) return refuse(400, "needs exactly one Host");
  for (const std::string_view expectation : head.headers.all("Expect")) {
    if (!equals_ignore_case(expectation, "100-continue")) return refuse(417, "unknown expectation");
    head.expects_continue = !head.http_1_0;
  }
  head.keep_alive = !head.http_1_0;
  for (const std::string_view options : head.headers.all("Connection")) {
    if (list_contains(options, "close")) head.keep_alive = false;
  }
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
  for (std::string_view line = next_line(); !line.empty(); line = next_line()) {
    if (auto field = parse_field(line, limits, parsed); !field) return Err(field.error());
  }
  if (auto framing = check_framing(limits, parsed); !framing) return Err(framing.error());
  if (auto connection = check_connection(parsed); !connection) return Err(connection.error());
  return parsed;
}

}  // namespace authplane
