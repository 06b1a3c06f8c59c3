#include "cors.h"

#include <string>

namespace authplane::mcp {
namespace {

constexpr const char* kRequestHeaders =
    "Authorization, Content-Type, DPoP, Last-Event-ID, MCP-Protocol-Version, Mcp-Method, Mcp-Name, "
    "Mcp-Session-Id";
constexpr const char* kResponseHeaders = "WWW-Authenticate, DPoP-Nonce, Mcp-Session-Id";
constexpr const char* kMaxAge = "7200";  // seconds; browsers take no more

}  // namespace

std::optional<HttpResponse> Cors::preflight(const HttpRequest& request) const {
  if (request.method != "OPTIONS" || !request.headers.contains("Access-Control-Request-Method"))
    return std::nullopt;
  const auto origin = rules_.named_origin(request.headers);
  if (!origin) return std::nullopt;
  HttpResponse response;
  response.status = 204;
  response.headers = {{"Access-Control-Allow-Origin", std::string(*origin)},
                      {"Access-Control-Allow-Methods", methods_},
                      {"Access-Control-Allow-Headers", kRequestHeaders},
                      {"Access-Control-Max-Age", kMaxAge},
                      {"Vary", "Origin"}};
  return response;
}

void Cors::decorate(const HttpRequest& request, HttpResponse& response) const {
  if (!rules_.names_origins()) return;
  response.headers.add("Vary", "Origin");
  const auto origin = rules_.named_origin(request.headers);
  if (!origin) return;
  response.headers.set("Access-Control-Allow-Origin", std::string(*origin));
  response.headers.set("Access-Control-Expose-Headers", kResponseHeaders);
}

}  // namespace authplane::mcp
