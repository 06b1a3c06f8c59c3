#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <authplane/base/result.h>
#include <authplane/base/url.h>

// HTTP messages as this project sees them, free of any HTTP library (RFC 9110). Servers and clients are
// adapters around these types: http_httplib for cpp-httplib, authserver/http_beast for Boost.Beast.

namespace authplane {

// Header fields in the order they came, repeated fields kept apart. Names compare without case (RFC
// 9110 5.1), values are raw bytes, never decoded.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  void reserve(std::size_t fields) { fields_.reserve(fields); }
  // Replaces every field of that name by one.
  void set(std::string_view name, std::string value);
  void remove(std::string_view name);

  // The only value of that name; nullopt when the field is absent OR repeated. For fields where a repetition
  // must be told apart from absence use count() or all().
  std::optional<std::string_view> get(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  bool contains(std::string_view name) const { return count(name) != 0; }

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }

 private:
  std::vector<Field> fields_;
};

// A request as received by a server. `target` is the raw request target in origin form ("/a%2Fb?x=1"), never
// decoded; path() and query() are views into it, valid as long as the request.
struct HttpRequest {
  std::string method;  // case-sensitive, as received
  std::string target;  // origin form
  Headers headers;
  std::string body;
  std::string remote_address;  // peer IP address in text form, without port; "" when unknown

  std::string_view path() const;   // target up to '?'
  std::string_view query() const;  // after '?', "" when there is none
};

// Where a streamed response body is written. write() blocks until the peer took the bytes; false = the peer
// is gone or the server is stopping, and the writer should return. One thread at a time.
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual bool write(std::string_view bytes) = 0;
};
using BodyWriter = std::function<void(BodySink&)>;

// A response. When `stream` is set, `body` is ignored and the server sends the head, then calls `stream` on a
// worker thread; the response ends when it returns.
struct HttpResponse {
  int status = 200;
  Headers headers;
  std::string body;
  BodyWriter stream;
};

// A handler may be called from many threads at once. It must not throw; servers answer 500 when it does.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

// A handler and the exact raw path it answers for, all methods. A server adapter mounts a list of them; paths
// that no route names answer 404.
struct HttpRoute {
  std::string path;
  HttpHandler handler;
};

// The standard reason phrase, "" for an unknown status.
std::string_view reason_phrase(int status) noexcept;

// A request to be sent. `deadline` bounds the whole call: connect, handshake, send and read.
struct OutboundRequest {
  std::string method = "GET";
  Url url;
  Headers headers;
  std::string body;
  std::chrono::milliseconds timeout{10'000};
  std::size_t max_response_bytes = 128 * 1024;
  // IP addresses in text form, already vetted. When not empty the transport connects only to these, in order,
  // keeping the URL's host for Host, TLS server name and certificate check; it never resolves the name
  // itself.
  std::vector<std::string> pinned_addresses;
};

// Sends requests. Implementations never follow redirects, ignore proxy settings of the environment, ask for
// no content coding, and are safe to call from many threads. Errors: transport_error (connect, TLS, time-out,
// response over the limit). Any HTTP status is a success here.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  virtual Result<HttpResponse> send(const OutboundRequest& request) = 0;
};

}  // namespace authplane
