#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/http.h>
#include <authplane/base/result.h>

// What a client may talk to. Every outbound call of a client passes the same guard: URL rules, one name
// resolution, address rules on every resolved address, and a transport that connects to a checked address
// only.

namespace authplane::net {

// Defaults are the production settings. Redirects are never followed, whatever is set here.
struct FetchSettings {
  // Off: addresses are neither judged nor pinned. URL rules, size and time limits still apply.
  bool ssrf_protection = true;
  bool allow_http = false;
  bool allow_localhost = false;               // 127.0.0.0/8 and ::1
  bool allow_private_networks = false;        // RFC 1918, RFC 6598, RFC 4193; does not open loopback
  std::chrono::milliseconds timeout{10'000};  // one deadline for the whole call, > 0
  std::size_t max_metadata_bytes = 128 * 1024;
  std::size_t max_jwks_bytes = 64 * 1024;
  std::size_t max_oauth_bytes = 128 * 1024;  // token, introspection and revocation responses

  static FetchSettings production() { return {}; }
  static FetchSettings development() {
    FetchSettings settings;
    settings.allow_http = settings.allow_localhost = settings.allow_private_networks = true;
    return settings;
  }
};

// Turns a host name into addresses. Thread-safe.
class Resolver {
 public:
  virtual ~Resolver() = default;
  // All addresses of `host` in the order they should be tried, in text form without zone id. Must not take
  // longer than `timeout`. `host` is never an IPv4 dotted quad or an IPv6 address. Errors: transport_error.
  virtual Result<std::vector<std::string>> resolve(const std::string& host,
                                                   std::chrono::milliseconds timeout) = 0;
};

// getaddrinfo(3). Lookups run one after the other on one thread of its own, started by the first one, so that
// a slow name server cannot outlive a caller's deadline. The destructor waits for a lookup under way.
std::shared_ptr<Resolver> make_system_resolver();

// The guard as a transport of its own: judges every request by `settings`, resolves the name once, and has
// `inner` connect to the addresses it judged and to no others. `timeout` of a request is replaced by that of
// the settings, max_response_bytes is the caller's. Errors: ssrf_blocked, transport_error.
std::shared_ptr<HttpTransport> make_guarded_transport(const FetchSettings& settings,
                                                      std::shared_ptr<HttpTransport> inner,
                                                      std::shared_ptr<Resolver> resolver,
                                                      std::shared_ptr<const Clock> clock);

}  // namespace authplane::net
