#pragma once

// For tests only: what UserTokenTest has, and clients that exchange tokens, "agent" and "second" above all,
// with resources to exchange them for:
//   "target" (scopes "mcp:echo mcp:add target:only", runtime client "target-rs"), where the operator named
//   both and "user-1" allowed "app" everything;
//   "hidden" (scopes "data:read data:write"), behind "demo" by a fronting link, for its runtime client "rs";
//   "upstream" (scopes "repo user"), tokens of the provider "github".

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "authserver/http/user_token_fixture.h"

namespace authplane::authserver {

inline constexpr std::string_view kExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
inline constexpr std::string_view kAccessTokenType = "urn:ietf:params:oauth:token-type:access_token";
inline constexpr std::string_view kTarget = "https://target.example/mcp";
inline constexpr std::string_view kHidden = "https://hidden.example/mcp";

// A provider that answers what the test says, at once or when it says so.
class ScriptedUpstream final : public UpstreamTokens {
 public:
  // nullopt: with a token.
  std::optional<UpstreamRefusal> refusal;
  std::optional<std::chrono::seconds> expires_in = std::chrono::seconds(28800);
  std::function<void()> meanwhile = [] {};  // before it answers
  bool answers_later = false;               // by answer()
  std::vector<UpstreamRequest> requests;

  void vend(UpstreamRequest request, Done done) override {
    requests.push_back(std::move(request));
    waiting_.push_back(std::move(done));
    if (!answers_later) answer();
  }
  void answer() {
    meanwhile();
    for (const Done& done : std::exchange(waiting_, {})) {
      if (refusal) {
        done(Err(*refusal));
      } else {
        done(UpstreamToken{.access_token = SecretString("gho_upstream"),
                           .expires_in = expires_in,
                           .provider_slug = "github"});
      }
    }
  }

 private:
  std::vector<Done> waiting_;
};

class ExchangeTest : public UserTokenTest {
 protected:
  using Fields = std::map<std::string, std::string>;

  ExchangeTest() : ExchangeTest(make_memory_storage()) {}
  explicit ExchangeTest(std::unique_ptr<Storage> storage) : UserTokenTest(std::move(storage)) {
    for (const char* id : {"agent", "second"}) server.add(exchanging_client(id));
    change_client("rs", [](Client& client) { client.grant_types.emplace_back(kExchange); });
    server.add(exchanging_client("target-rs"));
    Resource target =
        server.resource_named("target", std::string(kTarget), {"mcp:echo", "mcp:add", "target:only"});
    target.policy.exchange_allowed_client_ids = {"agent", "second"};
    target.policy.runtime_client_ids = {"target-rs"};
    server.add(target);
    Resource hidden = server.resource_named("hidden", std::string(kHidden), {"data:read", "data:write"});
    hidden.policy.runtime_client_ids = {"target-rs"};
    server.add(hidden);
    link("demo", "hidden", {{"mcp:add", {"data:read", "data:write"}}, {"mcp:echo", {"data:read"}}});
    BrokerProvider github;
    github.id = "id-github";
    github.slug = "github";
    server.storage.broker_providers().insert(github).value();
    Resource upstream = server.resource_named("upstream", "https://upstream.example", {"repo", "user"});
    upstream.backend_kind = BackendKind::broker;
    upstream.broker_provider_id = "id-github";
    server.add(upstream);
    allow("app", "target", "mcp:echo mcp:add target:only");
    server.upstream_tokens = upstream_tokens;
    server.start();
  }

  Client exchanging_client(std::string id) const {
    Client client = confidential_client(std::move(id));
    client.grant_types = {std::string(kExchange), "client_credentials"};
    return client;
  }
  template <class Change>
  void change_resource(std::string_view slug, Change change) {
    Resource resource = *server.storage.resources().catalog().value()->find_by_slug(slug);
    change(resource);
    server.storage.resources().update(resource).value();
  }
  void link(std::string source, std::string target, ScopeMap map) {
    FrontingLink link;
    link.source_slug = std::move(source);
    link.target_slug = std::move(target);
    link.scope_map = std::move(map);
    link.created_at = server.clock.now();
    link.created_by = "admin";
    server.storage.fronting_links().insert(link, false).value();
  }
  // Takes the options from the next request on.
  void configure(TokenExchangeOptions options) {
    server.config.token_exchange = options;
    server.start();
  }

  // Consent of "user-1".
  void allow(const std::string& client_id, std::string_view slug, std::string_view scopes) {
    const ResourcePtr resource = server.storage.resources().catalog().value()->find_by_slug(slug);
    code_for(client_id, scopes, resource->id, resource->uri);
  }
  ConsentGrant consent(std::string_view client_id, std::string_view slug) {
    return server.storage.consent_grants()
        .find_active("user-1", client_id, "id-" + std::string(slug))
        .value()
        .value();
  }
  // A token "app" was given for "user-1" at "demo", or wherever.
  std::string subject(std::string_view scopes = "mcp:echo mcp:add") {
    return tokens_of(token(code_form("app", code_for("app", scopes)))).access;
  }
  std::string subject_at(std::string_view slug, std::string_view scopes) {
    const ResourcePtr resource = server.storage.resources().catalog().value()->find_by_slug(slug);
    return tokens_of(token(code_form("app", code_for("app", scopes, resource->id, resource->uri)))).access;
  }
  // For the issuer itself.
  std::string subject_without_resource() {
    return tokens_of(token(code_form("app", code_without_resource("app")))).access;
  }
  // A token of the client for itself.
  std::string machine_token(const std::string& client_id, std::string_view scope = "mcp:echo",
                            std::string_view resource = kResource) {
    change_client(client_id, [&](Client& client) { client.scope = scope; });
    Form form;
    form.add("grant_type", "client_credentials");
    if (!resource.empty()) form.add("resource", std::string(resource));
    return tokens_of(token(form, secret_of(client_id))).access;
  }

  // The usual exchange, with parameters replaced, added, or by "" left out.
  static Form exchange_form(std::string_view subject_token, const Fields& changes = {}) {
    Fields fields = {{"grant_type", std::string(kExchange)},
                     {"subject_token", std::string(subject_token)},
                     {"subject_token_type", std::string(kAccessTokenType)},
                     {"resource", "target"}};
    for (const auto& [name, value] : changes) fields.insert_or_assign(name, value);
    Form form;
    for (const auto& [name, value] : fields) {
      if (!value.empty()) form.add(name, value);
    }
    return form;
  }
  HttpResponse exchange(std::string_view subject_token, const Fields& changes = {},
                        std::string_view client_id = "agent", const std::string& dpop = "") const {
    return token(exchange_form(subject_token, changes), secret_of(client_id), dpop);
  }
  static Fields with_actor(std::string_view actor_token, Fields fields = {}) {
    fields["actor_token"] = actor_token;
    fields["actor_token_type"] = kAccessTokenType;
    return fields;
  }
  static std::string access_of(const HttpResponse& response) { return tokens_of(response).access; }
  Issuance row_of(std::string_view access_token) {
    return server.storage.issuances()
        .find_by_jti(claims_of(access_token)["jti"].get<std::string>())
        .value()
        .value();
  }
  // What "target-rs" is told.
  bool is_active_at_target(std::string_view access_token) const {
    return json_of(introspect(access_token, secret_of("target-rs")))["active"].get<bool>();
  }
  void revoke_consent(std::string_view client_id, std::string_view slug) {
    server.storage.consent_grants().revoke(consent(client_id, slug).id, server.clock.now()).value();
  }
  void disable_user() {
    server.storage.users().transition("user-1", UserStatus::disabled, server.clock.now()).value();
  }
  void suspend(std::string_view client_id) {
    server.storage.clients().transition(client_id, ClientStatus::suspended, server.clock.now()).value();
  }

  // Refused, told so, and on record by one word, in the audit log and in the metrics.
  void expect_refused(const HttpResponse& response, int status, std::string_view error,
                      std::string_view reason, std::string_view description = "") {
    expect_error(response, status, error, description);
    const Json body = json_of(response);
    EXPECT_EQ(body.contains("consent_url"), error == "consent_required" && status == 400) << response.body;
    EXPECT_EQ(body.contains("cause"), error == "consent_required") << response.body;
    EXPECT_EQ(last_denial(), reason);
    EXPECT_GE(
        server.metrics.count("authplane_token_exchange_denied_total{reason=" + std::string(reason) + "}"), 1);
  }
  std::string last_denial() {
    for (const AuditEvent& row : server.audit_rows()) {
      if (row.action == "token.exchange_denied") return row.detail.substr(row.detail.find('=') + 1);
    }
    return "";
  }
  AuditEvent last_exchange() {
    for (const AuditEvent& row : server.audit_rows()) {
      if (row.action == "token.exchanged") return row;
    }
    return {};
  }

  std::shared_ptr<ScriptedUpstream> upstream_tokens = std::make_shared<ScriptedUpstream>();
};

}  // namespace authplane::authserver
