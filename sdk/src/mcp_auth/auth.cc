#include <authplane/mcp_auth/auth.h>

#include <array>
#include <utility>

#include <authplane/resource/setup.h>

#include "tool_scope_policy.h"

namespace authplane::mcp {
namespace {

using Caller = std::shared_ptr<const Authenticated>;

// Whom a session belongs to: the same subject through another client is somebody else. The length keeps two
// pairs from having one spelling.
std::string principal_of(const VerifiedClaims& claims) {
  std::string principal = std::to_string(claims.sub().size());
  principal += ':';
  principal += claims.sub();
  principal += claims.client_id();
  return principal;
}

Result<void> check_tool_scopes(const detail::ToolScopes& tool_scopes) {
  for (const auto& [tool, scopes] : tool_scopes) {
    for (const std::string& scope : scopes) {
      if (is_scope_token(scope)) continue;
      return Err(ErrorCode::invalid_argument,
                 "tool_scopes of '" + tool + "': '" + scope + "' is not a scope token");
    }
  }
  return {};
}

}  // namespace

struct Auth::State {
  GuardedResource guarded;
  std::shared_ptr<const RequestPolicy> policy;
};

Result<Auth> Auth::create(AuthOptions options) {
  if (auto checked = check_tool_scopes(options.tool_scopes); !checked) return Err(std::move(checked.error()));
  auto guarded = make_guarded_resource({.issuer = std::move(options.issuer),
                                        .resource = std::move(options.resource),
                                        .base_url = std::move(options.base_url),
                                        .path = std::move(options.mcp_path),
                                        .scopes = std::move(options.scopes),
                                        .required_scopes = std::move(options.required_scopes),
                                        .dev_mode = options.dev_mode,
                                        .client_options = std::move(options.client),
                                        .resource_options = std::move(options.resource_options),
                                        .client = std::move(options.existing_client),
                                        .ambiguous = AmbiguousCredentials::bad_request});
  if (!guarded) return Err(std::move(guarded.error()));
  std::shared_ptr<const RequestPolicy> policy;
  if (!options.tool_scopes.empty()) {
    using Policy = detail::ToolScopePolicy;
    policy = std::make_shared<const Policy>(
        guarded->guard, std::move(options.tool_scopes),
        options.hide_tools ? Policy::ForbiddenTools::hidden : Policy::ForbiddenTools::listed);
  }
  return Auth(std::make_shared<State>(State{std::move(*guarded), std::move(policy)}));
}

std::vector<HttpRoute> Auth::routes(const Server& server) const {
  const std::string& path = resource().identifier().url().path();
  return {guard().metadata_route(),
          {path.empty() ? "/" : path,
           [auth = *this, &server](const HttpRequest& request) { return auth.handle(server, request); }}};
}

HttpResponse Auth::handle(const Server& server, const HttpRequest& request) const {
  auto authenticated = guard().authenticate(request);
  if (!authenticated) return std::move(authenticated.error());
  RequestContext context;
  context.principal = principal_of(authenticated->claims);
  context.user = Caller(std::make_shared<const Authenticated>(std::move(*authenticated)));
  context.policy = state_->policy;
  return server.handle(request, context);
}

const Client& Auth::client() const {
  return state_->guarded.client;
}
const RequestGuard& Auth::guard() const {
  return state_->guarded.guard;
}

void Auth::close() noexcept {
  if (state_->guarded.owns_client) state_->guarded.client.close();
}

const Authenticated* authenticated(const RequestContext& context) {
  const Caller* caller = std::any_cast<Caller>(&context.user);
  return caller ? caller->get() : nullptr;
}

const Authenticated* authenticated(const ToolCall& call) {
  return authenticated(call.context());
}

void require_scope(const ToolCall& call, std::string_view scope) {
  const Authenticated* caller = authenticated(call);
  if (caller && caller->claims.has_scope(scope)) return;
  throw ArgumentError("this tool needs the scope '" + std::string(scope) +
                      "', which the access token does not have");
}

}  // namespace authplane::mcp
