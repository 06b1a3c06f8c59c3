#include "tool_scope_policy.h"

#include <algorithm>

#include <authplane/oauth/scope.h>

namespace authplane::mcp::detail {

std::string missing_scopes(std::span<const std::string_view> scopes) {
  std::string text = "this tool needs the ";
  text += scopes.size() == 1 ? "scope" : "scopes";
  for (const std::string_view scope : scopes) text.append(" '").append(scope).append("'");
  return text += scopes.size() == 1 ? ", which the access token does not have"
                                    : ", and the access token does not have all of them";
}

const std::vector<std::string>* ToolScopePolicy::scopes_of(std::string_view tool_name) const {
  const auto found = tool_scopes_.find(tool_name);
  return found == tool_scopes_.end() ? nullptr : &found->second;
}

bool ToolScopePolicy::may_call(const Authenticated* caller, std::string_view tool_name) const {
  const auto* scopes = scopes_of(tool_name);
  if (!scopes) return true;
  return caller && std::all_of(scopes->begin(), scopes->end(), [caller](const std::string& scope) {
           return caller->claims.has_scope(scope);
         });
}

std::optional<HttpResponse> ToolScopePolicy::before_dispatch(const HttpRequest&,
                                                             const RequestContext& context,
                                                             std::span<const Invocation> invocations) const {
  const Authenticated* caller = authenticated(context);
  if (!caller) {
    Error error;
    error.code = ErrorCode::token_missing;
    error.message = "the MCP server was called without the context of an authenticated request";
    return guard_.reject(error);
  }
  const bool allowed = rules_.refusal == ScopeRefusal::tool_error ||
                       std::all_of(invocations.begin(), invocations.end(), [&](const Invocation& invocation) {
                         return may_call(caller, invocation.tool_name);
                       });
  if (allowed) return std::nullopt;
  // One challenge names everything the request needs, so that a client asks its user once.
  ScopeSet needed = ScopeSet::of(guard_.options().required_scopes);
  for (const Invocation& invocation : invocations) {
    if (const auto* scopes = scopes_of(invocation.tool_name)) {
      for (const std::string& scope : *scopes) needed.insert(scope);
    }
  }
  return std::move(guard_.require_scopes(*caller, needed.tokens()).error());
}

std::optional<std::string> ToolScopePolicy::call_refusal(const RequestContext& context,
                                                         std::string_view tool_name) const {
  if (rules_.refusal == ScopeRefusal::challenge) return std::nullopt;  // before_dispatch() has seen it
  const Authenticated* caller = authenticated(context);
  if (may_call(caller, tool_name)) return std::nullopt;
  const auto& scopes = *scopes_of(tool_name);
  if (caller) (void)guard_.require_scopes(*caller, scopes);  // for the log
  const std::vector<std::string_view> names(scopes.begin(), scopes.end());
  return missing_scopes(names);
}

bool ToolScopePolicy::tool_visible(const RequestContext& context, std::string_view tool_name) const {
  return !rules_.hide_tools || may_call(authenticated(context), tool_name);
}

}  // namespace authplane::mcp::detail
