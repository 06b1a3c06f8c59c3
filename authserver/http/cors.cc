#include "authserver/http/cors.h"

#include <algorithm>
#include <array>

namespace authplane::authserver {

Cors::Cors(std::vector<std::string> allowed_origins) : allowed_origins_(std::move(allowed_origins)) {
  any_ = std::find(allowed_origins_.begin(), allowed_origins_.end(), "*") != allowed_origins_.end();
}

bool Cors::covers(std::string_view path) {
  constexpr std::array<std::string_view, 4> kEndpoints{"/oauth/token", "/oauth/register", "/oauth/revoke",
                                                       "/oauth/introspect"};
  return std::any_of(kEndpoints.begin(), kEndpoints.end(),
                     [&](std::string_view endpoint) { return path.ends_with(endpoint); }) ||
         path.find("/.well-known/") != std::string_view::npos;
}

bool Cors::admits(std::string_view origin) const {
  return any_ ||
         std::find(allowed_origins_.begin(), allowed_origins_.end(), origin) != allowed_origins_.end();
}

void Cors::add_origin(const HttpRequest& request, HttpResponse& response) const {
  if (!any_) response.headers.add("Vary", "Origin");
  const auto origin = request.headers.get("Origin");
  if (!origin || !admits(*origin)) return;
  response.headers.add("Access-Control-Allow-Origin", any_ ? "*" : std::string(*origin));
}

std::optional<HttpResponse> Cors::preflight(const HttpRequest& request) const {
  if (allowed_origins_.empty() || request.method != "OPTIONS" || !covers(request.path())) return std::nullopt;
  const auto origin = request.headers.get("Origin");
  if (!origin || !request.headers.contains("Access-Control-Request-Method")) return std::nullopt;
  HttpResponse response{.status = 204, .headers = {}, .body = {}, .stream = {}};
  add_origin(request, response);
  if (!admits(*origin)) return response;
  response.headers.add("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
  response.headers.add("Access-Control-Allow-Headers",
                       "Content-Type, Authorization, DPoP, MCP-Protocol-Version");
  response.headers.add("Access-Control-Max-Age", "86400");
  return response;
}

void Cors::decorate(const HttpRequest& request, HttpResponse& response) const {
  if (allowed_origins_.empty() || !covers(request.path())) return;
  add_origin(request, response);
  if (response.headers.contains("Access-Control-Allow-Origin")) {
    response.headers.add("Access-Control-Expose-Headers", "DPoP-Nonce, WWW-Authenticate");
  }
}

}  // namespace authplane::authserver
