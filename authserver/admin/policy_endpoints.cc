#include "authserver/admin/policy_endpoints.h"

#include <nlohmann/json.hpp>

#include "authserver/admin/body_reader.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

// The endpoints of one list in a policy, addressed by slug.
struct PolicyEndpoint {
  PolicyList list;
  const char* path;    // below /admin/resources/{slug}/policy
  const char* entry;   // what a body calls an entry
  const char* member;  // of the answer
};

constexpr PolicyEndpoint kClients[] = {
    {PolicyList::exchange_allowed_clients, "/exchange/allowed-clients", "client_id", "allowed_client_ids"},
    {PolicyList::runtime_clients, "/runtime/client-ids", "client_id", "client_ids"}};
constexpr PolicyEndpoint kReturnUrls = {PolicyList::connect_return_urls, "/connect/allowed-return-urls",
                                        "url", "allowed_return_urls"};

Outcome<HttpResponse> answer(const PolicyEndpoint& endpoint,
                             const Outcome<std::vector<std::string>>& entries) {
  if (!entries) return Err(entries.error());
  OrderedJson body;
  body[endpoint.member] = OrderedJson::array();
  for (const std::string& entry : *entries) body[endpoint.member].push_back(entry);
  return json_response(200, to_json_text(body));
}

Outcome<HttpResponse> show(ResourceService& resources, const PolicyEndpoint& endpoint,
                           const AdminCall& call) {
  const auto slug = call.param(0);
  if (!slug) return Err(slug.error());
  return answer(endpoint, resources.policy_list(*slug, endpoint.list));
}

Outcome<HttpResponse> add(ResourceService& resources, const PolicyEndpoint& endpoint, const AdminCall& call) {
  const auto slug = call.param(0);
  if (!slug) return Err(slug.error());
  const auto body = parse_body(call.http.body, kMaxPolicyBodyBytes);
  if (!body) return Err(body.error());
  BodyReader reader(*body);
  reader.allow_only({endpoint.entry});
  const auto entry = reader.required_string(endpoint.entry);
  if (const auto ok = reader.finish(); !ok) return Err(ok.error());
  return answer(endpoint, resources.add_to_policy(*slug, endpoint.list, *entry, call.actor));
}

Outcome<HttpResponse> remove_client(ResourceService& resources, const PolicyEndpoint& endpoint,
                                    const AdminCall& call) {
  const auto slug = call.param(0);
  if (!slug) return Err(slug.error());
  const auto client_id = call.param(1);
  if (!client_id) return Err(client_id.error());
  return answer(endpoint, resources.remove_from_policy(*slug, endpoint.list, *client_id, call.actor));
}

Outcome<HttpResponse> remove_return_url(ResourceService& resources, const AdminCall& call) {
  const auto slug = call.param(0);
  if (!slug) return Err(slug.error());
  const auto query = call.query();
  if (!query) return Err(query.error());
  const auto url = query->get("url");
  if (!url || url->empty()) return fail(DomainErrorCode::invalid_request, "url is required, in the query");
  return answer(kReturnUrls, resources.remove_from_policy(*slug, kReturnUrls.list, *url, call.actor));
}

std::string path_of(const PolicyEndpoint& endpoint) {
  return std::string("/admin/resources/{slug}/policy") + endpoint.path;
}

void add_common_routes(AdminRoutes& routes, ResourceService& resources, const PolicyEndpoint& endpoint) {
  routes.add("GET", path_of(endpoint),
             [&resources, &endpoint](const AdminCall& call) { return show(resources, endpoint, call); });
  routes.add("POST", path_of(endpoint),
             [&resources, &endpoint](const AdminCall& call) { return add(resources, endpoint, call); });
}

}  // namespace

void add_policy_routes(AdminRoutes& routes, ResourceService& resources) {
  for (const PolicyEndpoint& endpoint : kClients) {
    add_common_routes(routes, resources, endpoint);
    routes.add("DELETE", path_of(endpoint) + "/{client_id}", [&resources, &endpoint](const AdminCall& call) {
      return remove_client(resources, endpoint, call);
    });
  }
  add_common_routes(routes, resources, kReturnUrls);
  routes.add("DELETE", path_of(kReturnUrls),
             [&resources](const AdminCall& call) { return remove_return_url(resources, call); });
}

}  // namespace authplane::authserver
