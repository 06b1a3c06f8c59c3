#include "tool_scope_policy.h"

#include <authplane/mcp_auth/auth.h>
#include <authplane/oauth/scope.h>

namespace authplane::mcp::detail {

const std::vector<std::string>* ToolScopePolicy::scopes_of(std::string_view tool_name) const {
  const auto found = tool_scopes_.find(tool_name);
  return found == tool_scopes_.end() ? nullptr : &found->second;
}

std::optional<HttpResponse> ToolScopePolicy::before_dispatch(const HttpRequest&,
                                                             const RequestContext& context,
                                                             std::span<const Invocation> invocations) const {
  // One challenge names everything the request needs, so that a client asks its user once.
  ScopeSet needed = ScopeSet::of(guard_.options().required_scopes);
  for (const Invocation& invocation : invocations) {
    if (const auto* scopes = scopes_of(invocation.tool_name)) {
      for (const std::string& scope : *scopes) needed.insert(scope);
    }
  }
  if (needed.empty()) return std::nullopt;
  const Authenticated* caller = authenticated(context);
  if (!caller) {
    Error error;
    error.code = ErrorCode::token_missing;
    error.message = "the MCP server was called without the context of an authenticated request";
    return guard_.reject(error);
  }
  if (auto allowed = guard_.require_scopes(caller->claims, needed.tokens()); !allowed) {
    return std::move(allowed.error());
  }
  return std::nullopt;
}

bool ToolScopePolicy::tool_visible(const RequestContext& context, std::string_view tool_name) const {
  if (forbidden_ == ForbiddenTools::listed) return true;
  const auto* scopes = scopes_of(tool_name);
  if (!scopes) return true;
  const Authenticated* caller = authenticated(context);
  return caller && caller->claims.require_scopes(*scopes).has_value();
}

}  // namespace authplane::mcp::detail
