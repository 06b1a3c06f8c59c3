#include "authserver/admin/xaa_endpoints.h"

#include <nlohmann/json.hpp>

#include "authserver/admin/body_reader.h"
#include "authserver/admin/paging.h"
#include "authserver/admin/xaa_views.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

constexpr const char* kPolicies = "/admin/xaa/policies";
constexpr const char* kMappings = "/admin/xaa/subject-mappings";

template <class Row>
Outcome<HttpResponse> answer(const Outcome<Row>& row, int status = 200) {
  if (!row) return Err(row.error());
  return json_response(status, to_json_text(view_of(*row)));
}

// Those of the provider that the query names, or all.
template <class Service>
Outcome<HttpResponse> list(const Service& service, const AdminCall& call) {
  const auto query = call.query();
  if (!query) return Err(query.error());
  const auto found = service.list(given(*query, "idp_id"));
  if (!found) return Err(found.error());
  OrderedJson body = OrderedJson::array();
  for (const auto& row : *found) body.push_back(view_of(row));
  return json_response(200, to_json_text(body));
}

template <class Service>
Outcome<HttpResponse> remove(Service& service, const AdminCall& call) {
  const auto id = call.param(0);
  if (!id) return Err(id.error());
  if (const auto removed = service.remove(*id, call.actor); !removed) return Err(removed.error());
  return no_content();
}

Outcome<HttpResponse> create_policy(XaaPolicyService& policies, const AdminCall& call) {
  const auto body = parse_body(call.http.body);
  if (!body) return Err(body.error());
  BodyReader reader(*body);
  using Strings = std::vector<std::string>;
  const PolicyRegistration registration{.name = reader.required_string("name").value_or(""),
                                        .idp_id = reader.required_string("idp_id").value_or(""),
                                        .client_ids = reader.strings("client_ids").value_or(Strings()),
                                        .scopes = reader.strings("scopes"),
                                        .resources = reader.strings("resources").value_or(Strings())};
  if (const auto ok = reader.finish(); !ok) return Err(ok.error());
  return answer(policies.create(registration, call.actor), 201);
}

Outcome<HttpResponse> get_policy(XaaPolicyService& policies, const AdminCall& call) {
  const auto id = call.param(0);
  if (!id) return Err(id.error());
  return answer(policies.get(*id));
}

Outcome<HttpResponse> update_policy(XaaPolicyService& policies, const AdminCall& call) {
  const auto id = call.param(0);
  if (!id) return Err(id.error());
  const auto body = parse_body(call.http.body);
  if (!body) return Err(body.error());
  BodyReader reader(*body);
  PolicyChanges changes{.name = reader.string("name"),
                        .client_ids = reader.strings("client_ids"),
                        .scopes = std::nullopt,
                        .resources = reader.strings("resources"),
                        .enabled = reader.boolean("enabled")};
  if (body->contains("scopes")) changes.scopes.emplace(reader.strings("scopes"));
  if (const auto ok = reader.finish(); !ok) return Err(ok.error());
  return answer(policies.update(*id, changes, call.actor));
}

Outcome<HttpResponse> create_mapping(SubjectMappingService& mappings, const AdminCall& call) {
  const auto body = parse_body(call.http.body);
  if (!body) return Err(body.error());
  BodyReader reader(*body);
  const auto idp_id = reader.required_string("idp_id");
  const auto idp_subject = reader.required_string("idp_subject");
  const auto local_user_id = reader.required_string("local_user_id");
  if (const auto ok = reader.finish(); !ok) return Err(ok.error());
  return answer(mappings.create(*idp_id, *idp_subject, *local_user_id, call.actor), 201);
}

}  // namespace

void add_xaa_policy_routes(AdminRoutes& routes, XaaPolicyService& policies) {
  using Call = const AdminCall&;
  const std::string one = kPolicies + std::string("/{id}");
  routes.add("POST", kPolicies, [&policies](Call call) { return create_policy(policies, call); });
  routes.add("GET", kPolicies, [&policies](Call call) { return list(policies, call); });
  routes.add("GET", one, [&policies](Call call) { return get_policy(policies, call); });
  routes.add("PUT", one, [&policies](Call call) { return update_policy(policies, call); });
  routes.add("DELETE", one, [&policies](Call call) { return remove(policies, call); });
}

void add_subject_mapping_routes(AdminRoutes& routes, SubjectMappingService& mappings) {
  using Call = const AdminCall&;
  routes.add("POST", kMappings, [&mappings](Call call) { return create_mapping(mappings, call); });
  routes.add("GET", kMappings, [&mappings](Call call) { return list(mappings, call); });
  routes.add("DELETE", kMappings + std::string("/{id}"),
             [&mappings](Call call) { return remove(mappings, call); });
}

}  // namespace authplane::authserver
