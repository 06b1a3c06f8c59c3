#include "authserver/http_beast/head_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include <authplane/base/encoding.h>

namespace authplane::http_beast {
namespace {

using CharClass = std::array<bool, 256>;

template <class Predicate>
constexpr CharClass char_class(Predicate in_class) {
  CharClass table{};
  for (int c = 0; c < 256; ++c) table[static_cast<std::size_t>(c)] = in_class(c);
  return table;
}

constexpr bool is_alphanumeric(int c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_one_of(int c, std::string_view set) {
  return c > 0 && c < 128 && set.find(static_cast<char>(c)) != std::string_view::npos;
}

// RFC 9110 section 5.6.2.
constexpr CharClass kTokenChar =
    char_class([](int c) { return is_alphanumeric(c) || is_one_of(c, "!#$%&'*+-.^_`|~"); });
// RFC 9110 section 5.5: HTAB, SP, VCHAR, obs-text.
constexpr CharClass kValueChar = char_class([](int c) { return c == '\t' || (c >= 0x20 && c != 0x7f); });
// Visible ASCII without '#': a fragment is never sent. Browsers leave some characters RFC 3986 forbids
// unescaped.
constexpr CharClass kTargetChar = char_class([](int c) { return c > 0x20 && c < 0x7f && c != '#'; });
// RFC 3986 section 3.2 without userinfo: a reg-name, an IPv4 address, a bracketed IPv6 address, a port.
constexpr CharClass kHostChar =
    char_class([](int c) { return is_alphanumeric(c) || is_one_of(c, "-._~%!$&'()*+,;=:[]"); });

constexpr std::size_t kMaxMethodBytes = 32;
constexpr std::size_t kVersionBytes = 8;  // "HTTP/1.1"

bool all_of_class(std::string_view text, const CharClass& table) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return table[static_cast<unsigned char>(c)]; });
}

std::string_view trim_whitespace(std::string_view text) {
  const auto is_whitespace = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_whitespace(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_whitespace(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<Refusal> read_version(std::string_view version, RequestHead& head) {
  if (version == "HTTP/1.1") return std::nullopt;
  if (version == "HTTP/1.0") {
    head.http_1_0 = true;
    head.keep_alive = false;
    return std::nullopt;
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool well_formed = version.size() == kVersionBytes && version.starts_with("HTTP/") &&
                           is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
  if (well_formed) return Refusal{505, "this server speaks HTTP/1.1"};
  return Refusal{400, "malformed request line"};
}

std::optional<Refusal> read_request_line(std::string_view line, const HeadLimits& limits, RequestHead& head) {
  const std::size_t first_space = line.find(' ');
  if (first_space == std::string_view::npos) return Refusal{400, "malformed request line"};
  const std::string_view method = line.substr(0, first_space);
  if (method.empty() || method.size() > kMaxMethodBytes || !all_of_class(method, kTokenChar)) {
    return Refusal{400, "malformed method"};
  }
  line.remove_prefix(first_space + 1);
  const std::size_t second_space = line.find(' ');
  if (second_space == std::string_view::npos) return Refusal{400, "malformed request line"};
  const std::string_view target = line.substr(0, second_space);
  if (auto refusal = read_version(line.substr(second_space + 1), head)) return refusal;
  if (target.size() > limits.max_target_bytes) return Refusal{414, "request target too long"};
  // Absolute, authority and asterisk forms are for proxies, CONNECT and server-wide OPTIONS (RFC 9112
  // section 3.2).
  if (!target.starts_with('/')) return Refusal{400, "request target is not in origin form"};
  if (!all_of_class(target, kTargetChar)) return Refusal{400, "invalid character in request target"};
  head.request.method = method;
  head.request.target = target;
  return std::nullopt;
}

// What has been seen of the fields that decide framing and routing.
struct SeenFields {
  bool host = false;
  bool content_length = false;
  bool close = false;
};

std::size_t body_limit(const HttpRequest& request, const HeadLimits& limits) {
  const auto* large = limits.large_body_paths;
  const bool may_be_large =
      large != nullptr && std::find(large->begin(), large->end(), request.path()) != large->end();
  return may_be_large ? limits.max_large_body_bytes : limits.max_body_bytes;
}

// The rest of a head can still be read after these.
bool is_about_body(int status) {
  return status == 411 || status == 413 || status == 415 || status == 417;
}

// RFC 9112 section 6.3: anything but one plain decimal number is an attack or a bug.
std::optional<Refusal> read_content_length(std::string_view value, const HeadLimits& limits, SeenFields& seen,
                                           RequestHead& head) {
  if (std::exchange(seen.content_length, true)) return Refusal{400, "Content-Length appears more than once"};
  std::uint64_t length = 0;
  const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), length);
  const bool only_digits = end == value.data() + value.size() && !value.empty();
  if (only_digits && failure == std::errc::result_out_of_range) return Refusal{413, "request body too large"};
  if (!only_digits || failure != std::errc()) return Refusal{400, "malformed Content-Length"};
  if (length > body_limit(head.request, limits)) return Refusal{413, "request body too large"};
  head.content_length = static_cast<std::size_t>(length);
  return std::nullopt;
}

std::optional<Refusal> read_host(std::string_view value, SeenFields& seen) {
  if (std::exchange(seen.host, true)) return Refusal{400, "Host appears more than once"};
  if (value.empty() || !all_of_class(value, kHostChar)) return Refusal{400, "malformed Host"};
  return std::nullopt;
}

bool lists_close(std::string_view value) {
  while (true) {
    const std::size_t comma = value.find(',');
    if (equals_ignore_case(trim_whitespace(value.substr(0, comma)), "close")) return true;
    if (comma == std::string_view::npos) return false;
    value.remove_prefix(comma + 1);
  }
}

// Names under which CGI and several server libraries hand facts about the connection to the application.
bool names_connection_fact(std::string_view name) {
  return equals_ignore_case(name, "REMOTE_ADDR") || equals_ignore_case(name, "REMOTE_PORT") ||
         equals_ignore_case(name, "LOCAL_ADDR") || equals_ignore_case(name, "LOCAL_PORT");
}

std::optional<Refusal> interpret_field(std::string_view name, std::string_view value,
                                       const HeadLimits& limits, SeenFields& seen, RequestHead& head) {
  switch (name.size()) {  // most names are none of these
    case 4:
      if (equals_ignore_case(name, "Host")) return read_host(value, seen);
      break;
    case 6:
      if (!equals_ignore_case(name, "Expect")) break;
      if (!equals_ignore_case(value, "100-continue")) return Refusal{417, "unknown expectation"};
      head.expects_continue = !head.http_1_0;
      break;
    case 10:
      if (equals_ignore_case(name, "Connection")) seen.close = seen.close || lists_close(value);
      [[fallthrough]];
    case 11:
      if (names_connection_fact(name)) return Refusal{400, "reserved field name"};
      break;
    case 14:
      if (equals_ignore_case(name, "Content-Length")) return read_content_length(value, limits, seen, head);
      break;
    case 16:
      if (equals_ignore_case(name, "Content-Encoding"))
        return Refusal{415, "content codings are not accepted"};
      break;
    case 17:
      if (equals_ignore_case(name, "Transfer-Encoding")) {
        return Refusal{411, "send Content-Length; transfer codings are not accepted"};
      }
      break;
    default:
      break;
  }
  return std::nullopt;
}

std::optional<Refusal> read_field(std::string_view line, const HeadLimits& limits, SeenFields& seen,
                                  RequestHead& head) {
  if (line.front() == ' ' || line.front() == '\t') return Refusal{400, "folded header field"};
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  // A space before the colon fails here: it is no token character (RFC 9112 section 5.1).
  if (colon == std::string_view::npos || name.empty() || !all_of_class(name, kTokenChar)) {
    return Refusal{400, "malformed header field name"};
  }
  const std::string_view value = trim_whitespace(line.substr(colon + 1));
  if (value.size() > limits.max_field_value_bytes) return Refusal{400, "header field value too long"};
  if (!all_of_class(value, kValueChar)) return Refusal{400, "control character in header field"};
  if (auto refusal = interpret_field(name, value, limits, seen, head)) return refusal;
  head.request.headers.add(std::string(name), std::string(value));
  return std::nullopt;
}

}  // namespace

HeadScanner::Progress HeadScanner::refuse(int status, std::string_view description) {
  refusal_ = {status, description};
  return Progress::refused;
}

HeadScanner::Progress HeadScanner::scan(std::string_view bytes) {
  while (searched_ < bytes.size()) {
    const void* found = std::memchr(bytes.data() + searched_, '\n', bytes.size() - searched_);
    if (found == nullptr) {
      searched_ = bytes.size();
      break;
    }
    const std::size_t line_feed = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (line_feed == position_ || bytes[line_feed - 1] != '\r')
      return refuse(400, "a line does not end in CRLF");
    const bool empty_line = line_feed - position_ == 1;
    position_ = searched_ = line_feed + 1;
    if (position_ - begin_ > limits_->max_head_bytes) return check_unfinished(position_);
    if (!empty_line) {
      if (++lines_ > limits_->max_fields + 1) return refuse(431, "too many header fields");
    } else if (lines_ > 0) {
      return Progress::complete;
    } else if (begin_ > 0) {
      return refuse(400, "malformed request line");
    } else {
      begin_ = position_;
    }
  }
  if (lines_ == 0 && begin_ < bytes.size() && bytes[begin_] != '\r' &&
      !kTokenChar[static_cast<unsigned char>(bytes[begin_])]) {
    return refuse(400, "not an HTTP request");
  }
  return check_unfinished(bytes.size());
}

HeadScanner::Progress HeadScanner::check_unfinished(std::size_t size) {
  // Room for the method, two spaces and the version around the target.
  const std::size_t max_request_line = limits_->max_target_bytes + kMaxMethodBytes + 2 + kVersionBytes;
  if (lines_ == 0 && size - begin_ > max_request_line) return refuse(414, "request target too long");
  if (size - begin_ > limits_->max_head_bytes) return refuse(431, "request head too large");
  return Progress::incomplete;
}

namespace {

std::optional<Refusal> read_head(std::string_view head_bytes, const HeadLimits& limits, RequestHead& head) {
  SeenFields seen;
  std::optional<Refusal> of_body;
  std::size_t line_end = head_bytes.find("\r\n");
  if (line_end == std::string_view::npos) return Refusal{400, "malformed request line"};
  if (auto refusal = read_request_line(head_bytes.substr(0, line_end), limits, head)) return refusal;
  while (true) {
    head_bytes.remove_prefix(line_end + 2);
    line_end = head_bytes.find("\r\n");
    if (line_end == std::string_view::npos) return Refusal{400, "a line does not end in CRLF"};
    if (line_end == 0) break;
    if (auto refusal = read_field(head_bytes.substr(0, line_end), limits, seen, head)) {
      if (!is_about_body(refusal->status)) return refusal;
      if (!of_body) of_body = refusal;
    }
    if (head.request.headers.size() > limits.max_fields) return Refusal{431, "too many header fields"};
  }
  if (!seen.host && !head.http_1_0) return Refusal{400, "Host is missing"};
  if (seen.close) head.keep_alive = false;
  return of_body;
}

}  // namespace

Result<RequestHead, Refusal> parse_head(std::string_view head_bytes, const HeadLimits& limits,
                                        HttpRequest* seen) {
  RequestHead head;
  const auto refusal = read_head(head_bytes, limits, head);
  if (!refusal) return head;
  if (seen != nullptr) *seen = std::move(head.request);
  return Err(*refusal);
}

}  // namespace authplane::http_beast
