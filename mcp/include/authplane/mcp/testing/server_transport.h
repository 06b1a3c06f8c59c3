#pragma once

#include <string>
#include <utility>

#include <authplane/base/http.h>
#include <authplane/mcp/server.h>

namespace authplane::mcp::testing {

// Connects an MCP client to an MCP server inside one process, without sockets. Streamed bodies are collected.
// The server must outlive it. Thread-safe. For tests only.
class ServerTransport final : public HttpTransport {
 public:
  explicit ServerTransport(const Server& server, RequestContext context = {})
      : server_(server), context_(std::move(context)) {}

  Result<HttpResponse> send(const OutboundRequest& request) override {
    HttpRequest received{.method = request.method,
                         .target = request.url.request_target(),
                         .headers = request.headers,
                         .body = request.body,
                         .remote_address = "127.0.0.1"};
    received.headers.set("Host", request.url.authority());
    auto response = server_.handle(received, context_);
    if (response.stream) {
      Collector collector(response.body);
      response.stream(collector);
      response.stream = nullptr;
    }
    if (response.body.size() > request.max_response_bytes) {
      return Err(ErrorCode::transport_error, "the response is over the limit");
    }
    return response;
  }

 private:
  class Collector final : public BodySink {
   public:
    explicit Collector(std::string& body) : body_(body) {}
    bool write(std::string_view bytes) override {
      body_ += bytes;
      return true;
    }

   private:
    std::string& body_;
  };

  const Server& server_;
  const RequestContext context_;
};

}  // namespace authplane::mcp::testing
