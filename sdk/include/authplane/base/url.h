#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <authplane/base/result.h>

namespace authplane {

// An absolute URL, parsed strictly by the RFC 3986 grammar and never normalised. Comparison of issuers,
// resources and redirect URIs uses the kept text byte for byte: compare text(), never the parts.
class Url {
 public:
  Url() = default;

  // Accepts only `scheme://host...` with a non-empty host. Refuses white space, control and non-ASCII
  // characters, malformed percent triplets, an empty or zero or out-of-range port, IPv6 zone ids, and host
  // names with anything but letters, digits and "-._~". Userinfo and fragment are accepted here and visible
  // below; most callers refuse them. Errors: invalid_argument, the message names the problem and not more
  // than 120 characters of the input.
  static Result<Url> parse(std::string_view text);

  const std::string& text() const { return text_; }
  const std::string& scheme() const { return scheme_; }  // lower case
  const std::string& host() const { return host_; }      // lower case, IPv6 without brackets
  bool host_is_ipv6() const { return ipv6_; }
  std::uint16_t port() const { return port_; }  // explicit, else the default of http/https, else 0
  bool has_explicit_port() const { return explicit_port_; }
  const std::string& path() const { return path_; }    // raw, "" when absent
  const std::string& query() const { return query_; }  // raw, without '?'
  bool has_query() const { return has_query_; }
  bool has_fragment() const { return has_fragment_; }
  bool has_userinfo() const { return has_userinfo_; }

  // "host", "host:8080", "[::1]:8080": the port is left out when it is the scheme's default. As sent in
  // `Host`.
  std::string authority() const;
  // scheme://authority, lower case, default port left out.
  std::string origin() const;
  // Path and query as sent on the request line; "/" when the path is empty.
  std::string request_target() const;

 private:
  std::string text_, scheme_, host_, path_, query_;
  std::uint16_t port_ = 0;
  bool ipv6_ = false, explicit_port_ = false, has_query_ = false, has_fragment_ = false,
       has_userinfo_ = false;
};

}  // namespace authplane
