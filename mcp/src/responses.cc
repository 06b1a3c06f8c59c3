#include "responses.h"

#include <utility>

#include <authplane/mcp/protocol.h>

#include "sse.h"

namespace authplane::mcp {

HttpResponse json_response(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

HttpResponse error_response(int status, std::string_view raw_id, const RpcError& error) {
  return json_response(status, error_message(raw_id, error));
}

HttpResponse refusal(int status, std::string_view raw_id, std::string message) {
  return error_response(status, raw_id, {kInvalidRequest, std::move(message)});
}

HttpResponse method_not_allowed(std::string_view allow) {
  auto response = refusal(405, {}, "Method is not allowed here");
  response.headers.add("Allow", std::string(allow));
  return response;
}

HttpResponse accepted() {
  HttpResponse response;
  response.status = 202;
  return response;
}

HttpResponse event_stream_head() {
  HttpResponse response;
  response.headers.add("Content-Type", "text/event-stream");
  response.headers.add("Cache-Control", "no-cache");
  response.headers.add("X-Accel-Buffering", "no");
  return response;
}

HttpResponse event_stream(const std::vector<std::string>& messages) {
  auto response = event_stream_head();
  for (const auto& message : messages) append_sse_event(response.body, message);
  return response;
}

}  // namespace authplane::mcp
