#include "authserver/admin/broker_provider_endpoints.h"

#include <nlohmann/json.hpp>

#include "authserver/admin/body_reader.h"
#include "authserver/admin/views.h"
#include "authserver/domain/json_members.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

Outcome<HttpResponse> answer(const Outcome<BrokerProvider>& provider, int status = 200) {
  if (!provider) return Err(provider.error());
  return json_response(status, provider_json(*provider));
}

// What was stored may still be a mistake that shows only when the provider is used.
Outcome<HttpResponse> stored(const BrokerProviderEndpointDeps& deps, const Outcome<BrokerProvider>& provider,
                             int status) {
  if (provider) {
    if (const std::string advice = provider_advice(*provider); !advice.empty()) {
      deps.logger.warn(advice, {{"slug", provider->slug}});
    }
  }
  return answer(provider, status);
}

// `text` is what `reader` reads.
ProviderChanges read_members(BodyReader& reader, std::string_view text) {
  ProviderChanges members;
  reader.allow_only({"slug", "display_name", "protocol", "config_data"});
  members.slug = reader.string("slug");
  members.display_name = reader.string("display_name");
  if (const auto name = reader.string("protocol")) {
    members.protocol = parse_broker_protocol(*name);
    if (!members.protocol) reader.problem("protocol must be oauth, api_key or service_account");
  }
  if (reader.object("config_data") != nullptr) {
    for (const RawMember& member : raw_members(text)) {
      if (member.name == "config_data") members.config_data = std::string(member.value);
    }
  }
  return members;
}

Outcome<HttpResponse> create(const BrokerProviderEndpointDeps& deps, const AdminCall& call) {
  const auto body = parse_body(call.http.body);
  if (!body) return Err(body.error());
  BodyReader reader(*body);
  ProviderChanges members = read_members(reader, call.http.body);
  if (!members.slug) reader.problem("slug is required");
  if (!members.display_name) reader.problem("display_name is required");
  if (!members.protocol) reader.problem("protocol is required");
  if (const auto ok = reader.finish(); !ok) return Err(ok.error());
  return stored(deps,
                deps.providers.create({.slug = std::move(*members.slug),
                                       .display_name = std::move(*members.display_name),
                                       .protocol = *members.protocol,
                                       .config_data = members.config_data.value_or("")},
                                      call.actor),
                201);
}

Outcome<HttpResponse> list(BrokerProviderService& providers, const AdminCall& call) {
  const auto query = call.query();
  if (!query) return Err(query.error());
  if (const auto slug = query->get("slug")) return answer(providers.get_by_slug(*slug));
  const auto found = providers.list();
  if (!found) return Err(found.error());
  std::string body = "[";
  for (const BrokerProvider& provider : *found) {
    if (body.size() > 1) body += ',';
    body += provider_json(provider);
  }
  return json_response(200, body + "]");
}

Outcome<HttpResponse> get(const BrokerProviderEndpointDeps& deps, const AdminCall&, const std::string& id) {
  return answer(deps.providers.get(id));
}

Outcome<HttpResponse> update(const BrokerProviderEndpointDeps& deps, const AdminCall& call,
                             const std::string& id) {
  const auto body = parse_body(call.http.body);
  if (!body) return Err(body.error());
  BodyReader reader(*body);
  const ProviderChanges changes = read_members(reader, call.http.body);
  if (const auto ok = reader.finish(); !ok) return Err(ok.error());
  return stored(deps, deps.providers.update(id, changes, call.actor), 200);
}

Outcome<HttpResponse> remove(const BrokerProviderEndpointDeps& deps, const AdminCall& call,
                             const std::string& id) {
  const auto removed = deps.providers.remove(id, call.actor);
  if (!removed) return Err(removed.error());
  return no_content();
}

}  // namespace

void add_broker_provider_routes(AdminRoutes& routes, const BrokerProviderEndpointDeps& deps) {
  routes.add("POST", "/admin/broker-providers", [deps](const AdminCall& call) { return create(deps, call); });
  routes.add("GET", "/admin/broker-providers",
             [deps](const AdminCall& call) { return list(deps.providers, call); });
  const auto add_for_one = [&](const char* method,
                               Outcome<HttpResponse> (*handler)(const BrokerProviderEndpointDeps&,
                                                                const AdminCall&, const std::string&)) {
    routes.add(method, "/admin/broker-providers/{id}",
               [deps, handler](const AdminCall& call) -> Outcome<HttpResponse> {
                 const auto id = call.param(0);
                 if (!id) return Err(id.error());
                 return handler(deps, call, *id);
               });
  };
  add_for_one("GET", get);
  add_for_one("PATCH", update);
  add_for_one("DELETE", remove);
}

}  // namespace authplane::authserver
