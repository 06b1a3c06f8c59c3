#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <authplane/base/http.h>
#include <authplane/base/result.h>

#include "authserver/http/deferred.h"

namespace authplane::authserver {

// The raw, still percent-encoded pieces of a path that a route's `{...}` segments stand for, in order.
class PathParams {
 public:
  void push(std::string_view raw) { raw_.push_back(raw); }
  std::size_t size() const { return raw_.size(); }
  std::string_view raw(std::size_t index) const { return raw_.at(index); }
  // Decoded. Errors: invalid_request when it is empty, longer than 256 bytes, or not percent-encoded UTF-8.
  Result<std::string> get(std::size_t index) const;

 private:
  std::vector<std::string_view> raw_;
};

// Exact paths to handlers. A pattern is a literal path ("/ready"), or has whole segments in braces
// ("/admin/clients/{id}/suspend"); a last segment "{name...}" takes one or more segments. Literal paths win
// over patterns, earlier patterns over later ones. Built once, then used from many threads.
class Router {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&, const PathParams&)>;

  void add(std::string method, std::string pattern, Handler handler);
  // For endpoints that answer later; `pattern` is a literal path.
  void add_deferred(std::string method, std::string pattern, DeferredHandler handler);
  // The same for any pattern. The parameters are valid until the call returns.
  using DeferredParamsHandler = std::function<void(const HttpRequest&, const PathParams&, Respond)>;
  void add_deferred(std::string method, std::string pattern, DeferredParamsHandler handler);

  struct Answer {
    HttpResponse response;
    std::string_view
        pattern;  // of the route that matched the path, "" when none did; lives as long as the router
  };
  using Done = std::function<void(Answer)>;
  // Calls `done` once, now or later. 404 for an unknown path, 405 with Allow for a known path and another
  // method, both plain text. HEAD runs the GET handler, unless that answers later: such a one does something.
  // Taking the body off is the listener's work.
  void dispatch(const HttpRequest& request, Done done) const;

 private:
  struct Route {
    std::string pattern;
    std::vector<std::string> segments;  // of a pattern with braces
    std::vector<std::pair<std::string, Handler>> methods;
    std::vector<std::pair<std::string, DeferredParamsHandler>> deferred;
  };
  struct PathHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view path) const { return std::hash<std::string_view>{}(path); }
  };

  Route& route_for(const std::string& pattern);
  const Route* find(std::string_view path, PathParams& params) const;
  static bool match(const Route& route, std::string_view path, PathParams& params);
  static HttpResponse run(const Route& route, const HttpRequest& request, const PathParams& params);

  std::unordered_map<std::string, Route, PathHash, std::equal_to<>> literal_;
  std::vector<Route> patterns_;
};

}  // namespace authplane::authserver
