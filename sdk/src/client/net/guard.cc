#include "client/net/guard.h"

#include "client/net/address.h"

namespace authplane::net {
namespace {

Unexpected<Error> blocked(const Url& url, const std::string& problem) {
  return Err(ErrorCode::ssrf_blocked, "request to " + url.origin() + " refused: " + problem);
}

std::string_view way_out(std::string_view reason) {
  if (reason == "loopback") return "; allow_localhost or dev_mode permits it";
  if (reason == "private network" || reason == "shared address space" || reason == "unique local" ||
      reason == "local NAT64") {
    return "; allow_private_networks or dev_mode permits it";
  }
  return "; addresses of this kind are never allowed";
}

}  // namespace

Result<void> check_url(const Url& url, const FetchSettings& settings) {
  if (url.host().empty()) return Err(ErrorCode::ssrf_blocked, "request refused: the URL has no host");
  if (url.scheme() == "http" && !settings.allow_http) {
    return blocked(url,
                   "scheme http is not allowed; use https, or set allow_http or dev_mode for development");
  }
  if (url.scheme() != "https" && url.scheme() != "http") return blocked(url, "only https is allowed");
  if (url.has_userinfo()) return blocked(url, "the URL carries user information; remove it");
  return {};
}

Result<std::vector<std::string>> checked_addresses(const Url& url, const FetchSettings& settings,
                                                   Resolver& resolver, std::chrono::milliseconds timeout) {
  std::vector<std::string> addresses;
  if (parse_ip_address(url.host())) {
    addresses.push_back(url.host());
  } else {
    auto resolved = resolver.resolve(url.host(), timeout);
    if (!resolved) return Err(std::move(resolved).error());
    addresses = std::move(*resolved);
  }
  if (addresses.empty()) {
    return Err(ErrorCode::transport_error,
               "host " + url.host() + " has no address; check the name and the DNS");
  }
  for (const std::string& text : addresses) {
    const auto address = parse_ip_address(text);
    if (!address) return blocked(url, "the resolver answered something that is not an IP address");
    if (const auto reason = refusal_reason(*address, settings)) {
      return blocked(url,
                     "its address " + text + " is " + std::string(*reason) + std::string(way_out(*reason)));
    }
  }
  return addresses;
}

}  // namespace authplane::net
