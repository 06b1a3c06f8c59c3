#include "authserver/http/consent_endpoint.h"

#include "authserver/http/form_body.h"
#include "authserver/http/login_endpoint.h"
#include "authserver/identity/form_tokens.h"
#include "authserver/pages/consent_page.h"

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxFields = 1024;  // one per scope, and three more

using Content = ErrorPages::Content;

Content missing_request() {
  return {
      .status = 400,
      .title = "There is nothing to decide",
      .explanation = "The link you followed names no request. Go back to the application and start again."};
}

Content forged_form() {
  return {.status = 403,
          .title = "This page is out of date",
          .explanation =
              "It was made for another sign-in or another request. Nothing was allowed. Go back to "
              "the application and start again."};
}

Content content_of(const DomainError& error) {
  switch (error.code) {
    case DomainErrorCode::not_found:
      return {.status = 400,
              .title = "This request has expired",
              .explanation =
                  "It was not answered within 10 minutes, or never existed. Go back to the "
                  "application and start again."};
    case DomainErrorCode::conflict:
      return {.status = 409,
              .title = "This request was answered already",
              .explanation = "Nothing was changed. If the application still waits, start again from there."};
    case DomainErrorCode::access_denied:
      return {.status = 403,
              .title = "This request is not yours",
              .explanation =
                  "It was started by somebody who is signed in as another user. Start again from the "
                  "application."};
    case DomainErrorCode::invalid_scope:
      return {.status = 400,
              .title = "Nothing was allowed",
              .explanation =
                  "Choose at least one of the permissions the application asks for, or deny. Go back "
                  "to do so."};
    case DomainErrorCode::invalid_client:
      return {.status = 403,
              .title = "This application may not be used",
              .explanation = "The operator of this server has switched it off."};
    case DomainErrorCode::invalid_target:
      return {.status = 400,
              .title = "There is nothing left to allow",
              .explanation = "What the application asks for was removed from this server."};
    case DomainErrorCode::unavailable:
      return {.status = 503,
              .title = "The server is busy",
              .explanation = "Your answer was not recorded. Wait a moment, go back and try again."};
    default:
      return {.status = 500,
              .title = "Something went wrong here",
              .explanation = "Your answer was not recorded. Try again later."};
  }
}

std::string name_of(const Resource& resource) {
  if (!resource.display_name.empty()) return resource.display_name;
  return resource.slug.empty() ? resource.uri : resource.slug;
}

ConsentPage page_for(const PendingConsent& pending) {
  const Client& client = *pending.client;
  ConsentPage page;
  page.client_id = client.id;
  page.client_name = client.name;
  page.source = client.registration_source;
  page.cimd_url = client.cimd_url;
  if (pending.resource) {
    page.resource_name = name_of(*pending.resource);
    page.resource_slug = pending.resource->slug;
  }
  page.redirect_uri = Url::parse(pending.authorization.redirect_uri).value();
  for (const ResourceScope& scope : pending.scopes) page.scopes.push_back({scope.name, scope.description});
  page.session_id = pending.authorization.id;
  return page;
}

}  // namespace

HttpResponse ConsentEndpoint::show(const HttpRequest& request) const {
  const auto query = Form::parse(request.query());
  const std::string id(query ? query->get("session_id").value_or("") : "");
  if (id.empty()) return deps_.errors.show(missing_request(), "consent without session_id");
  const BrowserSessions::Found session = deps_.sessions.find(request.headers);
  if (!session.user) return go_to_login(deps_.site, "/consent?session_id=" + form_encode(id));
  const auto pending = deps_.service.pending(id, session.user->user_id);
  if (!pending) return refuse(pending.error());
  ConsentPage page = page_for(*pending);
  page.server = deps_.site.host;
  page.base_path = deps_.site.base_path;
  page.user = session.user->label;
  page.csrf_token = consent_form_token(deps_.keys, session.user->cookie, id);
  return html_response(200, render(page));
}

HttpResponse ConsentEndpoint::submit(const HttpRequest& request) const {
  const auto body = read_form(request, "scopes", kMaxFields);
  if (!body) {
    return deps_.errors.show({.status = 400,
                              .title = "Your answer did not arrive whole",
                              .explanation = "Nothing was allowed. Go back and try again."},
                             to_string(body.error()));
  }
  const BrowserSessions::Found session = deps_.sessions.find(request.headers);
  if (!session.user) {
    return deps_.errors.show(
        {.status = 401,
         .title = "You are not signed in any more",
         .explanation = "Nothing was allowed. Go back to the application and start again."},
        "consent without session");
  }
  const std::string id(body->get("session_id").value_or(""));
  if (id.empty()) return deps_.errors.show(missing_request(), "consent without session_id");
  if (is_sent_by_other_site(request.headers, deps_.site))
    return deps_.errors.show(forged_form(), "consent sent by another site");
  if (!is_consent_form_token(deps_.keys, session.user->cookie, id, body->get("csrf_token").value_or("")))
    return deps_.errors.show(forged_form(), "consent with a form token of another session or request");
  return decide(*body, id, {.id = session.user->user_id, .ip = request.remote_address});
}

HttpResponse ConsentEndpoint::decide(const Form& body, std::string_view authorization_id,
                                     const Actor& user) const {
  const std::string_view action = body.get("action").value_or("");
  if (action == "deny") {
    const auto denied = deps_.service.deny(authorization_id, user);
    return denied ? answer_client(*denied, deps_.site) : refuse(denied.error());
  }
  if (action != "allow") {
    return deps_.errors.show({.status = 400,
                              .title = "Your answer is missing",
                              .explanation = "Nothing was allowed. Go back and choose to allow or deny."},
                             "consent with neither allow nor deny");
  }
  ScopeSet scopes;
  for (const std::string_view scope : body.all("scopes")) scopes.insert(std::string(scope));
  const auto issued = deps_.service.allow(authorization_id, scopes, user);
  return issued ? answer_client(*issued, deps_.site) : refuse(issued.error());
}

HttpResponse ConsentEndpoint::refuse(const DomainError& error) const {
  return deps_.errors.show(content_of(error), error.detail.empty() ? error.description : error.detail);
}

}  // namespace authplane::authserver
