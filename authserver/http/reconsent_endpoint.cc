#include "authserver/http/reconsent_endpoint.h"

#include <authplane/base/form.h>

#include "authserver/http/login_endpoint.h"
#include "authserver/pages/reconsent_page.h"

namespace authplane::authserver {
namespace {

ErrorPages::Content not_complete() {
  return {.status = 400,
          .title = "This link is not complete",
          .explanation =
              "It does not say what your consent is needed for, or names something this server does not "
              "know. Go back to the application and start again."};
}

// What the page says of a scope comes from the catalog; other names in the link are not repeated.
std::vector<ReconsentPage::Scope> known_scopes(const Resource& resource, std::string_view asked_for) {
  const ScopeSet wanted = ScopeSet::split(asked_for);
  std::vector<ReconsentPage::Scope> scopes;
  for (const ResourceScope& scope : resource.scopes) {
    if (wanted.contains(scope.name)) scopes.push_back({scope.name, scope.description});
  }
  return scopes;
}

}  // namespace

HttpResponse ReconsentEndpoint::show(const HttpRequest& request) const {
  const auto query = Form::parse(request.query());
  if (!query) return deps_.errors.show(not_complete(), "the query is not a well-formed form");
  if (query->count("client_id") != 0 && query->count("response_type") != 0)
    return go_to(deps_.site.base_path + "/oauth/authorize?" + query->encode());
  const std::string_view name = query->get("resource").value_or("");
  if (name.empty()) return deps_.errors.show(not_complete(), "/authorize without resource");
  const std::string_view scope = query->get("scope").value_or("");
  const BrowserSessions::Found session = deps_.sessions.find(request.headers);
  if (!session.user) {
    Form again;
    again.add("resource", std::string(name));
    if (!scope.empty()) again.add("scope", std::string(scope));
    auto login = login_first(deps_.site, "/authorize?" + again.encode());
    return login ? std::move(*login) : deps_.errors.show(not_complete(), "/authorize with a link too long");
  }
  const auto catalog = deps_.resources.catalog();
  if (!catalog) {
    return deps_.errors.show({.status = 503,
                              .title = "The server is busy",
                              .explanation = "Wait a moment, then load this page again."},
                             catalog.error().detail);
  }
  const ResourceMatch found = (*catalog)->resolve(name);
  if (found.match != Match::one)
    return deps_.errors.show(not_complete(), "/authorize for a resource that is unknown or ambiguous");
  return html_response(200, render(ReconsentPage{.server = deps_.site.host,
                                                 .base_path = deps_.site.base_path,
                                                 .user = session.user->label,
                                                 .resource_name = found.resource->display_name,
                                                 .resource_slug = found.resource->slug,
                                                 .scopes = known_scopes(*found.resource, scope)}));
}

}  // namespace authplane::authserver
