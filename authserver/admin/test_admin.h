#pragma once

// For tests only: the admin API over memory storage.

#include <gtest/gtest.h>

#include "authserver/admin/admin_api.h"
#include "authserver/http/test_server.h"

namespace authplane::authserver {

// Turns text around, so that it is found nowhere as it was.
class MirrorSealer final : public Sealer {
 public:
  std::string_view driver() const override { return "mirror"; }
  Outcome<std::string> seal(std::string_view text, std::string_view owner) override {
    std::string sealed(text.rbegin(), text.rend());
    return sealed.append(1, '\0').append(owner);
  }
  Outcome<Opened> open(std::string_view sealed, std::string_view owner) override {
    if (!sealed.ends_with(owner)) return fail(DomainErrorCode::internal, "sealed for somebody else");
    sealed.remove_suffix(owner.size() + 1);
    return Opened{SecretString(std::string(sealed.rbegin(), sealed.rend()))};
  }
};

inline constexpr std::string_view kAdminKey = "an-admin-key-for-tests";

class AdminTest : public ::testing::Test, protected TestServer {
 protected:
  AdminTest() { start(); }

  // Takes `config`, `api_key`, `metrics_text` and `sealer` as they are now.
  void start() {
    handler = AdminApi::create({.config = config,
                                .api_key = api_key,
                                .client_secret_pepper = pepper,
                                .storage = storage,
                                .signing_keys = keys,
                                .ids = ids,
                                .clock = clock,
                                .random = random,
                                .logger = logger,
                                .metrics = metrics,
                                .metrics_text = metrics_text,
                                .sealer = sealer,
                                .idp_keys = idp_keys});
  }

  HttpResponse call(std::string method, std::string target, std::string body = "") const {
    return handler({.method = std::move(method),
                    .target = std::move(target),
                    .headers = {{"Authorization", "Bearer " + std::string(kAdminKey)}},
                    .body = std::move(body),
                    .remote_address = "192.0.2.1"});
  }

  static std::string client_body() {
    return R"({"client_name":"agent","grant_types":["client_credentials"],)"
           R"("token_endpoint_auth_method":"client_secret_basic","scope":"mcp:echo"})";
  }
  static std::string resource_body(const std::string& slug = "demo") {
    return R"({"slug":")" + slug + R"(","uri":"https://rs.example/mcp","backend_kind":"mint",)" +
           R"("display_name":"Demo","scopes":[{"name":"mcp:echo","description":"echo tool"}]})";
  }
  static std::string provider_body(const std::string& slug = "github") {
    return R"({"slug":")" + slug + R"(","display_name":"GitHub","protocol":"oauth","config_data":)" +
           R"({"client_id":"Iv1.1","client_secret_ref":"CONNECTOR_GITHUB_SECRET"}})";
  }
  std::string create_provider(const std::string& slug = "github") {
    return json_of(call("POST", "/admin/broker-providers", provider_body(slug)))["id"];
  }
  // A broker resource of a provider that exists.
  std::string create_broker(const std::string& slug = "upstream",
                            const std::string& provider_slug = "github") {
    return json_of(call("POST", "/admin/resources",
                        R"({"slug":")" + slug + R"(","backend_kind":"broker","broker_provider_slug":")" +
                            provider_slug +
                            R"(","scopes":[{"name":"repo"},{"name":"user","upstream":"read:user"}]})"))["id"];
  }
  std::string create_client() { return json_of(call("POST", "/admin/clients", client_body()))["client_id"]; }
  std::string create_resource(const std::string& slug = "demo") {
    return json_of(call("POST", "/admin/resources", resource_body(slug)))["id"];
  }
  // A recorded token of a new client for a new resource.
  Issuance issue(std::string_view at) {
    Issuance row;
    row.id = ids.next();
    row.client_id = create_client();
    row.resource_id = create_resource();
    row.scopes = ScopeSet::parse("mcp:echo").value();
    row.issued_at = std::chrono::floor<std::chrono::seconds>(*parse_rfc3339(at));
    row.expires_at = row.issued_at + std::chrono::hours(1);
    AuditEvent audit;
    audit.id = ids.next();
    audit.action = "client_credentials.issued";
    storage.issuances().append(row, std::move(audit)).value();
    return row;
  }
  std::string create_user(const std::string& email = "ada@example.com") {
    return json_of(
        call("POST", "/admin/users", R"({"email":")" + email + R"(","password":"a long one"})"))["id"];
  }
  // A user's consent, and what a redeemed code led to.
  struct Session {
    ConsentGrant grant;
    TokenFamily family;
    Issuance access;
  };
  Session sign_in(const std::string& client_id, const std::string& user_id, const std::string& resource_id) {
    Authorization request;
    request.id = ids.opaque();
    request.client_id = client_id;
    request.user_id = user_id;
    request.redirect_uri = "https://app.example/cb";
    request.scopes = ScopeSet::split("mcp:echo");
    request.resource_id = resource_id;
    request.resource_uri = "https://rs.example/mcp";
    request.code_challenge = std::string(43, 'c');
    request.created_at = clock.now();
    request.expires_at = clock.now() + std::chrono::minutes(10);
    storage.authorizations().create(request).value();
    const TokenHash code = sha256(request.id);
    storage.authorizations()
        .approve({.authorization_id = request.id,
                  .user_id = user_id,
                  .scopes = request.scopes,
                  .code_hash = code,
                  .basis = ConsentBasis::given_now,
                  .consent_grant_id = ids.opaque(),
                  .audit = {},
                  .now = clock.now()})
        .value();
    storage.authorizations().consume_code(code, clock.now()).value();

    Session session;
    session.grant = *storage.consent_grants().find_active(user_id, client_id, resource_id).value();
    session.family.id = ids.next();
    session.family.client_id = client_id;
    session.family.user_id = user_id;
    session.family.scopes = request.scopes;
    session.family.resource_id = resource_id;
    session.family.resource_uri = request.resource_uri;
    session.family.authorization_id = request.id;
    session.family.created_at = clock.now();
    session.access.id = ids.next();
    session.access.grant = GrantKind::authorization_code;
    session.access.client_id = client_id;
    session.access.subject_user_id = user_id;
    session.access.resource_id = resource_id;
    session.access.scopes = request.scopes;
    session.access.issued_at = clock.now_seconds();
    session.access.expires_at = clock.now_seconds() + std::chrono::hours(1);
    AuditEvent audit;
    audit.id = ids.next();
    audit.action = "token.issued";
    const NewRefreshToken refresh{.hash = sha256("refresh " + request.id),
                                  .expires_at = clock.now() + std::chrono::hours(24)};
    storage.issuances()
        .append({session.access, audit, {}, FamilyStart{.family = session.family, .refresh = refresh}})
        .value();
    return session;
  }
  bool is_live(const Issuance& token) {
    return storage.issuances().token_state(token.id.text(), clock.now()).value() == TokenState::live;
  }
  AuditEvent last_audit() { return audit_rows().front(); }

  static void expect_problem(const HttpResponse& response, int status, std::string_view detail) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.headers.get("Content-Type"), "application/problem+json");
    const Json body = json_of(response);
    EXPECT_EQ(body.size(), 4u);
    EXPECT_EQ(body["type"], "about:blank");
    EXPECT_EQ(body["title"], reason_phrase(status));
    EXPECT_EQ(body["status"], status);
    EXPECT_NE(body["detail"].get<std::string>().find(detail), std::string::npos) << response.body;
  }

  AdminApiConfig config{.issuer = std::string(kIssuer),
                        .version = "1.2.3",
                        .grants = {},
                        .audit_lookback = {},
                        .passwords = {.cost = {.memory_kib = 64, .passes = 1, .lanes = 1}},
                        .rate_limit = std::nullopt,
                        .metrics_path = "/metrics",
                        .signing_key_store = "keyfile",
                        .public_rate_limit_enabled = true,
                        .dpop = {}};
  SecretString api_key{std::string(kAdminKey)};
  std::function<std::string()> metrics_text;
  MirrorSealer mirror;
  Sealer* sealer = nullptr;           // data encryption is off
  std::shared_ptr<IdpKeys> idp_keys;  // cross-application access is off
};

}  // namespace authplane::authserver
