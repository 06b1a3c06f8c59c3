#pragma once

// For tests only: a server whose users connect accounts at the provider "hub". The resource "code" uses it.

#include "authserver/broker/broker.h"
#include "authserver/broker/scripted_accounts.h"
#include "authserver/http/browser_fixture.h"
#include "authserver/sealing/aes_sealer.h"
#include "authserver/sealing/owner.h"

namespace authplane::authserver {

inline constexpr std::string_view kReturnUrl = "https://app.example/done";

class ConnectTest : public BrowserTest {
 protected:
  ConnectTest() {
    add_provider("hub");
    add_broker_resource("code", "hub");
    server.config.browser.connect.allowed_return_urls = {std::string(kReturnUrl)};
    server.connect = {.broker = &broker, .sealer = sealer.get(), .state_secret = &state_secret};
    server.start();
  }
  ~ConnectTest() override { broker.close(); }

  BrokerProvider add_provider(const std::string& slug, BrokerProtocol protocol = BrokerProtocol::oauth) {
    BrokerProvider provider;
    provider.id = "id-of-" + slug;
    provider.slug = slug;
    provider.display_name = "The " + slug;
    provider.protocol = protocol;
    provider.config_data = ScriptedAccounts::config().dump();
    provider.created_at = provider.updated_at = server.clock.now();
    server.storage.broker_providers().insert(provider).value();
    return provider;
  }
  Resource add_broker_resource(const std::string& slug, const std::string& provider) {
    Resource resource = server.resource_named(slug, "https://" + slug + ".example/api", {});
    resource.backend_kind = BackendKind::broker;
    resource.broker_provider_id = "id-of-" + provider;
    resource.scopes = {{"repos", "", "repo"}, {"profile", "", "read:user user:email"}, {"plain", "", ""}};
    server.add(resource);
    return resource;
  }

  static std::string connect_target(std::string_view return_url = kReturnUrl, std::string_view resource = "",
                                    std::string_view provider = "hub") {
    Form query;
    if (!resource.empty()) query.add("resource", std::string(resource));
    query.add("return_url", std::string(return_url));
    return "/connect/" + std::string(provider) + "?" + query.encode();
  }
  // The parameters the browser takes to the provider.
  static Form start(Browser& browser, const std::string& target = connect_target()) {
    const HttpResponse response = browser.get(target);
    EXPECT_EQ(response.status, 302) << response.body;
    const std::string location(response.headers.get("Location").value_or(""));
    EXPECT_TRUE(location.starts_with("https://accounts.example/oauth/authorize?")) << location;
    return Form::parse(location.substr(location.find('?') + 1)).value();
  }
  // The user agrees at the provider: where the browser comes back to.
  std::string approve(const Form& asked) {
    Form answer;
    answer.add("code",
               accounts.give_code_for_challenge(std::string(asked.get("code_challenge").value_or(""))));
    answer.add("state", std::string(asked.get("state").value_or("")));
    return "/connect/hub/callback?" + answer.encode();
  }
  static std::string with(const std::string& callback, std::string_view name,
                          std::optional<std::string_view> value) {
    const Form query = Form::parse(callback.substr(callback.find('?') + 1)).value();
    return callback.substr(0, callback.find('?') + 1) + form_with(query, name, value).encode();
  }
  static std::string state_of(const std::string& callback) {
    return std::string(*Form::parse(callback.substr(callback.find('?') + 1)).value().get("state"));
  }
  // A whole visit to the provider.
  HttpResponse connect(Browser& browser) { return browser.get(approve(start(browser))); }

  std::optional<BrokerGrant> grant(const std::string& user = "user-ada",
                                   const std::string& provider = "hub") {
    return server.storage.broker_grants().find_active(user, "id-of-" + provider).value();
  }
  std::size_t token_calls() const { return accounts.network->count(ScriptedAccounts::kTokenUrl); }
  static void expect_error(const HttpResponse& response, int status, std::string_view error,
                           std::string_view description = "") {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
    EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
    EXPECT_FALSE(response.headers.contains("Location"));
    const Json body = json_of(response);
    EXPECT_EQ(body["error"], error);
    EXPECT_EQ(body["status"], status);
    EXPECT_THAT(body["error_description"].get<std::string>(), ::testing::HasSubstr(std::string(description)));
  }
  std::vector<std::string> audit_details(std::string_view action) {
    std::vector<std::string> details;
    for (const AuditEvent& event : server.audit_rows()) {
      if (event.action == action) details.push_back(event.detail);
    }
    return details;
  }

  ScriptedAccounts accounts;
  SecretString state_secret{"canary-state-secret-of-32-characters"};
  std::unique_ptr<Sealer> sealer =
      make_aes_sealer(SecretString(std::string(kMasterKeyBytes, 'k')), {}, server.random);
  Broker broker{{},
                {.providers = server.storage.broker_providers(),
                 .grants = server.storage.broker_grants(),
                 .sealer = sealer.get(),
                 .transport = accounts.network,
                 .secrets = [](std::string_view name) -> std::optional<SecretString> {
                   if (name != "CONNECTOR_HUB_SECRET") return std::nullopt;
                   return SecretString(ScriptedAccounts::kSecret);
                 },
                 .ids = server.ids,
                 .clock = server.clock,
                 .logger = server.logger,
                 .metrics = server.metrics}};
};

}  // namespace authplane::authserver
