#include <authplane/mcp_auth/auth.h>

#include <array>
#include <utility>

#include <authplane/base/random.h>
#include <authplane/resource/setup.h>

#include "tool_scope_policy.h"

namespace authplane::mcp {
namespace {

// What a context points into. Its `policy` shares the ownership, so a copy of the context keeps all of it,
// and a plain pointer in `user` needs no memory of its own.
struct Call {
  Authenticated caller;
  std::shared_ptr<const RequestPolicy> policy;
};

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
  GuardSetup setup = take_guard_setup(options);
  setup.ambiguous = AmbiguousCredentials::bad_request;
  auto guarded = make_guarded_resource(std::move(setup));
  if (!guarded) return Err(std::move(guarded.error()));
  std::shared_ptr<const RequestPolicy> policy;
  if (!options.tool_scopes.empty()) {
    policy = std::make_shared<const detail::ToolScopePolicy>(
        guarded->guard, std::move(options.tool_scopes),
        detail::ToolScopePolicy::Rules{.refusal = options.scope_refusal, .hide_tools = options.hide_tools});
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
  if (auto preflight = server.preflight(request)) return *std::move(preflight);
  auto authenticated = guard().authenticate(request);
  if (!authenticated) {
    server.share_with_origin(request, authenticated.error());
    return std::move(authenticated.error());
  }
  RequestContext context;
  context.principal = authenticated->claims.principal();
  const std::string nonce = std::move(authenticated->dpop_nonce);
  const auto call = std::make_shared<const Call>(Call{std::move(*authenticated), state_->policy});
  context.user = &call->caller;
  context.policy = std::shared_ptr<const RequestPolicy>(call, call->policy.get());
  HttpResponse response = server.handle(request, context);
  if (!nonce.empty()) response.headers.set("DPoP-Nonce", nonce);
  return response;
}

Result<TokenResponse> Auth::exchange(const ToolCall& call, ExchangeOptions options) const {
  if (options.subject_token.empty()) {
    const Authenticated* caller = authenticated(call);
    if (!caller)
      return Err(ErrorCode::token_missing, "exchange: the call of '" + std::string(call.name()) +
                                               "' did not come through Auth, so there is no token");
    options.subject_token = caller->token;
  }
  auto token = client().exchange(options);
  if (token) return token;
  if (auto elicitation = to_url_elicitation(token.error())) throw *std::move(elicitation);
  return token;
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

std::optional<UrlElicitationRequired> to_url_elicitation(const Error& error) {
  const bool consent = error.code == ErrorCode::consent_required && error.consent;
  if (!consent || !error.consent->consent_url || !is_web_url(*error.consent->consent_url))
    return std::nullopt;
  SystemRandom random;
  const bool described = error.oauth && !error.oauth->description.empty();
  return UrlElicitationRequired(
      described ? error.oauth->description : "Consent is required to proceed",
      {{.url = *error.consent->consent_url, .elicitation_id = uuid_v4(random), .message = error.message}});
}

const Authenticated* authenticated(const RequestContext& context) {
  const auto* caller = std::any_cast<const Authenticated*>(&context.user);
  return caller ? *caller : nullptr;
}

const Authenticated* authenticated(const ToolCall& call) {
  return authenticated(call.context());
}

void require_scope(const ToolCall& call, std::string_view scope) {
  const Authenticated* caller = authenticated(call);
  if (caller && caller->claims.has_scope(scope)) return;
  throw ArgumentError(detail::missing_scopes({&scope, 1}));
}

}  // namespace authplane::mcp
