#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/http.h>
#include <authplane/mcp/server.h>

// Rules about the head of a request, the same in both eras.

namespace authplane::mcp {

// What the client says it reads. No Accept field at all means everything.
struct Accepts {
  bool json = false;
  bool event_stream = false;

  static Accepts of(const Headers& headers);
};

// Content-Type: application/json, exactly one field, any parameters.
bool is_json_content(const Headers& headers);

// Whether the page that sent the request may (DNS rebinding and cross-site calls).
class OriginRules {
 public:
  explicit OriginRules(const ServerOptions& options)
      : origins_(options.allowed_origins), hosts_(options.allowed_hosts) {}

  // What is wrong, nullptr when nothing is.
  const char* violation(const Headers& headers, const RequestContext& context) const;

  // The origin of the page that sent the request when the options name it. Pages on this host, which pass
  // when the options name none, are not named.
  std::optional<std::string_view> named_origin(const Headers& headers) const;
  bool names_origins() const { return origins_ && !origins_->empty(); }

 private:
  bool origin_allowed(std::string_view origin) const;
  bool host_allowed(std::string_view host) const;

  std::optional<std::vector<std::string>> origins_, hosts_;
};

}  // namespace authplane::mcp
