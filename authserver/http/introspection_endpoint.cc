#include "authserver/http/introspection_endpoint.h"

#include <utility>

#include "authserver/http/client_authentication.h"
#include "authserver/http/form_request.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

Counter& answered(Metrics& metrics, std::string_view result) {
  return metrics.counter("authserver_introspection_total", {{"result", result}});
}

// Members of an active token in this order, as far as the token has them.
std::string active_body(const Json& claims) {
  OrderedJson body;
  body["active"] = true;
  for (const char* name : {"scope", "client_id", "sub"}) {
    if (const Json* value = find_member(claims, name)) body[name] = *value;
  }
  if (const Json* audience = find_array(claims, "aud")) {
    body["aud"] = audience->size() == 1 ? OrderedJson(audience->front()) : OrderedJson(*audience);
  }
  for (const char* name : {"iss", "exp", "iat", "jti"}) body[name] = claims.at(name);
  body["token_type"] = claims.contains("cnf") ? "DPoP" : "Bearer";
  for (const char* name : {"cnf", "act", "agent_id"}) {
    if (const Json* value = find_member(claims, name)) body[name] = *value;
  }
  return to_json_text(body);
}

HttpResponse uncached(std::string body) {
  HttpResponse response = json_response(200, std::move(body));
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Pragma", "no-cache");
  return response;
}

}  // namespace

IntrospectionEndpoint::IntrospectionEndpoint(Deps deps)
    : deps_(deps),
      active_(answered(deps.metrics, "active")),
      inactive_(answered(deps.metrics, "inactive")),
      error_(answered(deps.metrics, "error")),
      seconds_(deps.metrics.histogram("authserver_introspection_duration_seconds")) {}

HttpResponse IntrospectionEndpoint::handle(const HttpRequest& request) const {
  const auto form = read_parameters(request);
  if (!form) return denied(form.error());
  const auto presented = read_client_authentication(request.headers, *form);
  if (!presented) return denied({.error = presented.error(), .reason = "invalid_request"});
  const auto caller =
      deps_.clients.authenticate_confidential(presented->client_id, presented->client_secret.expose());
  if (!caller) {
    const Denial denial = denial_of(caller.error(), "introspect the token", deps_.logger);
    deps_.tokens.audit_refused_caller(presented->client_id, denial.reason);
    return denied(denial);
  }
  const std::string_view token = form->get("token").value_or("");
  if (token.empty()) return denied(deny(OAuthErrorCode::invalid_request, "token is missing").error);
  return answer(**caller, token);
}

HttpResponse IntrospectionEndpoint::answer(const Client& caller, std::string_view token) const {
  const SteadyTime started = deps_.clock.steady_now();
  const Introspection found = deps_.tokens.introspect(caller, token);
  seconds_.observe(std::chrono::duration<double>(deps_.clock.steady_now() - started).count());
  switch (found.result) {
    case IntrospectionResult::active:
      active_.add();
      return uncached(active_body(found.claims));
    case IntrospectionResult::inactive:
      inactive_.add();
      break;
    case IntrospectionResult::error:
      error_.add();
      break;
  }
  return uncached(R"({"active":false})");
}

HttpResponse IntrospectionEndpoint::denied(const Denial& denial) const {
  deps_.metrics.counter("authserver_auth_denied_total", {{"reason", denial.reason}}).add();
  return oauth_error_response(denial.error);
}

}  // namespace authplane::authserver
