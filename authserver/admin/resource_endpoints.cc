#include "authserver/admin/resource_endpoints.h"

#include <nlohmann/json.hpp>

#include "authserver/admin/paging.h"
#include "authserver/admin/problem.h"
#include "authserver/admin/resource_body.h"
#include "authserver/admin/views.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

Outcome<HttpResponse> answer(const Outcome<Resource>& resource, int status = 200) {
  if (!resource) return Err(resource.error());
  return json_response(status, to_json_text(view_of(*resource)));
}

// What was stored may still be a mistake that shows only when the resource is asked for.
Outcome<HttpResponse> stored(const ResourceEndpointDeps& deps, const Outcome<Resource>& resource,
                             int status) {
  if (resource) {
    const auto advice = deps.resources.advice(*resource);
    if (advice && !advice->empty()) deps.logger.warn(*advice, {{"uri", resource->uri}});
  }
  return answer(resource, status);
}

Outcome<HttpResponse> create(const ResourceEndpointDeps& deps, const AdminCall& call) {
  const auto registration = read_resource_registration(call.http.body);
  if (!registration) return Err(registration.error());
  return stored(deps, deps.resources.create(*registration, call.actor), 201);
}

Outcome<HttpResponse> find_by_slug(ResourceService& resources, const Form& query, std::string_view slug) {
  for (const std::string_view filter : {"backend_kind", "broker_provider_id", "limit", "offset"}) {
    if (query.count(filter) == 0) continue;
    return fail(DomainErrorCode::invalid_request,
                "slug asks for one resource and goes with no other parameter");
  }
  return answer(resources.get_by_slug(slug));
}

Outcome<HttpResponse> list(ResourceService& resources, const AdminCall& call) {
  const auto query = call.query();
  if (!query) return Err(query.error());
  if (const auto slug = query->get("slug")) return find_by_slug(resources, *query, *slug);
  const auto page = read_page(*query, kStrictPaging);
  if (!page) return Err(page.error());
  ResourceFilter filter;
  if (const auto kind = query->get("backend_kind")) {
    filter.backend_kind = parse_backend_kind(*kind);
    if (!filter.backend_kind)
      return fail(DomainErrorCode::invalid_request, "backend_kind must be mint or broker");
  }
  if (const auto provider = query->get("broker_provider_id"))
    filter.broker_provider_id = std::string(*provider);
  const auto found = resources.list(filter, *page);
  if (!found) return Err(found.error());
  OrderedJson body = OrderedJson::array();
  for (const Resource& resource : *found) body.push_back(view_of(resource));
  return json_response(200, to_json_text(body));
}

Outcome<HttpResponse> get(ResourceService& resources, const AdminCall& call) {
  const auto id = call.param(0);
  if (!id) return Err(id.error());
  return answer(resources.get(*id));
}

Outcome<HttpResponse> update(const ResourceEndpointDeps& deps, const AdminCall& call) {
  const auto id = call.param(0);
  if (!id) return Err(id.error());
  const auto changes = read_resource_changes(call.http.body);
  if (!changes) return Err(changes.error());
  return stored(deps, deps.resources.update(*id, *changes, call.actor), 200);
}

// With everything a caller needs to ask before it sends cascade=true.
HttpResponse still_linked(const FrontingLinks& links) {
  std::vector<FrontingLink> dependents = links.fronts;
  dependents.insert(dependents.end(), links.fronted_by.begin(), links.fronted_by.end());
  return problem_with(
      409,
      "fronting links mention the resource; remove them first, or send cascade=true to remove "
      "them with it",
      "dependents", to_json_text(view_of(dependents)));
}

Outcome<HttpResponse> remove(const ResourceEndpointDeps& deps, const AdminCall& call) {
  const auto id = call.param(0);
  if (!id) return Err(id.error());
  const auto query = call.query();
  if (!query) return Err(query.error());
  const bool cascade = query->get("cascade") == "true";
  const auto mode = cascade ? RemoveResource::with_links : RemoveResource::unless_linked;
  const auto found = deps.resources.get(*id);
  if (!found) return Err(found.error());
  const auto removed = deps.resources.remove(*id, mode, call.actor);
  if (removed) return no_content();
  if (removed.error().code != DomainErrorCode::conflict || cascade) return Err(removed.error());
  const auto links = deps.fronting.links_of(found->slug);
  if (!links || (links->fronts.empty() && links->fronted_by.empty())) return Err(removed.error());
  return still_linked(*links);
}

}  // namespace

void add_resource_routes(AdminRoutes& routes, const ResourceEndpointDeps& deps) {
  using Call = const AdminCall&;
  ResourceService& resources = deps.resources;
  routes.add("POST", "/admin/resources", [deps](Call call) { return create(deps, call); });
  routes.add("GET", "/admin/resources", [&resources](Call call) { return list(resources, call); });
  routes.add("GET", "/admin/resources/{id}", [&resources](Call call) { return get(resources, call); });
  routes.add("PATCH", "/admin/resources/{id}", [deps](Call call) { return update(deps, call); });
  routes.add("DELETE", "/admin/resources/{id}", [deps](Call call) { return remove(deps, call); });
}

}  // namespace authplane::authserver
