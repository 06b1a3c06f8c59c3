#include "authserver/admin/admin_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/admin/metrics_prometheus.h"
#include "authserver/admin/test_admin.h"

namespace authplane::authserver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AdminApiTest : public AdminTest {};

// --- the key

TEST_F(AdminApiTest, EveryEndpointRefusesEveryWrongKey) {
  const std::vector<std::pair<std::string, std::string>> endpoints{
      {"POST", "/admin/clients"},
      {"GET", "/admin/clients"},
      {"GET", "/admin/clients/x"},
      {"PATCH", "/admin/clients/x"},
      {"DELETE", "/admin/clients/x"},
      {"POST", "/admin/clients/x/rotate-secret"},
      {"PATCH", "/admin/clients/x/suspend"},
      {"PATCH", "/admin/clients/x/revoke"},
      {"PATCH", "/admin/clients/x/reactivate"},
      {"POST", "/admin/resources"},
      {"GET", "/admin/resources"},
      {"GET", "/admin/resources/x"},
      {"PATCH", "/admin/resources/x"},
      {"DELETE", "/admin/resources/x"},
      {"GET", "/admin/resources/x/policy/exchange/allowed-clients"},
      {"POST", "/admin/resources/x/policy/exchange/allowed-clients"},
      {"DELETE", "/admin/resources/x/policy/exchange/allowed-clients/y"},
      {"GET", "/admin/resources/x/policy/runtime/client-ids"},
      {"POST", "/admin/resources/x/policy/runtime/client-ids"},
      {"DELETE", "/admin/resources/x/policy/runtime/client-ids/y"},
      {"GET", "/admin/resources/x/policy/connect/allowed-return-urls"},
      {"POST", "/admin/resources/x/policy/connect/allowed-return-urls"},
      {"DELETE", "/admin/resources/x/policy/connect/allowed-return-urls"},
      {"GET", "/admin/resources/x/fronting"},
      {"POST", "/admin/broker-providers"},
      {"GET", "/admin/broker-providers"},
      {"GET", "/admin/broker-providers?slug=x"},
      {"GET", "/admin/broker-providers/x"},
      {"PATCH", "/admin/broker-providers/x"},
      {"DELETE", "/admin/broker-providers/x"},
      {"POST", "/admin/fronting"},
      {"POST", "/admin/fronting?dry_run=true"},
      {"GET", "/admin/fronting"},
      {"GET", "/admin/fronting/x/y"},
      {"PATCH", "/admin/fronting/x/y"},
      {"DELETE", "/admin/fronting/x/y"},
      {"GET", "/admin/users/x/grants"},
      {"DELETE", "/admin/grants/consent/x"},
      {"DELETE", "/admin/grants/broker/x"},
      {"GET", "/admin/issuances"},
      {"GET", "/admin/issuances/x"},
      {"DELETE", "/admin/issuances/x"},
      {"GET", "/admin/keys"},
      {"POST", "/admin/keys/rotate"},
      {"GET", "/admin/audit"},
      {"GET", "/admin/stats"},
      {"GET", "/admin/system/status"},
      {"GET", "/admin/system/config"},
      {"POST", "/admin/auth/verify"}};
  const std::string key(kAdminKey);
  const std::vector<Headers> wrong{{},
                                   {{"Authorization", key}},
                                   {{"Authorization", "bearer " + key}},
                                   {{"Authorization", "Bearer  " + key}},
                                   {{"Authorization", "Bearer " + key + "x"}},
                                   {{"Authorization", "Bearer " + key.substr(1)}},
                                   {{"Authorization", "Bearer "}},
                                   {{"Authorization", "Basic " + key}},
                                   {{"Authorization", "Bearer " + key}, {"Authorization", "Bearer " + key}}};
  for (const auto& [method, target] : endpoints) {
    const std::size_t rows = audit_rows().size();
    for (const Headers& headers : wrong) {
      const HttpResponse response = handler({.method = method,
                                             .target = target,
                                             .headers = headers,
                                             .body = "{}",
                                             .remote_address = "192.0.2.1"});
      EXPECT_EQ(response.status, 401) << method << " " << target;
      EXPECT_EQ(response.headers.get("WWW-Authenticate"), "Bearer realm=\"admin\"");
      EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
      EXPECT_EQ(json_of(response)["error"], "unauthorized");
      EXPECT_EQ(json_of(response).size(), 2u);
    }
    EXPECT_EQ(audit_rows().size(), rows) << "who has no key fills the audit log";
    EXPECT_NE(call(method, target).status, 401) << method << " " << target;
  }
}

// T31: no text of a caller breaks a line of the log or poses as another value in an audit row.
TEST_F(AdminApiTest, HostileTextStaysInItsField) {
  create_provider();
  create_broker();
  create_resource();
  const std::string hostile = "x\\r\\n\\u001b[2J\\u2028 actor=root\\\" y";  // as JSON has it
  const std::string in_path = "x%0D%0A%1B%E2%80%A8%20actor=root%22";
  const auto body = [&](std::string text) {
    for (std::size_t at; (at = text.find('@')) != std::string::npos;) text.replace(at, 1, hostile);
    return text;
  };
  for (const auto& [method, target, text] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"POST", "/admin/broker-providers",
            R"({"slug":"p","display_name":"@","protocol":"oauth","config_data":{"client_secret_ref":"@"}})"},
           {"POST", "/admin/broker-providers", R"({"slug":"@","display_name":"x","protocol":"@"})"},
           {"POST", "/admin/broker-providers",
            R"({"slug":"q","display_name":"x","protocol":"oauth","config_data":{"@_secret":"x"}})"},
           {"GET", "/admin/broker-providers?slug=" + in_path, ""},
           {"DELETE", "/admin/broker-providers/" + in_path, ""},
           {"POST", "/admin/fronting", R"({"source":"@","target":"demo","scope_map":{"a":["b"]}})"},
           {"POST", "/admin/fronting", R"({"source":"demo","target":"upstream","scope_map":{"@":["@"]}})"},
           {"DELETE", "/admin/fronting/" + in_path + "/" + in_path, ""},
           {"POST", "/admin/resources/upstream/policy/connect/allowed-return-urls",
            R"({"url":"http://localhost:@"})"},
           {"POST", "/admin/resources/upstream/policy/connect/allowed-return-urls",
            R"({"url":"https://a.example/@"})"},
           {"DELETE", "/admin/resources/upstream/policy/connect/allowed-return-urls?url=" + in_path, ""},
           {"DELETE", "/admin/grants/broker/" + in_path, ""},
           {"POST", "/admin/resources", R"({"slug":"r","backend_kind":"broker","broker_provider_slug":"@"})"},
           {"POST", "/admin/resources",
            R"({"slug":"r","backend_kind":"broker","broker_provider_id":"@"})"}}) {
    EXPECT_LT(call(method, target, body(text)).status, 500) << method << " " << target;
  }
  for (const AuditEvent& row : audit_rows()) {
    EXPECT_THAT(row.detail, Not(HasSubstr(" actor=root\" ")));
    for (const char c : row.detail) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << row.detail;
  }
  for (const std::string& line : logger.lines()) EXPECT_THAT(line, Not(HasSubstr(" actor=root"))) << line;
}

TEST_F(AdminApiTest, ThreeCausesOf401AreTold) {
  const std::string missing = json_of(handler({"GET", "/admin/stats", {}, "", ""}))["error_description"];
  const std::string wrong = json_of(
      handler({"GET", "/admin/stats", {{"Authorization", "Bearer no"}}, "", ""}))["error_description"];
  api_key = SecretString();
  start();
  const std::string unset = json_of(call("GET", "/admin/stats"))["error_description"];
  EXPECT_THAT(missing, HasSubstr("Authorization"));
  EXPECT_THAT(wrong, HasSubstr("wrong"));
  EXPECT_THAT(unset, HasSubstr("admin.api_key"));
}

TEST_F(AdminApiTest, VerifyAnswersAndIsAudited) {
  const HttpResponse response = call("POST", "/admin/auth/verify");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"valid":true,"version":"1.2.3"})");
  EXPECT_EQ(last_audit().action, "admin.ui_login");
  EXPECT_EQ(last_audit().actor_id, "admin");
  EXPECT_EQ(last_audit().ip, "192.0.2.1");
}

// --- listener

TEST_F(AdminApiTest, UnknownPathsAndMethods) {
  EXPECT_EQ(call("GET", "/admin/nothing").status, 404);
  EXPECT_EQ(call("GET", "/oauth/token").status, 404);
  const HttpResponse response = call("PUT", "/admin/clients");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.get("Allow"), "POST, GET, HEAD");
}

TEST_F(AdminApiTest, RateLimitAnswersBeforeTheKeyIsLookedAt) {
  config.rate_limit = RateLimit{.requests_per_second = 1, .burst = 1};
  start();
  EXPECT_EQ(call("GET", "/admin/stats").status, 200);
  const HttpResponse response = call("GET", "/admin/stats");
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.headers.get("Retry-After"), "1");
  EXPECT_EQ(json_of(response)["error"], "slow_down");
}

TEST_F(AdminApiTest, PathParametersAreBounded) {
  for (const std::string& id :
       {std::string(), std::string(257, 'a'), std::string("%ff"), std::string("%zz")}) {
    expect_problem(call("GET", "/admin/clients/" + id), 400, "path parameter");
    expect_problem(call("GET", "/admin/resources/" + id), 400, "path parameter");
    expect_problem(call("GET", "/admin/issuances/" + id), 400, "path parameter");
  }
}

TEST_F(AdminApiTest, RepeatedQueryParametersAreRefused) {
  for (const char* path : {"/admin/clients", "/admin/resources", "/admin/issuances", "/admin/audit"}) {
    expect_problem(call("GET", std::string(path) + "?limit=1&limit=2"), 400, "more than once");
    expect_problem(call("GET", std::string(path) + "?limit=%zz"), 400, "malformed");
  }
}

// --- keys, stats, status

TEST_F(AdminApiTest, KeysAreListedAndRotated) {
  const std::string first = keys.keys()->kid;
  EXPECT_EQ(json_of(call("GET", "/admin/keys")),
            Json({{"keys", {{{"kid", first}, {"alg", "ES256"}, {"use", "sig"}, {"status", "current"}}}}}));
  const Json rotated = json_of(call("POST", "/admin/keys/rotate"));
  EXPECT_NE(rotated["kid"], first);
  EXPECT_EQ(rotated["alg"], "ES256");
  EXPECT_EQ(rotated.size(), 2u);
  const Json after = json_of(call("GET", "/admin/keys"))["keys"];
  ASSERT_EQ(after.size(), 2u);
  EXPECT_EQ(after[0]["kid"], rotated["kid"]);
  EXPECT_EQ(after[0]["status"], "current");
  EXPECT_EQ(after[1]["kid"], first);
  EXPECT_EQ(after[1]["status"], "previous");
  EXPECT_EQ(last_audit().action, "key.rotated");
  EXPECT_EQ(last_audit().detail, "kid=" + rotated["kid"].get<std::string>());
}

TEST_F(AdminApiTest, StatsCountClientsAndTodaysTokens) {
  create_client();
  const std::string other = create_client();
  call("PATCH", "/admin/clients/" + other + "/suspend");
  issue("2026-01-01T00:00:00Z");
  EXPECT_EQ(call("GET", "/admin/stats").body,
            R"({"clients":3,"users":0,"active_tokens_24h":1,"revoked_tokens":0,"connections":0})");
  clock.advance(std::chrono::hours(24));
  EXPECT_EQ(json_of(call("GET", "/admin/stats"))["active_tokens_24h"], 0);
}

TEST_F(AdminApiTest, StatusTellsUptimeAndSubsystems) {
  clock.advance(std::chrono::seconds(86400 + 2 * 3600 + 4));
  EXPECT_EQ(call("GET", "/admin/system/status").body,
            R"({"version":"1.2.3","uptime":"1d 2h 0m 4s","uptime_secs":93604,"subsystems":[)"
            R"({"name":"storage","status":"healthy","driver":"memory"},)"
            R"({"name":"signing","status":"healthy","driver":"keyfile"},)"
            R"({"name":"encryption","status":"not_configured"}]})");
  storage.unreachable = true;
  const HttpResponse response = call("GET", "/admin/system/status");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(json_of(response)["subsystems"][0]["status"], "unhealthy");
}

TEST_F(AdminApiTest, SystemConfigShowsWhatIsInForceAndNoSecret) {
  const HttpResponse response = call("GET", "/admin/system/config");
  const Json body = json_of(response);
  EXPECT_EQ(body["issuer"], kIssuer);
  EXPECT_EQ(body["storage"]["driver"], "memory");
  EXPECT_EQ(body["signing"], Json({{"algorithm", "ES256"}, {"key_store", "keyfile"}}));
  EXPECT_EQ(body["client_credentials"]["enabled"], true);
  EXPECT_EQ(body["dpop"], Json({{"enabled", true}, {"nonce_ttl", "1m0s"}, {"require_nonce", false}}));
  EXPECT_EQ(body["notices"][0]["id"], "oauth-default-client-scope-required-v0.3.0");
  EXPECT_THAT(response.body, Not(HasSubstr(kAdminKey)));
  EXPECT_THAT(response.body, Not(HasSubstr(pepper.expose())));
  config.dpop = {.enabled = false, .nonce_ttl = "30s", .require_nonce = true};
  start();
  EXPECT_EQ(json_of(call("GET", "/admin/system/config"))["dpop"],
            Json({{"enabled", false}, {"nonce_ttl", "30s"}, {"require_nonce", true}}));
}

// --- audit

TEST_F(AdminApiTest, AuditIsABareArrayNewestFirstWithFilters) {
  create_client();
  clock.advance(std::chrono::seconds(1));
  call("POST", "/admin/auth/verify");
  const Json all = json_of(call("GET", "/admin/audit"));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["action"], "admin.ui_login");
  EXPECT_EQ(all[1]["action"], "client.created_admin");
  EXPECT_EQ(all[0]["created_at"], "2026-01-01T00:00:01Z");
  EXPECT_EQ(all[0]["trace_id"], "");
  EXPECT_EQ(all[0].size(), 8u);
  EXPECT_EQ(json_of(call("GET", "/admin/audit?action=client.created_admin")).size(), 1u);
  EXPECT_EQ(json_of(call("GET", "/admin/audit?actor_id=nobody")).size(), 0u);
  EXPECT_EQ(json_of(call("GET", "/admin/audit?limit=1&offset=1"))[0]["action"], "client.created_admin");
  EXPECT_EQ(json_of(call("GET", "/admin/audit?until=2026-01-01T00:00:01Z")).size(), 1u);
  EXPECT_EQ(json_of(call("GET", "/admin/audit?since=2026-01-01T00:00:01Z")).size(), 1u);
}

TEST_F(AdminApiTest, AuditQueryBounds) {
  expect_problem(call("GET", "/admin/audit?since=yesterday"), 400, "since");
  expect_problem(call("GET", "/admin/audit?until=2026-13-01T00:00:00Z"), 400, "until");
  expect_problem(call("GET", "/admin/audit?since=2025-11-01T00:00:00Z"), 400, "since");
  expect_problem(call("GET", "/admin/audit?since=2026-01-01T00:00:00Z&until=2026-01-01T00:00:00Z"), 400,
                 "until");
  expect_problem(call("GET", "/admin/audit?limit=1001"), 400, "limit");
  expect_problem(call("GET", "/admin/audit?offset=100001"), 400, "offset");
  EXPECT_EQ(call("GET", "/admin/audit?limit=0").status, 200);
  EXPECT_EQ(call("GET", "/admin/audit?limit=1000&offset=100000").status, 200);
}

// --- issuances

TEST_F(AdminApiTest, IssuancesAreListedReadAndRevoked) {
  const Issuance row = issue("2026-01-01T00:00:00Z");
  const Json list = json_of(call("GET", "/admin/issuances?client=" + row.client_id));
  EXPECT_EQ(list["count"], 1);
  EXPECT_EQ(list["since"], "2025-12-31T00:00:00Z");
  EXPECT_EQ(list["issuances"][0], Json({{"id", row.id.text()},
                                        {"jti", row.id.text()},
                                        {"subject_user_id", ""},
                                        {"client_id", row.client_id},
                                        {"resource_id", row.resource_id},
                                        {"scopes", {"mcp:echo"}},
                                        {"backend_kind", "mint"},
                                        {"revocable", true},
                                        {"issued_at", "2026-01-01T00:00:00Z"},
                                        {"expires_at", "2026-01-01T01:00:00Z"},
                                        {"agent_chain", Json::array()}}));

  EXPECT_EQ(call("DELETE", "/admin/issuances/" + row.id.text()).status, 204);
  EXPECT_EQ(call("DELETE", "/admin/issuances/" + row.id.text()).status, 204);
  const Json one = json_of(call("GET", "/admin/issuances/" + row.id.text()));
  EXPECT_EQ(one["revoked_at"], "2026-01-01T00:00:00Z");
  EXPECT_EQ(last_audit().action, "issuance.revoked_admin");
  EXPECT_EQ(last_audit().detail, "id=" + row.id.text() + " subject_user_id=\"\" client_id=" + row.client_id +
                                     " resource_id=" + row.resource_id);
}

TEST_F(AdminApiTest, IssuanceQueryRules) {
  const Issuance row = issue("2026-01-01T00:00:00Z");
  const std::string jti = row.id.text();
  expect_problem(call("GET", "/admin/issuances"), 400, "at least one");
  expect_problem(call("GET", "/admin/issuances?client="), 400, "at least one");
  expect_problem(call("GET", "/admin/issuances?client=x&since=1h"), 400, "since");
  expect_problem(call("GET", "/admin/issuances?client=x&since=2025-11-30T00:00:00Z"), 400, "30 days");
  for (const char* limit : {"0", "5001", "-1", "x", ""}) {
    expect_problem(call("GET", std::string("/admin/issuances?client=x&limit=") + limit), 400, "limit");
  }
  const Json by_jti = json_of(call("GET", "/admin/issuances?jti=" + jti + "&since=nonsense"));
  EXPECT_EQ(by_jti["count"], 1);
  EXPECT_EQ(by_jti["since"], "0001-01-01T00:00:00Z");
  EXPECT_EQ(json_of(call("GET", "/admin/issuances?jti=" + jti + "&client=other"))["count"], 0);
  const Json miss = json_of(call("GET", "/admin/issuances?jti=unheard-of"));
  EXPECT_EQ(miss["count"], 0);
  EXPECT_EQ(miss["issuances"], Json::array());
  expect_problem(call("GET", "/admin/issuances/no-id"), 404, "issuance");
  expect_problem(call("GET", "/admin/issuances/01900000-0000-7000-8000-000000000000"), 404, "");
  expect_problem(call("DELETE", "/admin/issuances/01900000-0000-7000-8000-000000000000"), 404, "");
}

// --- metrics

TEST_F(AdminApiTest, MetricsNeedNoKeyAndExistOnlyWhenWired) {
  EXPECT_EQ(handler({"GET", "/metrics", {}, "", ""}).status, 404);
  const auto prometheus = PrometheusMetrics::create();
  metrics_text = [&] { return prometheus->render(); };
  config.metrics_path = "/internal/metrics";
  start();
  prometheus->counter("authserver_tokens_issued_total", {{"grant_type", "client_credentials"}}).add();
  prometheus->counter("authserver_tokens_issued_total", {{"grant_type", "client_credentials"}}).add(2);
  prometheus->histogram("authserver_token_issuance_duration_seconds").observe(0.003);
  const HttpResponse response = handler({"GET", "/internal/metrics", {}, "", ""});
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.headers.get("Content-Type").value_or(""), HasSubstr("text/plain; version=0.0.4"));
  EXPECT_THAT(response.body,
              HasSubstr("authserver_tokens_issued_total{grant_type=\"client_credentials\"} 3"));
  EXPECT_THAT(response.body, HasSubstr("authserver_token_issuance_duration_seconds_bucket{le=\"0.005\"} 1"));
  EXPECT_THAT(response.body, HasSubstr("authserver_token_issuance_duration_seconds_bucket{le=\"0.001\"} 0"));
}

TEST_F(AdminApiTest, NoSecretIsLoggedOrAudited) {
  const Json created = json_of(call("POST", "/admin/clients", client_body()));
  const std::string secret = created["client_secret"];
  const Json rotated =
      json_of(call("POST", "/admin/clients/" + created["client_id"].get<std::string>() + "/rotate-secret"));
  const std::string second = rotated["client_secret"];
  call("POST", "/admin/clients", R"({"client_name":"x","client_secret":"canary-in-body")");
  handler({"GET", "/admin/stats", {{"Authorization", "Bearer canary-wrong-key"}}, "", ""});
  std::string written = logger.text();
  for (const AuditEvent& row : audit_rows())
    written += row.action + row.actor_id + row.client_id + row.detail;
  for (const std::string& canary : {secret, second, std::string(kAdminKey), std::string("canary")}) {
    EXPECT_THAT(written, Not(HasSubstr(canary)));
  }
}

}  // namespace
}  // namespace authplane::authserver
