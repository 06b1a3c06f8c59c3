#include <authplane/base/encoding.h>
#include <authplane/http_httplib/transport.h>
#include <authplane/json/json.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "authserver/cli/process.h"

namespace authplane::authserver::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Serve : public ::testing::Test {
 protected:
  Serve() {
    char name[] = "/tmp/authserver-serve-XXXXXX";
    if (mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
    directory_ = name;
    environment_ = {{"AUTHPLANE_SERVER_ADDRESS", "127.0.0.1:0"},
                    {"AUTHPLANE_ADMIN_ADDRESS", "127.0.0.1:0"},
                    {"AUTHPLANE_ADMIN_API_KEY", "dev-admin-key-change-me"}};
  }
  ~Serve() override {
    std::error_code ignored;
    std::filesystem::permissions(directory_, std::filesystem::perms::owner_all, ignored);
    std::filesystem::remove_all(directory_, ignored);
  }

  Process start(std::vector<std::string> arguments, std::string input = "") {
    arguments.insert(arguments.begin(), AUTHSERVER_BINARY);
    return Process({std::move(arguments), environment_, directory_, std::move(input)});
  }
  Process::Result run(std::vector<std::string> arguments, std::string input = "") {
    return start(std::move(arguments), std::move(input)).finish();
  }

  // What a server with a broker resource has to know.
  void allow_brokering() {
    environment_["AUTHPLANE_DATA_ENCRYPTION_DRIVER"] = "aes_master";
    environment_["AUTHPLANE_DATA_ENCRYPTION_KEY_ENV"] = "MASTER_KEY";
    environment_["MASTER_KEY"] = std::string(64, 'a');
    environment_["AUTHPLANE_CONNECT_STATE_SECRET"] = std::string(32, 's');
    environment_["AUTHPLANE_CONNECT_REDIRECT_BASE_URL"] = "http://localhost:9000";
  }

  nlohmann::json ready() {
    std::ifstream in(directory_ + "/ready.json");
    std::ostringstream text;
    text << in.rdbuf();
    return parse_json(text.str()).value();
  }

  static constexpr const char* kReady = R"("listener":"admin")";
  std::string directory_;
  std::map<std::string, std::string> environment_;
};

TEST_F(Serve, AnnouncesItsPortsAnswersAndStopsCleanly) {
  Process server = start({"serve", "--ready-file", "ready.json"});
  ASSERT_TRUE(server.read_until(kReady)) << server.finish().err;
  std::string url = "http://127.0.0.1:" + ready()["public_port"].dump();
  EXPECT_EQ(ready()["pid"], server.pid());
  EXPECT_NE(ready()["admin_port"], ready()["public_port"]);

  Process::Result health = run({"healthcheck", "--url", url + "/health"});
  EXPECT_EQ(health.exit_code, 0) << health.err;
  EXPECT_EQ(health.out, "ok\n");
  Process::Result missing = run({"healthcheck", "--url", url + "/nothing"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_EQ(missing.err, "error: " + url + "/nothing answers 404\n");

  kill(server.pid(), SIGHUP);
  ASSERT_TRUE(server.read_until("signing keys reloaded"));
  kill(server.pid(), SIGTERM);
  Process::Result result = server.finish();
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr(R"("signal":"SIGTERM")"));
  EXPECT_THAT(result.out, HasSubstr(R"("all_requests_finished":true)"));
  EXPECT_THAT(result.out, Not(HasSubstr("dev-admin-key-change-me")));
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(run({"healthcheck", "--url", url + "/health"}).exit_code, 1);
}

// The value of `key=` in a row of output.
std::string value_of(const std::string& row, const std::string& key) {
  std::size_t begin = (" " + row).find(" " + key + "=");
  if (begin == std::string::npos) return {};
  begin += key.size() + 1;
  return row.substr(begin, row.find_first_of(" \n", begin) - begin);
}

TEST_F(Serve, CommandsExplainAndRevokeTheTokensOfARunningServer) {
  Process server = start({"serve", "--ready-file", "ready.json"});
  ASSERT_TRUE(server.read_until(kReady)) << server.finish().err;
  const std::string resource = "http://localhost:8080/mcp";
  ASSERT_EQ(run({"admin", "resource", "create", "--slug", "demo", "--backend-kind", "mint", "--uri", resource,
                 "--scopes", "mcp:echo||Echo"})
                .exit_code,
            0);
  Process::Result client =
      run({"admin", "client", "create", "--name", "agent", "--grant-types", "client_credentials",
           "--auth-method", "client_secret_basic", "--scope", "mcp:echo"});
  ASSERT_EQ(client.exit_code, 0) << client.err;
  std::string client_id = value_of(client.out, "id");
  std::string secret = client.out.substr(client.out.find("client_secret=") + 14);
  secret.pop_back();

  OutboundRequest request;
  request.method = "POST";
  request.url = Url::parse("http://127.0.0.1:" + ready()["public_port"].dump() + "/oauth/token").value();
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Authorization", "Basic " + base64_encode(client_id + ":" + secret)}};
  request.body = "grant_type=client_credentials&scope=mcp%3Aecho&resource=" + percent_encode(resource);
  HttpResponse response = make_httplib_transport()->send(request).value();
  ASSERT_EQ(response.status, 200) << response.body;
  std::string token = parse_json_object(response.body).value()["access_token"];

  Process::Result listed = run({"admin", "issuance", "list", "--resource", "demo", "--limit", "5"});
  EXPECT_THAT(listed.out, ::testing::StartsWith("count=1 since="));
  EXPECT_THAT(listed.out,
              ::testing::AllOf(HasSubstr("client_id=" + client_id), HasSubstr("scopes=[mcp:echo]")));
  std::string id = value_of(listed.out.substr(listed.out.find('\n') + 1), "id");

  Process::Result accepted =
      run({"doctor", "--token", "-", "--resource", resource}, "Bearer " + token + "\n");
  EXPECT_EQ(accepted.exit_code, 0) << accepted.out << accepted.err;
  EXPECT_THAT(accepted.out, Not(HasSubstr("FAIL")));
  Process::Result refused = run({"doctor", "--token", "-", "--resource", resource + "/"}, token);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.out,
              ::testing::AllOf(HasSubstr("FAIL"), HasSubstr(resource + "/"), HasSubstr("fix: ")));
  std::string signature = token.substr(token.rfind('.') + 1);
  for (const Process::Result& result : {accepted, refused}) {
    EXPECT_THAT(result.out + result.err, Not(HasSubstr(signature)));
  }

  EXPECT_EQ(run({"admin", "issuance", "revoke", "--id", id}).out, "revoked id=" + id + "\n");
  EXPECT_THAT(run({"admin", "issuance", "get", "--id", id}).out, HasSubstr("revoked_at="));
  EXPECT_EQ(parse_json_object(run({"admin", "issuance", "get", "--id", id, "--json"}).out).value()["id"], id);
  kill(server.pid(), SIGTERM);
  Process::Result stopped = server.finish();
  EXPECT_EQ(stopped.exit_code, 0);
  EXPECT_THAT(stopped.out, Not(HasSubstr(signature)));
  EXPECT_THAT(stopped.out, Not(HasSubstr(secret)));
}

TEST_F(Serve, PortInUseIsOneLineAndExitCodeThree) {
  Process first = start({"serve", "--ready-file", "ready.json"});
  ASSERT_TRUE(first.read_until(kReady)) << first.finish().err;
  std::string address = "127.0.0.1:" + ready()["public_port"].dump();
  environment_["AUTHPLANE_SERVER_ADDRESS"] = address;
  Process::Result second = run({"serve"});
  EXPECT_EQ(second.exit_code, 3);
  EXPECT_THAT(second.err, HasSubstr("error: server.address: "));
  EXPECT_THAT(second.err, HasSubstr(address));
  EXPECT_EQ(std::count(second.err.begin(), second.err.end(), '\n'), 1) << second.err;
  kill(first.pid(), SIGINT);
  EXPECT_EQ(first.finish().exit_code, 0);
}

TEST_F(Serve, UnusablePlacesAreNamed) {
  std::ofstream(directory_ + "/file") << "not a folder";
  environment_["AUTHPLANE_STORAGE_SQLITE_PATH"] = "file/authserver.db";
  Process::Result database = run({"serve"});
  EXPECT_EQ(database.exit_code, 1);
  EXPECT_THAT(database.err, ::testing::AllOf(HasSubstr("error: "), HasSubstr("file/authserver.db")));

  environment_.erase("AUTHPLANE_STORAGE_SQLITE_PATH");
  environment_["AUTHPLANE_SIGNING_KEY_PATH"] = "file/keys";
  Process::Result keys = run({"serve"});
  EXPECT_EQ(keys.exit_code, 1);
  EXPECT_THAT(keys.err, ::testing::AllOf(HasSubstr("error: "), HasSubstr("file/keys")));

  environment_.erase("AUTHPLANE_SIGNING_KEY_PATH");
  Process::Result ready_file = run({"serve", "--ready-file", "nowhere/ready.json"});
  EXPECT_EQ(ready_file.exit_code, 1);
  EXPECT_THAT(ready_file.err, HasSubstr("--ready-file: cannot write nowhere/ready.json"));
}

TEST_F(Serve, DamagedKeyFileIsNamed) {
  ASSERT_EQ(run({"migrate"}).exit_code, 0);
  ASSERT_EQ(run({"admin", "key", "list"}).exit_code, 0);
  std::ofstream(directory_ + "/data/keys/current.pem", std::ios::trunc) << "no key";
  Process::Result result = run({"serve"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("current.pem"));
  EXPECT_THAT(result.err, Not(HasSubstr("no key\n")));
}

TEST_F(Serve, PepperSurvivesAndMustBePrivate) {
  ASSERT_EQ(run({"migrate"}).exit_code, 0);
  ASSERT_EQ(run({"admin", "client", "list"}).exit_code, 0);
  std::filesystem::path pepper = directory_ + "/data/keys/client-secret.pepper";
  EXPECT_EQ(std::filesystem::status(pepper).permissions() & std::filesystem::perms(077),
            std::filesystem::perms::none);
  EXPECT_EQ(std::filesystem::file_size(pepper), 43u);
  std::filesystem::permissions(pepper, std::filesystem::perms(0644));
  EXPECT_THAT(run({"admin", "client", "list"}).err, HasSubstr("is open to other users; run: chmod 600"));
  std::filesystem::permissions(pepper, std::filesystem::perms(0600));
  std::filesystem::resize_file(pepper, 10);
  EXPECT_THAT(run({"admin", "client", "list"}).err, HasSubstr("is damaged"));
}

TEST_F(Serve, ALostPepperIsNotReplacedWhileSecretsNeedIt) {
  ASSERT_EQ(run({"migrate"}).exit_code, 0);
  const std::string pepper = directory_ + "/data/keys/client-secret.pepper";
  ASSERT_EQ(run({"admin", "client", "list"}).exit_code, 0);
  std::filesystem::remove(pepper);
  ASSERT_EQ(run({"admin", "client", "create", "--name", "agent", "--grant-types", "client_credentials",
                 "--auth-method", "client_secret_basic"})
                .exit_code,
            0);
  std::filesystem::remove(pepper);
  for (const Process::Result& result : {run({"serve"}), run({"admin", "client", "list"})}) {
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, HasSubstr("client-secret.pepper is missing"));
    EXPECT_THAT(result.err, HasSubstr("restore it"));
  }
  EXPECT_FALSE(std::filesystem::exists(pepper));
}

TEST_F(Serve, SeedsResourcesOnceAndWarnsAboutWhatIsMissing) {
  std::ofstream(directory_ + "/config.yaml")
      << "dcr: {mode: open}\nresources:\n  - slug: demo\n    backend_kind: mint\n"
         "    uri: http://localhost:8080/mcp\n    scopes: [{name: 'mcp:echo'}]\n";
  environment_["AUTHPLANE_LOG_ADD_SOURCE"] = "true";
  Process server = start({"serve", "--config", "config.yaml"});
  ASSERT_TRUE(server.read_until(kReady)) << server.finish().err;
  EXPECT_THAT(run({"admin", "resource", "get", "--id", "demo"}).out, HasSubstr("scopes=[mcp:echo]"));
  kill(server.pid(), SIGTERM);
  Process::Result result = server.finish();
  EXPECT_THAT(result.out, HasSubstr(R"("level":"warn","msg":"settings without effect in this build: )"
                                    "observability.logging.add_source"));

  Process again = start({"serve", "--config", "config.yaml"});
  ASSERT_TRUE(again.read_until(kReady));
  kill(again.pid(), SIGTERM);
  EXPECT_THAT(again.finish().out, Not(HasSubstr("resource registered from the configuration")));
}

TEST_F(Serve, RefusedSeedStopsTheStart) {
  std::ofstream(directory_ + "/config.yaml")
      << "resources: [{slug: r, backend_kind: mint, policy: {runtime: {client_ids: [nobody]}}}]";
  Process::Result result = run({"serve", "--config", "config.yaml"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("error: resource 'r' of the configuration: runtime.client_ids names a"));
  EXPECT_NE(result.out, "");
  environment_["AUTHPLANE_LOG_STDOUT"] = "false";
  EXPECT_EQ(run({"serve", "--config", "config.yaml"}).out, "");
}

TEST_F(Serve, MistakesOfSeedsAreNamedTogetherBeforeAnythingIsMade) {
  environment_["AUTHPLANE_BROKER_PROVIDER_SLUG"] = "gh";
  environment_["AUTHPLANE_RESOURCE_URI"] = "http://localhost:8080/mcp#fragment";
  const std::string yaml =
      "broker_providers: [{slug: No Slug, display_name: X, protocol: oauth, config_data: {client_secret: "
      "s}}]\n"
      "resources:\n  - {slug: A B, uri: x, backend_kind: mint, broker_provider_slug: gh}\n"
      "  - {slug: fine, backend_kind: mint}\n"
      "  - {slug: r, backend_kind: mint, scopes: [{name: a}, {name: a}], policy: {runtime: {client_ids: "
      "['']}}}\n";
  std::ofstream(directory_ + "/config.yaml") << yaml;
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"config", "check"}, {"serve", "--check"}, {"serve"}}) {
    std::vector<std::string> arguments = command;
    arguments.insert(arguments.end(), {"--config", "config.yaml"});
    const Process::Result result = run(arguments);
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr("error: invalid configuration, 8 problems:"));
    for (const char* mistake :
         {"broker provider 'No Slug': slug must be",
          "broker provider 'No Slug': config_data.client_secret is a secret", "resource 'A B': slug must be",
          "resource 'A B': uri is not an absolute URI",
          "resource 'A B': a mint resource has no broker provider", "resource 'r': scope a is listed twice",
          "resource 'r': runtime.client_ids has an empty entry",
          "resource 'localhost': uri must have neither"}) {
      EXPECT_THAT(result.err, HasSubstr(mistake));
    }
  }
  std::filesystem::remove(directory_ + "/config.yaml");
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(Serve, CheckOpensNothing) {
  Process::Result result = run({"serve", "--check"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, ::testing::ContainsRegex("admin.api_key +environment +\\(set\\)"));
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(Serve, AdminListenerCanBeTurnedOffAndTheLogBeText) {
  environment_["AUTHPLANE_ADMIN_ENABLED"] = "false";
  environment_["AUTHPLANE_LOG_FORMAT"] = "text";
  Process server = start({"serve", "--ready-file", "ready.json"});
  ASSERT_TRUE(server.read_until("info listening listener=public")) << server.finish().err;
  EXPECT_EQ(ready()["admin_port"], 0);
  kill(server.pid(), SIGTERM);
  EXPECT_THAT(server.finish().out, Not(HasSubstr("listener=admin")));
}

TEST_F(Serve, SeedsProvidersBeforeResourcesAndOnlyOnce) {
  const auto configure = [this](const std::string& name) {
    std::ofstream(directory_ + "/config.yaml")
        << "broker_providers:\n  - {slug: gh, display_name: " + name +
               ", protocol: oauth, config_data: {client_id: 12.50}}\n"
               "resources:\n  - slug: repos\n    backend_kind: broker\n    broker_provider_slug: gh\n"
               "    scopes: [{name: repo}]\n"
               "    policy: {connect: {allowed_return_urls: ['http://localhost:*']}}\n";
  };
  environment_["AUTHPLANE_BROKER_PROVIDER_SLUG"] = "env";
  environment_["AUTHPLANE_BROKER_PROVIDER_CLIENT_SECRET_REF"] = "CONNECTOR_ENV";
  allow_brokering();
  for (const char* name : {"GitHub", "Renamed"}) {
    configure(name);
    Process server = start({"serve", "--config", "config.yaml", "--ready-file", "ready.json"});
    ASSERT_TRUE(server.read_until(kReady)) << server.finish().err;
    kill(server.pid(), SIGTERM);
    EXPECT_EQ(server.finish().exit_code, 0);
  }
  const Process::Result providers = run({"admin", "provider", "list", "--json"});
  EXPECT_EQ(providers.exit_code, 0) << providers.err;
  const auto list = parse_json(providers.out).value();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0]["slug"], "env");
  EXPECT_EQ(list[0]["display_name"], "env");
  EXPECT_EQ(list[0]["config_data"], nlohmann::json({{"client_secret_ref", "CONNECTOR_ENV"}}));
  EXPECT_EQ(list[1]["display_name"], "GitHub");
  EXPECT_EQ(list[1]["config_data"], nlohmann::json({{"client_id", "12.50"}}));
  const auto resources = parse_json(run({"admin", "resource", "list", "--json"}).out).value();
  ASSERT_EQ(resources.size(), 1u);
  EXPECT_EQ(resources[0]["broker_provider_id"], list[1]["id"]);
}

TEST_F(Serve, CommandsSealInlineSecretsWithTheServersKey) {
  allow_brokering();
  const std::vector<std::string> create = {"admin",
                                           "provider",
                                           "create",
                                           "--slug",
                                           "gh",
                                           "--display-name",
                                           "GH",
                                           "--protocol",
                                           "oauth",
                                           "--config-data",
                                           R"({"client_id":"x","client_secret":"canary"})"};
  const Process::Result created = run(create);
  EXPECT_EQ(created.exit_code, 0) << created.err;
  const Process::Result shown = run({"admin", "provider", "get", "--id", "gh", "--json"});
  EXPECT_EQ(parse_json(shown.out).value()["config_data"], nlohmann::json({{"client_id", "x"}}));
  std::ifstream in(directory_ + "/data/authserver.db", std::ios::binary);
  std::ostringstream database;
  database << in.rdbuf();
  EXPECT_THAT(database.str(), Not(HasSubstr("canary")));
  // Only a command that seals needs the key.
  environment_.erase("MASTER_KEY");
  EXPECT_EQ(run({"admin", "provider", "list"}).exit_code, 0);
  const Process::Result refused =
      run({"admin", "provider", "update", "--id", "gh", "--config-data", R"({"client_secret":"new"})"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("MASTER_KEY"));
}

TEST_F(Serve, SeedThatBreaksARuleStopsTheStart) {
  allow_brokering();
  const std::string policy = "policy: {connect: {allowed_return_urls: ['http://localhost:*']}}";
  for (const auto& [yaml, problem] : std::vector<std::pair<std::string, std::string>>{
           {"resources: [{slug: r, backend_kind: broker, broker_provider_slug: nowhere, " + policy + "}]",
            "resource 'r' of the configuration: no broker provider has this slug"},
           {"resources: [{slug: r, backend_kind: broker, " + policy + "}]",
            "invalid configuration: resource 'r': a broker resource needs a broker provider"},
           {"resources: [{slug: r, backend_kind: broker, broker_provider_id: a, broker_provider_slug: b, " +
                policy + "}]",
            "resources[0].broker_provider_slug"},
           {"resources: [{slug: r, backend_kind: broker, broker_provider_slug: gh}]",
            "resources[0].policy.connect.allowed_return_urls"}}) {
    std::ofstream(directory_ + "/config.yaml") << yaml;
    const Process::Result result = run({"serve", "--config", "config.yaml"});
    EXPECT_EQ(result.exit_code, 1) << yaml;
    EXPECT_THAT(result.err, HasSubstr(problem));
  }
}

}  // namespace
}  // namespace authplane::authserver::cli
