#include "authserver/http/router.h"

#include <algorithm>

#include <authplane/base/encoding.h>

#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxPathParameterBytes = 256;

bool is_parameter(std::string_view segment) {
  return segment.starts_with('{');
}
bool takes_the_rest(std::string_view segment) {
  return segment.ends_with("...}");
}

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  for (std::size_t at = 1; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    segments.emplace_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  return segments;
}

template <class Methods>
void append_allowed(std::string& list, const Methods& methods, std::string_view get) {
  for (const auto& [method, handler] : methods) {
    if (!list.empty()) list += ", ";
    list += method == "GET" ? get : method;
  }
}

std::string_view method_to_run(const HttpRequest& request) {
  return request.method == "HEAD" ? std::string_view("GET") : std::string_view(request.method);
}

}  // namespace

Result<std::string> PathParams::get(std::size_t index) const {
  std::optional<std::string> value = percent_decode(raw(index));
  if (!value || !is_valid_utf8(*value) || value->find('\0') != std::string::npos) {
    return Err(ErrorCode::invalid_request, "a path parameter is not percent-encoded UTF-8");
  }
  if (value->empty() || value->size() > kMaxPathParameterBytes) {
    return Err(ErrorCode::invalid_request, "a path parameter must have 1 to 256 bytes");
  }
  return std::move(*value);
}

Router::Route& Router::route_for(const std::string& pattern) {
  if (pattern.find('{') == std::string::npos) {
    Route& route = literal_[pattern];
    route.pattern = pattern;
    return route;
  }
  const auto known =
      std::find_if(patterns_.begin(), patterns_.end(), [&](const Route& r) { return r.pattern == pattern; });
  if (known != patterns_.end()) return *known;
  patterns_.push_back({.pattern = pattern, .segments = split(pattern), .methods = {}, .deferred = {}});
  return patterns_.back();
}

void Router::add(std::string method, std::string pattern, Handler handler) {
  route_for(pattern).methods.emplace_back(std::move(method), std::move(handler));
}

void Router::add_deferred(std::string method, std::string pattern, DeferredHandler handler) {
  add_deferred(std::move(method), std::move(pattern),
               [handler = std::move(handler)](const HttpRequest& request, const PathParams&,
                                              Respond respond) { handler(request, std::move(respond)); });
}

void Router::add_deferred(std::string method, std::string pattern, DeferredParamsHandler handler) {
  route_for(pattern).deferred.emplace_back(std::move(method), std::move(handler));
}

bool Router::match(const Route& route, std::string_view path, PathParams& params) {
  std::size_t at = 1;
  for (std::size_t i = 0; i < route.segments.size(); ++i) {
    if (at > path.size()) return false;
    const std::string& expected = route.segments[i];
    if (takes_the_rest(expected)) {
      if (at == path.size()) return false;
      params.push(path.substr(at));
      return true;
    }
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, slash - at);
    if (is_parameter(expected)) {
      params.push(segment);
    } else if (segment != expected) {
      return false;
    }
    at = slash + 1;
  }
  return at > path.size();
}

const Router::Route* Router::find(std::string_view path, PathParams& params) const {
  if (const auto it = literal_.find(path); it != literal_.end()) return &it->second;
  for (const Route& route : patterns_) {
    PathParams found;
    if (match(route, path, found)) {
      params = std::move(found);
      return &route;
    }
  }
  return nullptr;
}

HttpResponse Router::run(const Route& route, const HttpRequest& request, const PathParams& params) {
  const std::string_view wanted = method_to_run(request);
  for (const auto& [method, handler] : route.methods) {
    if (method == wanted) return handler(request, params);
  }
  HttpResponse response = text_response(405, "method not allowed");
  std::string allowed;
  append_allowed(allowed, route.methods, "GET, HEAD");
  append_allowed(allowed, route.deferred, "GET");
  response.headers.add("Allow", std::move(allowed));
  return response;
}

void Router::dispatch(const HttpRequest& request, Done done) const {
  const std::string_view path = request.path();
  PathParams params;
  const Route* route = path.starts_with('/') ? find(path, params) : nullptr;
  if (route == nullptr) return done({text_response(404, "not found"), ""});
  for (const auto& [method, handler] : route->deferred) {
    if (method != request.method) continue;
    return handler(
        request, params,
        [pattern = std::string_view(route->pattern), done = std::move(done)](HttpResponse response) {
          done({std::move(response), pattern});
        });
  }
  done({run(*route, request, params), route->pattern});
}

}  // namespace authplane::authserver
