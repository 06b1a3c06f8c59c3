#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <authplane/mcp/tool.h>
#include <authplane/resource/guard.h>

namespace authplane::mcp::detail {

using ToolScopes = std::map<std::string, std::vector<std::string>, std::less<>>;

// Decides by the token's scopes which tools a request may call (MCP authorization, scope challenge handling).
// Looks at the parsed body, never at a header that repeats the tool's name.
class ToolScopePolicy final : public RequestPolicy {
 public:
  enum class ForbiddenTools { listed, hidden };

  ToolScopePolicy(RequestGuard guard, ToolScopes tool_scopes, ForbiddenTools forbidden)
      : guard_(std::move(guard)), tool_scopes_(std::move(tool_scopes)), forbidden_(forbidden) {}

  std::optional<HttpResponse> before_dispatch(const HttpRequest& request, const RequestContext& context,
                                              std::span<const Invocation> invocations) const override;
  bool tool_visible(const RequestContext& context, std::string_view tool_name) const override;

 private:
  // nullptr when the tool needs none.
  const std::vector<std::string>* scopes_of(std::string_view tool_name) const;

  const RequestGuard guard_;
  const ToolScopes tool_scopes_;
  const ForbiddenTools forbidden_;
};

}  // namespace authplane::mcp::detail
