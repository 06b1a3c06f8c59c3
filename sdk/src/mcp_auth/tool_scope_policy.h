#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/mcp/tool.h>
#include <authplane/mcp_auth/auth.h>
#include <authplane/resource/guard.h>

namespace authplane::mcp::detail {

using ToolScopes = std::map<std::string, std::vector<std::string>, std::less<>>;

// The text of a refusal inside a result.
std::string missing_scopes(std::span<const std::string_view> scopes);

// Decides by the token's scopes which tools a request may call (MCP authorization, scope challenge handling).
// Looks at the parsed body, never at a header that repeats the tool's name.
class ToolScopePolicy final : public RequestPolicy {
 public:
  struct Rules {
    ScopeRefusal refusal = ScopeRefusal::challenge;
    bool hide_tools = false;
  };

  ToolScopePolicy(RequestGuard guard, ToolScopes tool_scopes, Rules rules)
      : guard_(std::move(guard)), tool_scopes_(std::move(tool_scopes)), rules_(rules) {}

  std::optional<HttpResponse> before_dispatch(const HttpRequest& request, const RequestContext& context,
                                              std::span<const Invocation> invocations) const override;
  std::optional<std::string> call_refusal(const RequestContext& context,
                                          std::string_view tool_name) const override;
  bool tool_visible(const RequestContext& context, std::string_view tool_name) const override;

 private:
  // nullptr when the tool needs none.
  const std::vector<std::string>* scopes_of(std::string_view tool_name) const;
  bool may_call(const Authenticated* caller, std::string_view tool_name) const;

  const RequestGuard guard_;
  const ToolScopes tool_scopes_;
  const Rules rules_;
};

}  // namespace authplane::mcp::detail
