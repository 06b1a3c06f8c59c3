#include <authplane/http_httplib/transport.h>

#include <fcntl.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <map>
#include <tuple>

#include <authplane/base/encoding.h>
#include <authplane/base/mutex.h>

#include "connection.h"
#include "field_syntax.h"
#include "received_bytes.h"
#include "sigpipe_block.h"
#include "watchdog.h"

namespace authplane {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kMaxIdle{
    3};  // below the keep-alive time of common servers, so reuse rarely fails
constexpr std::size_t kMaxIdlePerKey = 8;
constexpr std::size_t kMaxIdleTotal = 64;
constexpr milliseconds kWatchInterval{20};            // a request shorter than this is never looked at
constexpr std::uint64_t kHeadAllowance = 256 * 1024;  // response head, TLS handshake and framing

SteadyTime now() {
  return std::chrono::steady_clock::now();
}

// A connection may only serve requests that agree in all of these.
using PoolKey =
    std::tuple<std::string, std::string, std::uint16_t, std::string>;  // scheme, host, port, address

// A client of the library with its own handle on the current socket. The library's stop() waits for a lock
// that is held while connecting; shutting the socket down by our own descriptor works in every phase, and the
// number cannot have been reused.
class Connection {
 public:
  Connection(const Url& url, const std::string& address, const std::string& ca_file)
      : key_(make_key(url, address)) {
    if (url.scheme() == "https") {
      auto tls = std::make_unique<::httplib::SSLClient>(url.host(), url.port());
      tls->enable_server_certificate_verification(true);
      if (!ca_file.empty()) tls->set_ca_cert_path(ca_file);
      tls_ = tls.get();
      client_ = std::move(tls);
    } else {
      client_ = std::make_unique<::httplib::ClientImpl>(url.host(), url.port());
    }
    if (!address.empty()) client_->set_hostname_addr_map({{url.host(), address}});
    client_->set_follow_location(false);
    client_->set_decompress(false);
    client_->set_keep_alive(true);
    client_->set_tcp_nodelay(true);
    client_->set_socket_options([this](int socket) { remember(socket); });
    keep_raw_target(*client_);
  }

  static PoolKey make_key(const Url& url, const std::string& address) {
    return {url.scheme(), url.host(), url.port(), address};
  }

  const PoolKey& key() const { return key_; }
  ::httplib::ClientImpl& client() { return *client_; }
  const ::httplib::SSLClient* tls() const { return tls_; }

  void begin_request() AUTHPLANE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    received_before_ = received_bytes(socket_.get());
  }
  std::uint64_t received() AUTHPLANE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const std::uint64_t total = received_bytes(socket_.get());
    return total < received_before_ ? total : total - received_before_;
  }
  void shut_down() AUTHPLANE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    // Reset instead of a quiet end when it is closed: the peer may be blocked on a window that will never
    // open.
    const linger abort{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    ::shutdown(socket_.get(), SHUT_RDWR);
  }

  SteadyTime idle_since{};

 private:
  void remember(int socket) AUTHPLANE_EXCLUDES(mutex_) {
    OwnedFd copy(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
    MutexLock lock(mutex_);
    socket_ = std::move(copy);
    received_before_ = 0;
  }

  // The name of the switch changed with the version.
  template <class Client>
  static void keep_raw_target(Client& client) {
    if constexpr (requires { client.set_path_encode(false); }) {
      client.set_path_encode(false);
    } else {
      client.set_url_encode(false);
    }
  }

  const PoolKey key_;
  Mutex mutex_;
  OwnedFd socket_ AUTHPLANE_GUARDED_BY(mutex_);
  std::uint64_t received_before_ AUTHPLANE_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<::httplib::ClientImpl> client_;  // after socket_: its destructor may still call back
  const ::httplib::SSLClient* tls_ = nullptr;
};

// Idle connections, newest first out.
class ConnectionPool {
 public:
  std::unique_ptr<Connection> take(const PoolKey& key) AUTHPLANE_EXCLUDES(mutex_) {
    std::vector<std::unique_ptr<Connection>> stale;  // closed after the lock is released
    MutexLock lock(mutex_);
    const auto oldest = now() - kMaxIdle;
    for (auto at = idle_.begin(); at != idle_.end();) {
      if (at->second->idle_since >= oldest) {
        ++at;
        continue;
      }
      stale.push_back(std::move(at->second));
      at = idle_.erase(at);
    }
    const auto [first, last] = idle_.equal_range(key);
    if (first == last) return nullptr;
    const auto newest = std::prev(last);
    auto connection = std::move(newest->second);
    idle_.erase(newest);
    return connection;
  }

  void give_back(std::unique_ptr<Connection> connection) AUTHPLANE_EXCLUDES(mutex_) {
    connection->idle_since = now();
    MutexLock lock(mutex_);
    if (idle_.size() >= kMaxIdleTotal || idle_.count(connection->key()) >= kMaxIdlePerKey) return;
    const PoolKey key = connection->key();
    idle_.emplace(key, std::move(connection));
  }

  void clear() AUTHPLANE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    idle_.clear();
  }

 private:
  Mutex mutex_;
  std::multimap<PoolKey, std::unique_ptr<Connection>> idle_ AUTHPLANE_GUARDED_BY(mutex_);
};

Result<void> check_request(const OutboundRequest& request) {
  const std::string& scheme = request.url.scheme();
  if (scheme != "http" && scheme != "https") {
    return Err(ErrorCode::invalid_argument,
               "HTTP request: scheme '" + header_safe(scheme) + "' is not http or https");
  }
  if (!is_token(request.method)) return Err(ErrorCode::invalid_argument, "HTTP request: malformed method");
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) return Err(ErrorCode::invalid_argument, "HTTP request: malformed header field name");
    if (!is_field_value(value)) {
      return Err(ErrorCode::invalid_argument, "HTTP request: control character in header field " + name);
    }
  }
  return {};
}

// What the transport decides itself.
bool is_own_field(std::string_view name) {
  static constexpr std::string_view kNames[] = {
      "Host", "Connection", "Accept-Encoding", "Content-Length", "Keep-Alive", "Transfer-Encoding", "Expect"};
  return std::any_of(std::begin(kNames), std::end(kNames),
                     [&](std::string_view own) { return equals_ignore_case(own, name); });
}

// One attempt on one connection, watched for time and size.
class Attempt {
 public:
  Attempt(const OutboundRequest& request, SteadyTime deadline) : request_(request), deadline_(deadline) {}

  // True when a response is complete.
  bool run(Connection& connection, Watchdog& watchdog, milliseconds connect_time) {
    set_times(connection.client(), connect_time);
    connection.begin_request();
    const Watchdog::Watch watch(watchdog, std::min(deadline_, now() + kWatchInterval),
                                [&] { return look_after(connection); });
    ::httplib::Request request = library_request();
    ::httplib::Response response;
    const bool complete = connection.client().send(request, response, error_) && !too_large_ && !timed_out_;
    if (complete) take(response);
    return complete;
  }

  HttpResponse& response() { return response_; }
  bool nothing_sent() const {
    return !timed_out_ &&
           (error_ == ::httplib::Error::Connection || error_ == ::httplib::Error::ConnectionTimeout ||
            error_ == ::httplib::Error::SSLConnection);
  }

  std::string cause(const Connection& connection) const {
    if (too_large_) return "response over " + std::to_string(request_.max_response_bytes) + " bytes";
    if (timed_out_ || now() >= deadline_)
      return "timed out after " + std::to_string(request_.timeout.count()) + " ms";
    if (is_host_mismatch(error_)) return "TLS certificate refused (wrong host name)";
    switch (error_) {
      case ::httplib::Error::Connection:
        return "cannot connect (connection refused or no route)";
      case ::httplib::Error::ConnectionTimeout:
        return "connecting timed out";
      case ::httplib::Error::SSLConnection:
        return "TLS handshake failed";
      case ::httplib::Error::SSLLoadingCerts:
        return "TLS certificate authorities cannot be loaded";
      case ::httplib::Error::SSLServerVerification:
        return "TLS certificate refused" + verify_reason(connection.tls());
      case ::httplib::Error::Read:
        return "connection closed or malformed response";
      case ::httplib::Error::Write:
        return "connection closed while sending";
      default:
        return "failed: " + ::httplib::to_string(error_);
    }
  }

 private:
  void set_times(::httplib::ClientImpl& client, milliseconds connect_time) const {
    const auto left = std::max(milliseconds(1), std::chrono::ceil<milliseconds>(deadline_ - now()));
    client.set_connection_timeout(std::max(milliseconds(1), connect_time));
    client.set_read_timeout(left);
    client.set_write_timeout(left);
  }

  // On the watchdog's thread. Cuts the connection when time is up or more has arrived than any acceptable
  // response has; the library itself would buffer a response head without end.
  SteadyTime look_after(Connection& connection) {
    timed_out_ = now() >= deadline_;
    too_large_ = too_large_ || connection.received() > request_.max_response_bytes +
                                                           request_.max_response_bytes / 8 + kHeadAllowance;
    if (timed_out_ || too_large_) {
      connection.shut_down();
      // Once more soon: a connection attempt that just began a new socket must not escape.
      return now() + kWatchInterval;
    }
    return std::min(deadline_, now() + kWatchInterval);
  }

  ::httplib::Request library_request() {
    ::httplib::Request out;
    out.method = request_.method;
    out.path = request_.url.request_target();
    for (const auto& [name, value] : request_.headers) {
      if (!is_own_field(name)) out.headers.emplace(name, value);
    }
    out.headers.emplace("Host", request_.url.authority());
    out.headers.emplace("Accept-Encoding", "identity");
    if (!request_.headers.contains("User-Agent")) out.headers.emplace("User-Agent", "authplane-cpp");
    out.body = request_.body;
    out.response_handler = [this](const ::httplib::Response& head) {
      too_large_ = declared_length(head) > request_.max_response_bytes;
      return !too_large_;
    };
    out.content_receiver = [this](const char* bytes, std::size_t size, auto, auto) {
      too_large_ = too_large_ || size > request_.max_response_bytes - response_.body.size();
      if (!too_large_) response_.body.append(bytes, size);
      return !too_large_;
    };
    return out;
  }

  // The declared length, 0 when there is none that can be read (the receiver then counts).
  static std::size_t declared_length(const ::httplib::Response& head) {
    const std::string text = head.get_header_value("Content-Length");
    std::size_t length = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), length);
    return parsed.ec == std::errc::result_out_of_range ? SIZE_MAX : length;
  }

  void take(const ::httplib::Response& response) {
    response_.status = response.status;
    for (const auto& [name, value] : response.headers) response_.headers.add(name, value);
  }

  // Newer versions have a value of their own for it.
  template <class E>
  static bool is_host_mismatch(E error) {
    if constexpr (requires { E::SSLServerHostnameVerification; }) {
      return error == E::SSLServerHostnameVerification;
    } else {
      return false;
    }
  }

  // Why the chain was refused, where this version of the library still tells.
  template <class Tls>
  static std::string verify_reason(const Tls* tls) {
    if constexpr (requires { tls->get_openssl_verify_result(); }) {
      if (tls != nullptr && tls->get_openssl_verify_result() == X509_V_OK) return " (wrong host name)";
      if (tls != nullptr) {
        return std::string(" (") + X509_verify_cert_error_string(tls->get_openssl_verify_result()) + ")";
      }
    }
    return "";
  }

  const OutboundRequest& request_;
  const SteadyTime deadline_;
  HttpResponse response_;
  ::httplib::Error error_ = ::httplib::Error::Success;
  std::atomic<bool> timed_out_{false};
  std::atomic<bool> too_large_{false};
};

class HttplibTransport final : public HttpTransport {
 public:
  explicit HttplibTransport(HttplibTransportOptions options) : options_(std::move(options)) {}
  ~HttplibTransport() override {
    const SigpipeBlock block;  // closing a TLS connection says so to the peer
    pool_.clear();
  }
  HttplibTransport(const HttplibTransport&) = delete;
  HttplibTransport& operator=(const HttplibTransport&) = delete;

  Result<HttpResponse> send(const OutboundRequest& request) override {
    if (auto valid = check_request(request); !valid) return Err(std::move(valid).error());
    const SigpipeBlock block;  // outlives every connection that is closed here
    const SteadyTime deadline = now() + request.timeout;
    const auto& pinned = request.pinned_addresses;
    const std::size_t addresses = std::max<std::size_t>(1, pinned.size());
    std::string cause;
    for (std::size_t i = 0; i < addresses; ++i) {
      const std::string address = pinned.empty() ? "" : pinned[i];
      auto connection = pool_.take(Connection::make_key(request.url, address));
      if (!connection)
        connection = std::make_unique<Connection>(request.url, address, options_.ca_certificate_file);
      // Each address gets its share of the time that is left.
      const auto share = std::chrono::ceil<milliseconds>(deadline - now()) / static_cast<int>(addresses - i);
      Attempt attempt(request, deadline);
      if (attempt.run(*connection, watchdog_, share)) {
        pool_.give_back(std::move(connection));
        return std::move(attempt.response());
      }
      cause = attempt.cause(*connection);
      if (!attempt.nothing_sent() || now() >= deadline) break;
    }
    return Err(ErrorCode::transport_error, request.method + " " + request.url.scheme() + "://" +
                                               host_and_port(request.url) + ": " + cause);
  }

 private:
  static std::string host_and_port(const Url& url) {
    return (url.host_is_ipv6() ? "[" + url.host() + "]" : url.host()) + ":" + std::to_string(url.port());
  }

  const HttplibTransportOptions options_;
  Watchdog watchdog_;
  ConnectionPool pool_;
};

}  // namespace

std::shared_ptr<HttpTransport> make_httplib_transport(HttplibTransportOptions options) {
  return std::make_shared<HttplibTransport>(std::move(options));
}

}  // namespace authplane
