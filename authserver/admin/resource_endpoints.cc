#include "authserver/admin/resource_endpoints.h"

#include <nlohmann/json.hpp>

#include "authserver/admin/body_reader.h"
#include "authserver/admin/paging.h"
#include "authserver/admin/resource_body.h"
#include "authserver/admin/views.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

constexpr PagingRules kPaging{.default_limit = 100,
                              .max_limit = 500,
                              .max_offset = std::size_t{1} << 30,
                              .mode = PagingRules::Mode::strict};

Outcome<HttpResponse> answer(const Outcome<Resource>& resource, int status = 200) {
  if (!resource) return Err(resource.error());
  return json_response(status, to_json_text(view_of(*resource)));
}

Outcome<HttpResponse> create(ResourceService& resources, const AdminCall& call) {
  const auto registration = read_resource_registration(call.http.body);
  if (!registration) return Err(registration.error());
  return answer(resources.create(*registration, call.actor), 201);
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
  const auto page = read_page(*query, kPaging);
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

Outcome<HttpResponse> update(ResourceService& resources, const AdminCall& call) {
  const auto id = call.param(0);
  if (!id) return Err(id.error());
  const auto changes = read_resource_changes(call.http.body);
  if (!changes) return Err(changes.error());
  return answer(resources.update(*id, *changes, call.actor));
}

Outcome<HttpResponse> remove(ResourceService& resources, const AdminCall& call) {
  const auto id = call.param(0);
  if (!id) return Err(id.error());
  const auto removed = resources.remove(*id, call.actor);
  if (!removed) return Err(removed.error());
  return no_content();
}

// The endpoints of one list of client ids in a policy, addressed by slug.
struct PolicyEndpoint {
  PolicyList list;
  const char* path;    // below /admin/resources/{slug}/policy
  const char* member;  // of the answer
};

Outcome<HttpResponse> answer(const PolicyEndpoint& endpoint, const Outcome<std::vector<std::string>>& ids) {
  if (!ids) return Err(ids.error());
  OrderedJson body;
  body[endpoint.member] = OrderedJson::array();
  for (const std::string& id : *ids) body[endpoint.member].push_back(id);
  return json_response(200, to_json_text(body));
}

Outcome<HttpResponse> add_to_policy(ResourceService& resources, const PolicyEndpoint& endpoint,
                                    const AdminCall& call) {
  const auto slug = call.param(0);
  if (!slug) return Err(slug.error());
  const auto body = parse_body(call.http.body, kMaxPolicyBodyBytes);
  if (!body) return Err(body.error());
  BodyReader reader(*body);
  reader.allow_only({"client_id"});
  const auto client_id = reader.required_string("client_id");
  if (const auto ok = reader.finish(); !ok) return Err(ok.error());
  return answer(endpoint, resources.add_policy_client(*slug, endpoint.list, *client_id, call.actor));
}

Outcome<HttpResponse> remove_from_policy(ResourceService& resources, const PolicyEndpoint& endpoint,
                                         const AdminCall& call) {
  const auto slug = call.param(0);
  if (!slug) return Err(slug.error());
  const auto client_id = call.param(1);
  if (!client_id) return Err(client_id.error());
  return answer(endpoint, resources.remove_policy_client(*slug, endpoint.list, *client_id, call.actor));
}

void add_policy_routes(AdminRoutes& routes, ResourceService& resources, const PolicyEndpoint& endpoint) {
  const std::string path = std::string("/admin/resources/{slug}/policy") + endpoint.path;
  routes.add("GET", path, [&resources, endpoint](const AdminCall& call) -> Outcome<HttpResponse> {
    const auto slug = call.param(0);
    if (!slug) return Err(slug.error());
    return answer(endpoint, resources.policy_clients(*slug, endpoint.list));
  });
  routes.add("POST", path, [&resources, endpoint](const AdminCall& call) {
    return add_to_policy(resources, endpoint, call);
  });
  routes.add("DELETE", path + "/{client_id}", [&resources, endpoint](const AdminCall& call) {
    return remove_from_policy(resources, endpoint, call);
  });
}

}  // namespace

void add_resource_routes(AdminRoutes& routes, ResourceService& resources) {
  routes.add("POST", "/admin/resources",
             [&resources](const AdminCall& call) { return create(resources, call); });
  routes.add("GET", "/admin/resources",
             [&resources](const AdminCall& call) { return list(resources, call); });
  routes.add("GET", "/admin/resources/{id}",
             [&resources](const AdminCall& call) { return get(resources, call); });
  routes.add("PATCH", "/admin/resources/{id}",
             [&resources](const AdminCall& call) { return update(resources, call); });
  routes.add("DELETE", "/admin/resources/{id}",
             [&resources](const AdminCall& call) { return remove(resources, call); });
  add_policy_routes(
      routes, resources,
      {PolicyList::exchange_allowed_clients, "/exchange/allowed-clients", "allowed_client_ids"});
  add_policy_routes(routes, resources, {PolicyList::runtime_clients, "/runtime/client-ids", "client_ids"});
}

}  // namespace authplane::authserver
