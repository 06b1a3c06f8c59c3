#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/http.h>

namespace authplane::authserver {

// Cross-origin access for browser clients (WHATWG Fetch): the endpoints clients themselves call
// (token, register, revoke, introspect) and the discovery documents, without credentials; nothing a person
// sees. Origins compare byte for byte; "*" in the list admits any.
class Cors {
 public:
  explicit Cors(std::vector<std::string> allowed_origins);

  // The answer to a preflight of a covered path, nullopt when the request is none.
  std::optional<HttpResponse> preflight(const HttpRequest& request) const;
  // Adds what lets a page read the response.
  void decorate(const HttpRequest& request, HttpResponse& response) const;

 private:
  static bool covers(std::string_view path);
  bool admits(std::string_view origin) const;
  void add_origin(const HttpRequest& request, HttpResponse& response) const;

  std::vector<std::string> allowed_origins_;
  bool any_ = false;
};

}  // namespace authplane::authserver
