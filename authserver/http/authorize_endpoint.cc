#include "authserver/http/authorize_endpoint.h"

#include "authserver/http/login_endpoint.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxLoggedBytes = 256;
constexpr std::size_t kMaxShownBytes = 120;

AuthorizationRequest read(const Form& query) {
  const auto one = [&](std::string_view name) { return std::string(query.get(name).value_or("")); };
  AuthorizationRequest request{.client_id = one("client_id"),
                               .redirect_uri = one("redirect_uri"),
                               .response_type = one("response_type"),
                               .scope = one("scope"),
                               .state = one("state"),
                               .code_challenge = one("code_challenge"),
                               .code_challenge_method = one("code_challenge_method"),
                               .dpop_jkt = one("dpop_jkt"),
                               .resources = {},
                               .repeats_parameter = query.first_repeated("resource").has_value()};
  for (const std::string_view resource : query.all("resource")) {
    if (!resource.empty()) request.resources.emplace_back(resource);
  }
  return request;
}

ErrorPages::Content content_of(const PageRefusal& refusal) {
  using Reason = PageRefusal::Reason;
  const std::string client = "'" + refusal.client_id.substr(0, kMaxShownBytes) + "'";
  switch (refusal.reason) {
    case Reason::malformed:
      return {.status = 400,
              .title = "This link is not complete",
              .explanation =
                  "The link you followed does not say which application it is for, or where to send "
                  "the answer. Go back to the application and start again."};
    case Reason::unknown_client:
      return {
          .status = 400,
          .title = "This application is not known here",
          .explanation = "Invalid client: the application " + client +
                         " is not registered with this server. Go back to it, remove what it stored about "
                         "this server, and start again."};
    case Reason::unreachable_client:
      return {.status = 400,
              .title = "This application could not be looked up",
              .explanation = "Invalid client: nothing could be learned about the application " + client +
                             " at this moment. Wait a moment, then load this page again."};
    case Reason::inactive_client:
      return {.status = 403,
              .title = "This application may not be used",
              .explanation = "The operator of this server has switched off the application " + client + "."};
    case Reason::unregistered_redirect_uri:
      return {
          .status = 400,
          .title = "This link leads somewhere unexpected",
          .explanation = "The link asks to send the answer to an address that the application " + client +
                         " has not registered. Nothing was sent. Do not use the link again; start from the "
                         "application itself."};
    case Reason::unavailable:
      return {.status = 503,
              .title = "The server is busy",
              .explanation = "Wait a moment, then load this page again."};
    case Reason::failed:
      break;
  }
  return {.status = 500,
          .title = "Something went wrong here",
          .explanation = "The server could not look at this request. Try again later."};
}

std::string_view reason_of(const PageRefusal& refusal) {
  using Reason = PageRefusal::Reason;
  switch (refusal.reason) {
    case Reason::malformed:
      return "invalid_request";
    case Reason::unknown_client:
    case Reason::unreachable_client:
    case Reason::inactive_client:
      return "invalid_client";
    case Reason::unregistered_redirect_uri:
      return "invalid_redirect_uri";
    case Reason::unavailable:
      return "temporarily_unavailable";
    case Reason::failed:
      break;
  }
  return "server_error";
}

}  // namespace

HttpResponse AuthorizeEndpoint::handle(const HttpRequest& request) const {
  const auto query = Form::parse(request.query());
  if (!query) {
    return refuse(PageRefusal{PageRefusal::Reason::malformed, "", "the query is not a well-formed form"});
  }
  const auto checked = deps_.service.check(read(*query));
  if (!checked) return refuse(checked.error());
  const BrowserSessions::Found session = deps_.sessions.find(request.headers);
  if (!session.user) {
    HttpResponse response = sign_in_first(*checked, *query);
    if (session.is_stale) response.headers.add("Set-Cookie", deps_.sessions.end());
    return response;
  }
  const auto step =
      deps_.service.begin(*checked, {.id = session.user->user_id, .ip = request.remote_address});
  if (!step) return refuse(step.error());
  if (const auto* issued = std::get_if<IssuedCode>(&*step)) return answer_client(*issued, deps_.site);
  const std::string& id = std::get<ConsentNeeded>(*step).authorization_id;
  return go_to(deps_.site.base_path + "/consent?session_id=" + form_encode(id));
}

// The request is repeated after the login. It is written out anew, so that nothing in it is left that a
// browser could read in two ways.
HttpResponse AuthorizeEndpoint::sign_in_first(const CheckedAuthorization& checked, const Form& query) const {
  if (auto login = login_first(deps_.site, "/oauth/authorize?" + query.encode())) return std::move(*login);
  return send_back({checked.redirect, AuthorizationError::invalid_request, "the request is too long", ""});
}

HttpResponse AuthorizeEndpoint::refuse(const AuthorizationRefusal& refusal) const {
  if (const auto* page = std::get_if<PageRefusal>(&refusal)) return show(*page);
  return send_back(std::get<RedirectRefusal>(refusal));
}

HttpResponse AuthorizeEndpoint::show(const PageRefusal& refusal) const {
  count(reason_of(refusal));
  return deps_.errors.show(content_of(refusal), "client_id " + refusal.client_id.substr(0, kMaxLoggedBytes) +
                                                    ": " + refusal.detail);
}

HttpResponse AuthorizeEndpoint::send_back(const RedirectRefusal& refusal) const {
  count(to_string(refusal.error));
  deps_.logger.warn("authorization refused",
                    {{"error", to_string(refusal.error)},
                     {"cause", refusal.detail.empty() ? refusal.description : refusal.detail}});
  return answer_client(refusal, deps_.site);
}

void AuthorizeEndpoint::count(std::string_view reason) const {
  deps_.metrics.counter("authserver_auth_denied_total", {{"reason", reason}}).add();
}

}  // namespace authplane::authserver
