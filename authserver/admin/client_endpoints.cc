#include "authserver/admin/client_endpoints.h"

#include <nlohmann/json.hpp>

#include "authserver/admin/body_reader.h"
#include "authserver/admin/paging.h"
#include "authserver/admin/views.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

// A body with a client secret in it must not stay in any cache.
HttpResponse secret_response(int status, const OrderedJson& body) {
  HttpResponse response = json_response(status, to_json_text(body));
  response.headers.add("Cache-Control", "no-store");
  return response;
}

HttpResponse status_response(const Client& client) {
  OrderedJson body;
  body["status"] = to_string(client.status);
  return json_response(200, to_json_text(body));
}

Outcome<ClientRegistration> read_registration(std::string_view text) {
  const auto body = parse_body(text);
  if (!body) return Err(body.error());
  BodyReader reader(*body);
  ClientRegistration registration;
  registration.name = reader.required_string("client_name").value_or("");
  registration.redirect_uris = reader.strings("redirect_uris").value_or(std::vector<std::string>());
  registration.grant_types = reader.strings("grant_types");
  registration.response_types = reader.strings("response_types");
  registration.token_endpoint_auth_method = reader.string("token_endpoint_auth_method");
  registration.scope = reader.string("scope").value_or("");
  registration.agent = reader.boolean("agent").value_or(false);
  registration.agent_description = reader.string("agent_description").value_or("");
  if (const auto ok = reader.finish(); !ok) return Err(ok.error());
  return registration;
}

Outcome<ClientChanges> read_changes(std::string_view text) {
  const auto body = parse_body(text);
  if (!body) return Err(body.error());
  BodyReader reader(*body);
  ClientChanges changes;
  changes.name = reader.string("client_name");
  changes.redirect_uris = reader.strings("redirect_uris");
  changes.grant_types = reader.strings("grant_types");
  changes.scope = reader.string("scope");
  if (const auto ok = reader.finish(); !ok) return Err(ok.error());
  return changes;
}

Outcome<HttpResponse> create(ClientService& clients, const AdminCall& call) {
  const auto registration = read_registration(call.http.body);
  if (!registration) return Err(registration.error());
  const auto registered = clients.create(*registration, call.actor);
  if (!registered) return Err(registered.error());
  return secret_response(201, registration_view(*registered));
}

Outcome<HttpResponse> list(ClientService& clients, const AdminCall& call) {
  const auto query = call.query();
  if (!query) return Err(query.error());
  const auto page = read_page(*query, kLenientPaging);
  if (!page) return Err(page.error());
  ClientFilter filter;
  const auto status = query->get("status");
  const auto source = query->get("source");
  if (status && !status->empty()) filter.status = parse_client_status(*status);
  if (source && !source->empty()) filter.registration_source = parse_registration_source(*source);
  OrderedJson body = OrderedJson::array();
  // A filter value that names nothing matches nothing.
  const bool matches_nothing = (status && !status->empty() && !filter.status) ||
                               (source && !source->empty() && !filter.registration_source);
  if (!matches_nothing) {
    const auto found = clients.list(filter, *page);
    if (!found) return Err(found.error());
    for (const Client& client : *found) body.push_back(view_of(client));
  }
  return json_response(200, to_json_text(body));
}

Outcome<HttpResponse> update(ClientService& clients, const AdminCall& call, const std::string& id) {
  const auto changes = read_changes(call.http.body);
  if (!changes) return Err(changes.error());
  const auto client = clients.update(id, *changes, call.actor);
  if (!client) return Err(client.error());
  return json_response(200, to_json_text(view_of(*client)));
}

Outcome<HttpResponse> rotate_secret(ClientService& clients, const AdminCall& call, const std::string& id) {
  const auto secret = clients.rotate_secret(id, call.actor);
  if (!secret) return Err(secret.error());
  OrderedJson body;
  body["client_id"] = id;
  body["client_secret"] = std::string(secret->expose());
  return secret_response(200, body);
}

Outcome<HttpResponse> remove(ClientService& clients, const AdminCall& call, const std::string& id) {
  const auto query = call.query();
  if (!query) return Err(query.error());
  const bool force = query->get("force") == "true";
  const auto removed =
      clients.remove(id, force ? RemoveClient::revoke_tokens : RemoveClient::unless_live_tokens, call.actor);
  if (!removed) return Err(removed.error());
  return no_content();
}

using ForOneClient = Outcome<HttpResponse> (*)(ClientService&, const AdminCall&, const std::string&);

AdminRoutes::Handler for_one(ClientService& clients, ForOneClient handler) {
  return [&clients, handler](const AdminCall& call) -> Outcome<HttpResponse> {
    const auto id = call.param(0);
    if (!id) return Err(id.error());
    return handler(clients, call, *id);
  };
}

}  // namespace

void add_client_routes(AdminRoutes& routes, ClientService& clients) {
  routes.add("POST", "/admin/clients", [&clients](const AdminCall& call) { return create(clients, call); });
  routes.add("GET", "/admin/clients", [&clients](const AdminCall& call) { return list(clients, call); });
  routes.add("GET", "/admin/clients/{id}",
             for_one(clients, [](ClientService& service, const AdminCall&, const std::string& id) {
               const auto client = service.get(id);
               return client ? Outcome<HttpResponse>(json_response(200, to_json_text(view_of(*client))))
                             : Outcome<HttpResponse>(Err(client.error()));
             }));
  routes.add("PATCH", "/admin/clients/{id}", for_one(clients, update));
  routes.add("DELETE", "/admin/clients/{id}", for_one(clients, remove));
  routes.add("POST", "/admin/clients/{id}/rotate-secret", for_one(clients, rotate_secret));
  const auto add_transition = [&](const char* verb,
                                  Outcome<Client> (ClientService::*method)(std::string_view, const Actor&)) {
    routes.add("PATCH", std::string("/admin/clients/{id}/") + verb,
               [&clients, method](const AdminCall& call) -> Outcome<HttpResponse> {
                 const auto id = call.param(0);
                 if (!id) return Err(id.error());
                 const auto client = (clients.*method)(*id, call.actor);
                 if (!client) return Err(client.error());
                 return status_response(*client);
               });
  };
  add_transition("suspend", &ClientService::suspend);
  add_transition("revoke", &ClientService::revoke);
  add_transition("reactivate", &ClientService::reactivate);
}

}  // namespace authplane::authserver
