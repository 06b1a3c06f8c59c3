#include <authplane/base/url.h>

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <authplane/base/encoding.h>

namespace authplane {
namespace {

constexpr std::size_t kMaxExcerpt = 120;

// What an error may show of the input: never what stands before an '@', which could be a password.
std::string excerpt(std::string_view text) {
  if (const auto at = text.rfind('@'); at != std::string_view::npos) text.remove_prefix(at + 1);
  return header_safe(text.substr(0, kMaxExcerpt));
}

Unexpected<Error> refuse(std::string_view text, std::string_view problem) {
  return Err(ErrorCode::invalid_argument, "URL '" + excerpt(text) + "': " + std::string(problem));
}

bool is_visible_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

// RFC 3986 would also allow sub-delims and percent triplets in a name. No resolvable host needs them, and
// they turn dangerous in a Host header, a content security policy or a log.
bool is_plain_host_name(std::string_view host) {
  return std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
  });
}

std::uint16_t default_port(std::string_view scheme) {
  if (scheme == "https") return 443;
  if (scheme == "http") return 80;
  return 0;
}

struct Authority {
  std::string_view userinfo;
  std::string_view host;  // without brackets
  std::string_view port;
  bool has_userinfo = false;
  bool bracketed = false;
  bool has_port = false;
};

// [ userinfo "@" ] host [ ":" port ] (RFC 3986 section 3.2), split at the only places the grammar allows.
// What does not belong anywhere ends up in the host and is refused with it.
Authority split_authority(std::string_view text) {
  Authority parts;
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    parts.has_userinfo = true;
    parts.userinfo = text.substr(0, at);
    text.remove_prefix(at + 1);
  }
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  parts.bracketed = bracket != std::string_view::npos;
  const std::size_t colon = text.find(':', parts.bracketed ? bracket : 0);
  parts.has_port = colon != std::string_view::npos;
  if (parts.has_port) parts.port = text.substr(colon + 1);
  parts.host = text.substr(0, std::min(colon, text.size()));
  if (parts.bracketed) {
    parts.host.remove_prefix(1);
    if (parts.host.ends_with(']')) parts.host.remove_suffix(1);
  }
  return parts;
}

bool is_userinfo(std::string_view text) {
  return percent_decode(text).has_value() &&
         text.find_first_of("@[]/?#\"<>\\^`{|}") == std::string_view::npos;
}

bool is_ipv6(const std::string& text) {
  in6_addr address;
  return ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0) return std::nullopt;
  return port;
}

std::string to_std(boost::urls::string_view text) {
  return std::string(text.data(), text.size());
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  if (text.empty()) return refuse(text, "is empty");
  if (!is_visible_ascii(text))
    return refuse(text, "has white space, a control character or a non-ASCII character");
  // The authority is read here: Boost.URL 1.81 takes "http://h:8a/" for host h, port 8 and path "a/", and
  // "http://a@b@c/" for host b. Everything around it is left to the library's grammar.
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return refuse(text, "is not an absolute URL by RFC 3986");
  if (text.substr(colon + 1, 2) != "//") return refuse(text, "has no '//' and host after the scheme");
  const std::size_t start = colon + 3;
  const std::size_t end = std::min(text.find_first_of("/?#", start), text.size());
  const Authority authority = split_authority(text.substr(start, end - start));
  const std::string around = std::string(text.substr(0, start)) + "h" + std::string(text.substr(end));
  const auto parsed = boost::urls::parse_uri(around);
  if (!parsed || parsed->encoded_host() != "h") return refuse(text, "is not an absolute URL by RFC 3986");

  Url url;
  if (!is_userinfo(authority.userinfo)) return refuse(text, "has malformed userinfo");
  url.has_userinfo_ = authority.has_userinfo;
  if (authority.host.empty()) return refuse(text, "has an empty host");
  url.ipv6_ = authority.bracketed;
  url.host_ = ascii_lower(authority.host);
  if (url.ipv6_ && !is_ipv6(url.host_))
    return refuse(text, "has something else than an IPv6 address in brackets");
  if (!url.ipv6_ && !is_plain_host_name(url.host_)) return refuse(text, "has a character no host name has");

  url.text_ = text;
  url.scheme_ = ascii_lower(text.substr(0, colon));
  url.port_ = default_port(url.scheme_);
  if (authority.has_port) {
    const auto port = parse_port(authority.port);
    if (!port) return refuse(text, "has a port that is not between 1 and 65535");
    url.port_ = *port;
    url.explicit_port_ = true;
  }
  url.path_ = to_std(parsed->encoded_path());
  url.query_ = to_std(parsed->encoded_query());
  url.has_query_ = parsed->has_query();
  url.has_fragment_ = parsed->has_fragment();
  return url;
}

std::string Url::authority() const {
  std::string out = ipv6_ ? "[" + host_ + "]" : host_;
  if (port_ != 0 && port_ != default_port(scheme_)) out += ":" + std::to_string(port_);
  return out;
}

std::string Url::origin() const {
  return scheme_ + "://" + authority();
}

std::string Url::request_target() const {
  std::string out = path_.empty() ? "/" : path_;
  if (has_query_) out += "?" + query_;
  return out;
}

}  // namespace authplane
