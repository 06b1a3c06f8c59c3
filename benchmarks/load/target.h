#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <authplane/base/result.h>

namespace authplane::bench {

// A server on this machine. These tools put heavy load on what they are pointed at, so nothing else can be
// named.
struct Target {
  sockaddr_storage address{};
  socklen_t address_size = 0;
  std::string authority;       // for Host
  std::string request_target;  // path and query
};

// "http://127.0.0.1:9000/path", "http://[::1]:9000/path" or "http://localhost:9000/path" (127.0.0.1).
// Errors: invalid_argument (no http URL, or not a loopback address; names are never resolved).
Result<Target> parse_target(std::string_view url);

struct RequestTemplate {
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// The bytes of one request. Content-Length is added when there is a body.
std::string request_bytes(const Target& target, const RequestTemplate& request);

// "Name: value" into its parts. Errors: invalid_argument.
Result<std::pair<std::string, std::string>> parse_header(std::string_view text);

}  // namespace authplane::bench
