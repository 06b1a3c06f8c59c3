#include "benchmarks/load/target.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include <authplane/base/url.h>

namespace authplane::bench {
namespace {

constexpr unsigned kLoopbackNetwork = 127;

template <class SocketAddress>
void store(const SocketAddress& from, Target& target) {
  std::memcpy(&target.address, &from, sizeof from);
  target.address_size = sizeof from;
}

bool store_ipv4(const std::string& host, std::uint16_t port, Target& target) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  const std::string literal = host == "localhost" ? "127.0.0.1" : host;
  if (inet_pton(AF_INET, literal.c_str(), &address.sin_addr) != 1) return false;
  if (ntohl(address.sin_addr.s_addr) >> 24 != kLoopbackNetwork) return false;
  store(address, target);
  return true;
}

bool store_ipv6(const std::string& host, std::uint16_t port, Target& target) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  if (inet_pton(AF_INET6, host.c_str(), &address.sin6_addr) != 1) return false;
  if (!IN6_IS_ADDR_LOOPBACK(&address.sin6_addr)) return false;
  store(address, target);
  return true;
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  const auto url = Url::parse(text);
  if (!url) return Err(url.error());
  if (url->scheme() != "http" || url->has_userinfo() || url->has_fragment()) {
    return Err(ErrorCode::invalid_argument, "the URL must be plain http:// without userinfo and fragment");
  }
  Target target;
  const bool loopback = url->host_is_ipv6() ? store_ipv6(url->host(), url->port(), target)
                                            : store_ipv4(url->host(), url->port(), target);
  if (!loopback) {
    return Err(ErrorCode::invalid_argument,
               "\"" + url->host() + "\" is not a loopback address; use 127.0.0.1, [::1] or localhost");
  }
  target.authority = url->authority();
  target.request_target = url->request_target();
  return target;
}

std::string request_bytes(const Target& target, const RequestTemplate& request) {
  std::string bytes =
      request.method + " " + target.request_target + " HTTP/1.1\r\nHost: " + target.authority + "\r\n";
  for (const auto& [name, value] : request.headers) bytes += name + ": " + value + "\r\n";
  if (!request.body.empty()) bytes += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return bytes + "\r\n" + request.body;
}

Result<std::pair<std::string, std::string>> parse_header(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || text.find_first_of("\r\n") != std::string_view::npos) {
    return Err(ErrorCode::invalid_argument, "a header is given as \"Name: value\"");
  }
  std::string_view value = text.substr(colon + 1);
  while (value.starts_with(' ')) value.remove_prefix(1);
  return std::pair(std::string(text.substr(0, colon)), std::string(value));
}

}  // namespace authplane::bench
