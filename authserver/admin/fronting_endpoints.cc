#include "authserver/admin/fronting_endpoints.h"

#include <nlohmann/json.hpp>

#include "authserver/admin/body_reader.h"
#include "authserver/admin/paging.h"
#include "authserver/admin/scope_map_body.h"
#include "authserver/admin/views.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

Outcome<HttpResponse> answer(const Outcome<FrontingLink>& link, int status = 200) {
  if (!link) return Err(link.error());
  return json_response(status, to_json_text(view_of(*link)));
}

// nullopt: absent.
std::optional<ScopeMap> scope_map_of(BodyReader& reader) {
  const Json* object = reader.object("scope_map");
  if (object == nullptr) return std::nullopt;
  auto scope_map = read_scope_map(*object);
  if (!scope_map) return reader.problem(scope_map.error().description), std::nullopt;
  return std::move(*scope_map);
}

Outcome<HttpResponse> create(FrontingService& fronting, const AdminCall& call) {
  const auto query = call.query();
  if (!query) return Err(query.error());
  const auto body = parse_body(call.http.body);
  if (!body) return Err(body.error());
  BodyReader reader(*body);
  reader.allow_only({"source", "target", "scope_map"});
  NewFrontingLink link;
  link.source_slug = reader.required_string("source").value_or("");
  link.target_slug = reader.required_string("target").value_or("");
  auto scope_map = scope_map_of(reader);
  if (!scope_map) reader.problem("scope_map is required");
  if (const auto ok = reader.finish(); !ok) return Err(ok.error());
  link.scope_map = std::move(*scope_map);
  link.created_by = call.actor.id;
  const bool dry_run = query->get("dry_run") == "true";
  return answer(fronting.create(link, dry_run ? LinkMode::dry_run : LinkMode::write, call.actor),
                dry_run ? 200 : 201);
}

Outcome<HttpResponse> list(FrontingService& fronting, const AdminCall& call) {
  const auto query = call.query();
  if (!query) return Err(query.error());
  const auto page = read_page(*query, kStrictPaging);
  if (!page) return Err(page.error());
  const auto links =
      fronting.list({.source_slug = given(*query, "source"), .target_slug = given(*query, "target")}, *page);
  if (!links) return Err(links.error());
  return json_response(200, to_json_text(view_of(*links)));
}

Outcome<HttpResponse> get(FrontingService& fronting, const AdminCall&, const std::string& source,
                          const std::string& target) {
  return answer(fronting.get(source, target));
}

Outcome<HttpResponse> update(FrontingService& fronting, const AdminCall& call, const std::string& source,
                             const std::string& target) {
  const auto body = parse_body(call.http.body);
  if (!body) return Err(body.error());
  BodyReader reader(*body);
  reader.allow_only({"scope_map"});
  const auto scope_map = scope_map_of(reader);
  if (const auto ok = reader.finish(); !ok) return Err(ok.error());
  return answer(fronting.update(source, target, scope_map, call.actor));
}

Outcome<HttpResponse> remove(FrontingService& fronting, const AdminCall& call, const std::string& source,
                             const std::string& target) {
  const auto removed = fronting.remove(source, target, call.actor);
  if (!removed) return Err(removed.error());
  return no_content();
}

Outcome<HttpResponse> links_of(FrontingService& fronting, const AdminCall& call) {
  const auto slug = call.param(0);
  if (!slug) return Err(slug.error());
  const auto links = fronting.links_of(*slug);
  if (!links) return Err(links.error());
  OrderedJson body;
  body["slug"] = *slug;
  body["fronts"] = view_of(links->fronts);
  body["fronted_by"] = view_of(links->fronted_by);
  return json_response(200, to_json_text(body));
}

}  // namespace

void add_fronting_routes(AdminRoutes& routes, FrontingService& fronting) {
  routes.add("POST", "/admin/fronting",
             [&fronting](const AdminCall& call) { return create(fronting, call); });
  routes.add("GET", "/admin/fronting", [&fronting](const AdminCall& call) { return list(fronting, call); });
  const auto add_for_one = [&](const char* method,
                               Outcome<HttpResponse> (*handler)(FrontingService&, const AdminCall&,
                                                                const std::string&, const std::string&)) {
    routes.add(method, "/admin/fronting/{source}/{target}",
               [&fronting, handler](const AdminCall& call) -> Outcome<HttpResponse> {
                 const auto source = call.param(0);
                 if (!source) return Err(source.error());
                 const auto target = call.param(1);
                 if (!target) return Err(target.error());
                 return handler(fronting, call, *source, *target);
               });
  };
  add_for_one("GET", get);
  add_for_one("PATCH", update);
  add_for_one("DELETE", remove);
  routes.add("GET", "/admin/resources/{slug}/fronting",
             [&fronting](const AdminCall& call) { return links_of(fronting, call); });
}

}  // namespace authplane::authserver
