#include "authserver/http/connections_endpoint.h"

#include <unordered_map>

#include <authplane/base/encoding.h>

#include "authserver/domain/json_writer.h"
#include "authserver/http/denial.h"
#include "authserver/http/form_body.h"
#include "authserver/http/login_endpoint.h"
#include "authserver/http/response.h"
#include "authserver/identity/form_tokens.h"
#include "authserver/pages/connections_page.h"

namespace authplane::authserver {
namespace {

using Code = OAuthErrorCode;

// Browsers that show a page ask for one; everything else says "*/*", or nothing, or that it wants JSON.
bool wants_page(const Headers& headers) {
  bool page = false;
  for (const std::string_view field : headers.all("Accept")) {
    const std::string accept = ascii_lower(field);
    if (accept.find("application/json") != std::string::npos) return false;
    page = page || accept.find("text/html") != std::string::npos;
  }
  return page;
}

HttpResponse not_stored_or_cached(HttpResponse response) {
  response.headers.set("Cache-Control", "no-store");
  response.headers.add("Vary", "Accept");
  return response;
}

HttpResponse not_signed_in() {
  return oauth_error_response({Code::unauthorized, "sign in at this server first"});
}

void append_scopes(std::string& out, const ScopeSet& scopes) {
  out += '[';
  for (const std::string& scope : scopes) {
    if (!out.ends_with('[')) out += ',';
    append_json_string(out, scope);
  }
  out += ']';
}

ErrorPages::Content nothing_changed(int status, std::string explanation) {
  return {.status = status, .title = "Nothing was changed", .explanation = std::move(explanation)};
}

}  // namespace

HttpResponse ConnectionsEndpoint::list(const HttpRequest& request) const {
  return not_stored_or_cached(wants_page(request.headers) ? list_page(request) : list_json(request));
}

Outcome<std::vector<ConnectionsEndpoint::Connection>> ConnectionsEndpoint::connections_of(
    const std::string& user_id) const {
  auto grants = deps_.grants.list_of_user(user_id);
  if (!grants) return Err(grants.error());
  auto providers = deps_.providers.list();
  if (!providers) return Err(providers.error());
  std::unordered_map<std::string_view, const BrokerProvider*> by_id;
  for (const BrokerProvider& provider : *providers) by_id.emplace(provider.id, &provider);
  std::vector<Connection> connections;
  for (BrokerGrant& grant : *grants) {
    const auto provider = by_id.find(grant.provider_id);
    if (grant.is_active() && provider != by_id.end())
      connections.push_back({*provider->second, std::move(grant)});
  }
  return connections;
}

HttpResponse ConnectionsEndpoint::list_json(const HttpRequest& request) const {
  const BrowserSessions::Found session = deps_.sessions.find(request.headers);
  if (!session.user) return not_signed_in();
  const auto connections = connections_of(session.user->user_id);
  if (!connections)
    return oauth_error_response(denial_of(connections.error(), "list the connections", deps_.logger).error);
  std::string body = "[";
  for (const Connection& connection : *connections) {
    if (body.size() > 1) body += ',';
    std::string scopes;
    append_scopes(scopes, connection.grant.scopes_granted);
    JsonObjectWriter(body)
        .string("provider", connection.provider.slug)
        .raw("scopes_granted", scopes)
        .string("created_at", format_rfc3339(connection.grant.created_at))
        .string("updated_at", format_rfc3339(connection.grant.updated_at))
        .finish();
  }
  return json_response(200, body + "]");
}

HttpResponse ConnectionsEndpoint::list_page(const HttpRequest& request) const {
  const BrowserSessions::Found session = deps_.sessions.find(request.headers);
  if (!session.user) return go_to_login(deps_.site, "/connections");
  const auto connections = connections_of(session.user->user_id);
  if (!connections) {
    return deps_.errors.show(
        {.status = 503,
         .title = "The server is busy",
         .explanation = "Your connected accounts cannot be shown. Try again in a moment."},
        connections.error().detail);
  }
  ConnectionsPage page{.server = deps_.site.host,
                       .base_path = deps_.site.base_path,
                       .user = session.user->label,
                       .csrf_token = connections_form_token(deps_.keys, session.user->cookie),
                       .connections = {}};
  for (const Connection& connection : *connections) {
    page.connections.push_back({.provider_name = connection.provider.display_name,
                                .provider_slug = connection.provider.slug,
                                .scopes = connection.grant.scopes_granted.tokens(),
                                .connected_on = format_rfc3339(connection.grant.created_at).substr(0, 10)});
  }
  return html_response(200, render(page));
}

HttpResponse ConnectionsEndpoint::remove(const HttpRequest& request, const std::string& provider_slug) const {
  const BrowserSessions::Found session = deps_.sessions.find(request.headers);
  if (!session.user) return not_signed_in();
  if (is_sent_by_other_site(request.headers, deps_.site))
    return oauth_error_response({Code::access_denied, "another site sent this request"});
  const auto done = disconnect(provider_slug, {.id = session.user->user_id, .ip = request.remote_address});
  if (done) return no_content();
  if (done.error().code == DomainErrorCode::not_found)
    return oauth_error_response({Code::not_found, "no account at this provider is connected"});
  return oauth_error_response(denial_of(done.error(), "disconnect the account", deps_.logger).error);
}

HttpResponse ConnectionsEndpoint::submit(const HttpRequest& request) const {
  const auto body = read_form(request);
  if (!body) {
    return deps_.errors.show(nothing_changed(400, "The form did not arrive whole. Go back and try again."),
                             to_string(body.error()));
  }
  const BrowserSessions::Found session = deps_.sessions.find(request.headers);
  if (!session.user)
    return deps_.errors.show(nothing_changed(401, "You are not signed in any more."), "form without session");
  if (is_sent_by_other_site(request.headers, deps_.site) ||
      !is_connections_form_token(deps_.keys, session.user->cookie, body->get("csrf_token").value_or(""))) {
    return deps_.errors.show(
        nothing_changed(403, "The page was made for another sign-in. Load it anew and try again."),
        "form of another site or session");
  }
  const auto done = disconnect(std::string(body->get("provider").value_or("")),
                               {.id = session.user->user_id, .ip = request.remote_address});
  // Somebody who presses the button twice has what they want.
  if (done || done.error().code == DomainErrorCode::not_found)
    return go_to(deps_.site.base_path + "/connections");
  return deps_.errors.show(nothing_changed(503, "The server is busy. Go back and try again in a moment."),
                           done.error().detail);
}

Outcome<void> ConnectionsEndpoint::disconnect(const std::string& provider_slug, const Actor& user) const {
  const auto none = [] { return fail(DomainErrorCode::not_found, "no such connection"); };
  const auto provider = deps_.providers.find_by_slug(provider_slug);
  if (!provider) return Err(provider.error());
  if (!*provider) return none();
  auto grant = deps_.grants.find_active(user.id, (*provider)->id);
  if (!grant) return Err(grant.error());
  if (!*grant) return none();
  const auto revoked = deps_.grants.revoke((*grant)->id, deps_.clock.now());
  if (!revoked) return Err(revoked.error());
  if (!revoked->was_active) return none();
  deps_.audit.record("broker_grant.revoked", user, "",
                     audit_detail({{"provider", provider_slug}, {"grant_id", (*grant)->id}}));
  deps_.metrics.counter("authserver_connection_disconnect_total", {{"provider", provider_slug}}).add();
  if (deps_.broker != nullptr) deps_.broker->revoke_upstream(std::move(**grant));
  return {};
}

}  // namespace authplane::authserver
