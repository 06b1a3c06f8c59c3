#include "authserver/admin/system_endpoints.h"

#include <nlohmann/json.hpp>

#include "authserver/admin/paging.h"
#include "authserver/admin/views.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

constexpr PagingRules kAuditPaging{
    .default_limit = 50, .max_limit = 1000, .max_offset = 100'000, .mode = PagingRules::Mode::bounded};

HttpResponse ok(const OrderedJson& body) {
  return json_response(200, to_json_text(body));
}

HttpResponse list_keys(const KeyService& keys) {
  OrderedJson body;
  body["keys"] = OrderedJson::array();
  for (const KeyView& key : keys.list()) body["keys"].push_back(view_of(key));
  return ok(body);
}

Outcome<HttpResponse> rotate_key(const SystemEndpointDeps& deps, const AdminCall& call) {
  const auto key = deps.keys.rotate(call.actor);
  if (!key) return Err(key.error());
  deps.metrics.counter("authserver_key_rotation_total").add();
  OrderedJson body;
  body["kid"] = key->kid;
  body["alg"] = to_string(key->algorithm);
  return ok(body);
}

// Absent or empty: no bound. Errors: invalid_request.
Outcome<std::optional<WallTime>> read_time(const Form& query, std::string_view name) {
  const auto text = query.get(name);
  if (!text || text->empty()) return std::optional<WallTime>();
  const auto time = parse_rfc3339(*text);
  if (!time) return fail(DomainErrorCode::invalid_request, std::string(name) + " must be an RFC 3339 time");
  return time;
}

Outcome<AuditSearch> read_audit_search(const Form& query) {
  AuditSearch search;
  search.action = given(query, "action");
  search.actor_id = given(query, "actor_id");
  search.client_id = given(query, "client_id");
  const auto since = read_time(query, "since");
  if (!since) return Err(since.error());
  search.since = *since;
  const auto until = read_time(query, "until");
  if (!until) return Err(until.error());
  search.until = *until;
  const auto page = read_page(query, kAuditPaging);
  if (!page) return Err(page.error());
  search.page = *page;
  return search;
}

Outcome<HttpResponse> list_audit(const SystemEndpointDeps& deps, const AdminCall& call) {
  const auto query = call.query();
  if (!query) return Err(query.error());
  const auto search = read_audit_search(*query);
  if (!search) return Err(search.error());
  const auto events = deps.audit.search(*search, deps.config.audit_lookback);
  if (!events) return Err(events.error());
  OrderedJson body = OrderedJson::array();
  for (const AuditEvent& event : *events) body.push_back(view_of(event));
  return ok(body);
}

HttpResponse verify_key(const SystemEndpointDeps& deps, const AdminCall& call) {
  deps.audit.record("admin.ui_login", call.actor, "", audit_detail({{"key", "verified"}}));
  OrderedJson body;
  body["valid"] = true;
  body["version"] = deps.config.version;
  return ok(body);
}

Outcome<HttpResponse> stats(const SystemEndpointDeps& deps) {
  const auto counts = deps.system.stats_today();
  if (!counts) return Err(counts.error());
  OrderedJson body;
  body["clients"] = counts->clients;
  body["users"] = counts->users;
  body["active_tokens_24h"] = counts->tokens_issued;
  body["revoked_tokens"] = counts->tokens_revoked;
  body["connections"] = 0;  // of what it once counted nothing is left; the member is part of the API
  return ok(body);
}

HttpResponse system_status(const SystemEndpointDeps& deps) {
  const SystemStatus status = deps.system.status();
  OrderedJson body;
  body["version"] = deps.config.version;
  body["uptime"] = format_uptime(status.uptime);
  body["uptime_secs"] = status.uptime.count();
  body["subsystems"] = OrderedJson::array();
  for (const Subsystem& subsystem : status.subsystems) {
    OrderedJson view;
    view["name"] = subsystem.name;
    view["status"] = subsystem.status;
    if (!subsystem.driver.empty()) view["driver"] = subsystem.driver;
    body["subsystems"].push_back(std::move(view));
  }
  return ok(body);
}

OrderedJson notices(RegistrationMode mode, std::string_view default_scope) {
  OrderedJson list = OrderedJson::array();
  if (mode == RegistrationMode::admin_only || !default_scope.empty()) return list;
  OrderedJson notice;
  notice["id"] = "oauth-default-client-scope-required-v0.3.0";
  notice["severity"] = "warning";
  notice["title"] = "Clients that register themselves have no scope ceiling";
  notice["body"] =
      "While clients may register themselves, set oauth.default_client_scope to the scopes they may ask for.";
  list.push_back(std::move(notice));
  return list;
}

// What is in force, not what the configuration file says: a feature this server does not have is off.
Outcome<HttpResponse> system_config(const SystemEndpointDeps& deps) {
  const auto mode = deps.registration.mode();
  if (!mode) return Err(mode.error());
  OrderedJson body;
  body["issuer"] = deps.config.issuer;
  body["storage"]["driver"] = deps.storage.driver();
  body["signing"]["algorithm"] = to_string(deps.signing_keys.keys()->algorithm());
  body["signing"]["key_store"] = deps.config.signing_key_store;
  const std::string& driver = deps.system.encryption_driver();
  body["encryption"]["driver"] = driver.empty() ? "none" : driver;
  body["dcr"]["mode"] = to_string(*mode);
  body["rate_limit"]["enabled"] = deps.config.public_rate_limit_enabled;
  body["client_credentials"]["enabled"] = deps.config.grants.client_credentials;
  body["dpop"]["enabled"] = deps.config.dpop.enabled;
  body["dpop"]["nonce_ttl"] = deps.config.dpop.nonce_ttl;
  body["dpop"]["require_nonce"] = deps.config.dpop.require_nonce;
  body["token_exchange"]["enabled"] = deps.config.grants.token_exchange;
  body["token_exchange"]["max_chain_depth"] = deps.config.max_chain_depth;
  body["agents"]["enabled"] = true;
  body["agents"]["jwks_listing"] = false;
  body["oidc"]["enabled"] = deps.config.oidc_enabled;
  body["notices"] = notices(*mode, deps.config.registration.default_scope);
  return ok(body);
}

}  // namespace

void add_system_routes(AdminRoutes& routes, const SystemEndpointDeps& deps) {
  using Call = const AdminCall&;
  routes.add("GET", "/admin/keys", [deps](Call) { return list_keys(deps.keys); });
  routes.add("POST", "/admin/keys/rotate", [deps](Call call) { return rotate_key(deps, call); });
  routes.add("GET", "/admin/audit", [deps](Call call) { return list_audit(deps, call); });
  routes.add("POST", "/admin/auth/verify", [deps](Call call) { return verify_key(deps, call); });
  routes.add("GET", "/admin/stats", [deps](Call) { return stats(deps); });
  routes.add("GET", "/admin/system/status", [deps](Call) { return system_status(deps); });
  routes.add("GET", "/admin/system/config", [deps](Call) { return system_config(deps); });
}

}  // namespace authplane::authserver
