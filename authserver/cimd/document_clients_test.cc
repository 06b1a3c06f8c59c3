#include "authserver/cimd/document_clients.h"

#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <authplane/client/network.h>
#include <authplane/json/json.h>
#include <authplane/testing/fixed_resolver.h>
#include <authplane/testing/testing.h>

#include "authserver/storage/memory/memory_storage.h"

namespace authplane::authserver {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kUrl = "https://app.example/client.json";

Json document_of(const std::string& url) {
  return {{"client_id", url}, {"client_name", "App"}, {"redirect_uris", {"https://app.example/cb"}}};
}

class DocumentClientsTest : public ::testing::Test {
 protected:
  DocumentClientsTest() { serve(document_of(kUrl)); }

  void serve(const Json& document, Headers headers = {}, int status = 200) {
    transport->on_json(kUrl, to_json_text(document), status, std::move(headers));
  }
  void answer(HttpResponse response) {
    transport->on(kUrl, [response](const OutboundRequest&) { return response; });
  }
  // Takes what is configured so far.
  DocumentClients& clients() {
    if (!clients_) {
      policy_.emplace(rules, storage->settings(), logger);
      clients_ = std::make_unique<DocumentClients>(
          options, DocumentClients::Deps{.transport = net::make_guarded_transport(
                                             settings, transport, resolver,
                                             std::shared_ptr<const Clock>(std::shared_ptr<void>(), &clock)),
                                         .policy = *policy_,
                                         .store = storage->clients(),
                                         .audit = audit,
                                         .clock = clock,
                                         .logger = logger,
                                         .metrics = metrics});
    }
    return *clients_;
  }
  Outcome<ClientPtr> look_up(const std::string& id) {
    prepare(id);
    return clients().find(id);
  }
  void prepare(const std::string& id) {
    const auto done = std::make_shared<std::promise<void>>();
    clients().prepare(id, [done] { done->set_value(); });
    done->get_future().wait();
  }
  bool is_refused(const std::string& id) {
    const auto found = look_up(id);
    return !found && found.error().code == DomainErrorCode::not_found;
  }
  bool is_unreachable(const std::string& id) {
    const auto found = look_up(id);
    return !found && found.error().code == DomainErrorCode::unavailable;
  }
  // Refused, for a reason that stands in the log.
  void expect_refused(std::string_view cause) {
    EXPECT_TRUE(is_refused(kUrl)) << cause;
    EXPECT_TRUE(logger.contains(cause)) << cause << " in " << logger.text();
  }
  std::vector<std::string> actions() {
    std::vector<std::string> out;
    const auto rows =
        storage->audit()
            .query(
                {.action = {}, .actor_id = {}, .client_id = {}, .since = {}, .until = {}, .page = {100, 0}})
            .value();
    for (const AuditEvent& row : rows) out.push_back(row.action + " " + row.detail);
    return out;
  }

  testing::FakeClock clock;
  testing::SeededRandom random;
  testing::RecordingLogger logger;
  NullMetrics metrics;
  IdGenerator ids{clock, random};
  std::unique_ptr<Storage> storage = make_memory_storage();
  AuditService audit{storage->audit(), ids, clock, logger, metrics};
  RegistrationRules rules;
  net::FetchSettings settings;
  DocumentClients::Options options;
  std::shared_ptr<testing::ScriptedTransport> transport = std::make_shared<testing::ScriptedTransport>();
  std::shared_ptr<testing::FixedResolver> resolver = std::make_shared<testing::FixedResolver>();

 private:
  std::optional<RegistrationPolicy> policy_;
  std::unique_ptr<DocumentClients> clients_;
};

TEST_F(DocumentClientsTest, AClientIsWhatItsDocumentSays) {
  rules.default_scope = "mcp:echo";
  const auto found = look_up(kUrl);
  ASSERT_TRUE(found) << found.error().detail;
  const Client& client = **found;
  EXPECT_EQ(client.id, kUrl);
  EXPECT_EQ(client.cimd_url, kUrl);
  EXPECT_EQ(client.name, "App");
  EXPECT_THAT(client.redirect_uris, ElementsAre("https://app.example/cb"));
  EXPECT_THAT(client.grant_types, ElementsAre("authorization_code", "refresh_token"));
  EXPECT_EQ(client.registration_source, RegistrationSource::cimd);
  EXPECT_EQ(client.scope, "mcp:echo");
  EXPECT_TRUE(client.is_public());
  EXPECT_FALSE(client.is_agent);
  EXPECT_EQ(*storage->clients().get(kUrl).value(), client);
  EXPECT_THAT(actions(), ElementsAre("client.registered source=cimd"));
  const OutboundRequest request = transport->requests().at(0);
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.headers.get("Accept"), "application/json");
}

TEST_F(DocumentClientsTest, OtherIdsAreTheStoresBusiness) {
  Client client;
  client.id = "agent-1";
  storage->clients().insert(client).value();
  EXPECT_TRUE(look_up("agent-1"));
  for (const char* id : {"agent-2", "", "javascript:alert(1)", "http://app.example/client.json",
                         "https://app.example", "https://app.example/../client.json"}) {
    EXPECT_TRUE(is_refused(id)) << id;
  }
  EXPECT_TRUE(transport->requests().empty());
  EXPECT_EQ(resolver->lookups(), 0);
}

// --- Caching

TEST_F(DocumentClientsTest, ADocumentIsUsedForAsLongAsItsHeadersSayWithinTheBounds) {
  struct Row {
    Headers headers;
    std::chrono::seconds lifetime;
  };
  const std::vector<Row> rows{
      {{}, 3600s},
      {{{"Cache-Control", "max-age=600"}}, 600s},
      {{{"Cache-Control", "max-age=999999999999999999999"}}, 3600s},
      {{{"Cache-Control", "max-age=1"}}, 30s},
      {{{"Cache-Control", "no-cache"}}, 30s},
      {{{"Cache-Control", "no-store"}}, 5s},
      {{{"Cache-Control", "max-age=600, No-Store"}}, 5s},
      {{{"Expires", "Thu, 01 Jan 2026 00:10:00 GMT"}}, 600s},
      {{{"Expires", "0"}}, 30s},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string url = "https://app.example/" + std::to_string(i);
    clock.set_wall(WallTime(1'767'225'600s));
    transport->on_json(url, to_json_text(document_of(url)), 200, rows[i].headers);
    ASSERT_TRUE(look_up(url));
    clock.advance(rows[i].lifetime - 1s);
    ASSERT_TRUE(look_up(url));
    EXPECT_EQ(transport->count(url), 1u) << i;
    clock.advance(1s);
    ASSERT_TRUE(look_up(url));
    EXPECT_EQ(transport->count(url), 2u) << i;
  }
}

TEST_F(DocumentClientsTest, AChangedDocumentChangesTheClient) {
  rules.default_scope = "mcp:echo";
  ASSERT_TRUE(look_up(kUrl));
  Json changed = document_of(kUrl);
  changed["client_name"] = "App 2";
  changed["redirect_uris"] = {"https://app.example/new"};
  changed["grant_types"] = {"authorization_code"};
  serve(changed);
  clock.advance(2h);
  const Client client = **look_up(kUrl);
  EXPECT_EQ(client.name, "App 2");
  EXPECT_THAT(client.redirect_uris, ElementsAre("https://app.example/new"));
  EXPECT_THAT(client.grant_types, ElementsAre("authorization_code"));
  EXPECT_EQ(client.scope, "mcp:echo");
  EXPECT_THAT(actions(), ElementsAre("client.updated ", "client.registered source=cimd"));
  clock.advance(2h);
  EXPECT_EQ((*look_up(kUrl))->version, client.version);
  EXPECT_EQ(actions().size(), 2u);
}

TEST_F(DocumentClientsTest, AClientWhoseDocumentIsGoneIsGone) {
  ASSERT_TRUE(look_up(kUrl));
  answer({.status = 404, .headers = {}, .body = "", .stream = {}});
  clock.advance(2h);
  expect_refused("status 404");
  serve(document_of(kUrl));
  clock.advance(30s);
  EXPECT_TRUE(look_up(kUrl));
}

TEST_F(DocumentClientsTest, AFailureIsRememberedForHalfAMinute) {
  for (const int status : {500, 404}) {
    const std::size_t before = transport->count(kUrl);
    const auto fails = [&] { return status == 404 ? is_refused(kUrl) : is_unreachable(kUrl); };
    answer({.status = status, .headers = {}, .body = "", .stream = {}});
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(fails());
    clock.advance(29s);
    EXPECT_TRUE(fails());
    EXPECT_EQ(transport->count(kUrl), before + 1);
    clock.advance(1s);
  }
  serve(document_of(kUrl));
  EXPECT_TRUE(look_up(kUrl));
}

// Whoever put the application there may get it back in a moment, so nobody is told to forget about it.
TEST_F(DocumentClientsTest, AHostThatDoesNotAnswerMakesNoUnknownClient) {
  transport->on(kUrl, [](const OutboundRequest&) -> Result<HttpResponse> {
    return Err(ErrorCode::transport_error, "connection refused");
  });
  EXPECT_TRUE(is_unreachable(kUrl));
  EXPECT_TRUE(logger.contains("connection refused"));
  for (const int status : {500, 502, 503}) {
    clock.advance(30s);
    answer({.status = status, .headers = {}, .body = "", .stream = {}});
    EXPECT_TRUE(is_unreachable(kUrl)) << status;
  }
}

TEST_F(DocumentClientsTest, WhatIsRememberedIsBounded) {
  for (std::size_t i = 0; i < DocumentClients::kMostRemembered + 100; ++i) {
    EXPECT_TRUE(is_unreachable("https://app.example/" + std::to_string(i)));
  }
  // The last one is still known, so the bound takes others.
  const std::string last = "https://app.example/" + std::to_string(DocumentClients::kMostRemembered + 99);
  EXPECT_TRUE(is_unreachable(last));
  EXPECT_EQ(transport->count(last), 1u);
}

// --- Hostile hosts and documents

TEST_F(DocumentClientsTest, AddressesInsideAreNotCalled) {
  for (const char* address : {"127.0.0.1",
                              "127.255.255.254",
                              "0.0.0.0",
                              "10.0.0.1",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.1.1",
                              "169.254.169.254",
                              "100.64.0.1",
                              "100.100.100.200",
                              "192.0.0.1",
                              "192.0.2.1",
                              "198.18.0.1",
                              "198.51.100.1",
                              "203.0.113.1",
                              "224.0.0.1",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::1",
                              "::",
                              "fe80::1",
                              "fc00::1",
                              "fd00:ec2::254",
                              "ff02::1",
                              "2001:db8::1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.0.0.1",
                              "::127.0.0.1",
                              "64:ff9b::7f00:1",
                              "64:ff9b::a9fe:a9fe",
                              "2002:7f00:1::1",
                              "2002:a00:1::1",
                              "2001::f5ff:fffe",
                              "64:ff9b:1::a00:1",
                              "fec0::1"}) {
    const std::string url = "https://" + std::to_string(std::hash<std::string>()(address)) + ".example/c";
    resolver->set(Url::parse(url)->host(), {"93.184.215.14", address});
    EXPECT_TRUE(is_refused(url)) << address;
    EXPECT_EQ(transport->count(url), 0u) << address;
  }
  for (const char* url : {"https://127.0.0.1/c", "https://[::1]/c", "https://[::ffff:127.0.0.1]/c",
                          "https://169.254.169.254/c", "https://10.0.0.1:8443/c", "https://[fe80::1]/c"}) {
    EXPECT_TRUE(is_refused(url)) << url;
    EXPECT_EQ(transport->count(url), 0u) << url;
  }
}

TEST_F(DocumentClientsTest, TheAddressThatWasJudgedIsTheOneThatIsCalled) {
  transport->on(kUrl, [this](const OutboundRequest&) -> Result<HttpResponse> {
    resolver->set("app.example", {"127.0.0.1"});  // what a second look-up would find
    return HttpResponse{.status = 200,
                        .headers = {{"Content-Type", "application/json"}},
                        .body = to_json_text(document_of(kUrl)),
                        .stream = {}};
  });
  EXPECT_TRUE(look_up(kUrl));
  EXPECT_EQ(resolver->lookups(), 1);
  EXPECT_THAT(transport->requests().at(0).pinned_addresses, ElementsAre("93.184.215.14"));
  clock.advance(2h);
  expect_refused("loopback");
  EXPECT_EQ(transport->count(kUrl), 1u);
}

TEST_F(DocumentClientsTest, PrivateAddressesAreOpenedBySettingsOnly) {
  const std::string url = "http://localhost:8080/c";
  resolver->set("localhost", {"127.0.0.1"});
  transport->on_json(url, to_json_text(document_of(url)));
  options.allow_http = true;
  settings = net::FetchSettings::development();
  EXPECT_TRUE(look_up(url));
}

TEST_F(DocumentClientsTest, RedirectsAreNotFollowed) {
  const std::string inside = "https://10.0.0.1/c", outside = "https://other.example/c";
  for (const int status : {301, 302, 303, 307, 308}) {
    for (const std::string& target : {inside, outside}) {
      transport->on_json(target, to_json_text(document_of(kUrl)));
      answer({.status = status, .headers = {{"Location", target}}, .body = "", .stream = {}});
      EXPECT_TRUE(is_refused(kUrl));
      EXPECT_EQ(transport->count(target), 0u);
      clock.advance(30s);
    }
  }
}

TEST_F(DocumentClientsTest, OnlyStatus200WithJsonCounts) {
  const std::string body = to_json_text(document_of(kUrl));
  for (const int status : {100, 201, 203, 204, 206, 304, 400, 401, 403, 404, 410}) {
    answer({.status = status, .headers = {{"Content-Type", "application/json"}}, .body = body, .stream = {}});
    EXPECT_TRUE(is_refused(kUrl)) << status;
    clock.advance(30s);
  }
  for (const char* type : {"text/html", "text/plain", "application/jsonp", "application/json5",
                           "application/jwt", "application/octet-stream", "", "application/ld+json"}) {
    answer({.status = 200, .headers = {{"Content-Type", type}}, .body = body, .stream = {}});
    EXPECT_TRUE(is_refused(kUrl)) << type;
    clock.advance(30s);
  }
  for (const char* type :
       {"application/json", "Application/JSON; charset=utf-8", "application/client-id+json"}) {
    answer({.status = 200, .headers = {{"Content-Type", type}}, .body = body, .stream = {}});
    EXPECT_TRUE(look_up(kUrl)) << type;
    clock.advance(2h);
  }
}

TEST_F(DocumentClientsTest, AHugeDocumentIsNotRead) {
  Json document = document_of(kUrl);
  document["pad"] = std::string(kMaxClientDocumentBytes, 'x');
  serve(document);
  EXPECT_TRUE(is_unreachable(kUrl));
  EXPECT_TRUE(logger.contains("larger than")) << logger.text();
  EXPECT_EQ(transport->requests().at(0).max_response_bytes, kMaxClientDocumentBytes);
}

TEST_F(DocumentClientsTest, ADocumentOfAnotherClientIsNotTaken) {
  serve(document_of("https://victim.example/client.json"));
  expect_refused("not its own URL");
  EXPECT_FALSE(storage->clients().get("https://victim.example/client.json"));
}

TEST_F(DocumentClientsTest, RedirectUrisKeepTheRulesOfARegistration) {
  for (const char* uri :
       {"javascript:alert(1)", "data:text/html,x", "http://evil.example/cb",
        "http://localhost.evil.example/cb", "http://127.0.0.1.evil.example/cb", "http://127.1/cb",
        "http://[::ffff:127.0.0.1]/cb", "com.example.app:/cb", "https://app.example/cb#f",
        "https://user@app.example/cb", "https://app.example/a/../cb", "//evil.example", "/cb", "",
        "file:///etc/passwd", "https://"}) {
    Json document = document_of(kUrl);
    document["redirect_uris"] = {"https://app.example/cb", uri};
    serve(document);
    EXPECT_TRUE(is_refused(kUrl)) << uri;
    EXPECT_FALSE(storage->clients().get(kUrl)) << uri;
    clock.advance(30s);
  }
}

TEST_F(DocumentClientsTest, NamesThatShowAsOthersAreRefused) {
  for (const char* name :
       {"", "  ", "\u00a0", "\u3000 \u2003", "a\u0301\u0301\u0301\u0301", "a\u20dd\u0301\u20dd\u0301", "a\nb",
        "a\u202egnp", "a\u2066b", "a\u2028b", "a\x7f", "a\u0085"}) {
    Json document = document_of(kUrl);
    document["client_name"] = name;
    serve(document);
    EXPECT_TRUE(is_refused(kUrl)) << name;
    clock.advance(30s);
  }
}

TEST_F(DocumentClientsTest, NamesOfAnyScriptAreTaken) {
  for (const char* name :
       {"App\u3000\u540d\u524d", "\u0e17\u0e35\u0e48", "a\u0323\u0302\u0301", "Caf\u00e9\u00a0App"}) {
    Json document = document_of(kUrl);
    document["client_name"] = name;
    serve(document);
    EXPECT_EQ((*look_up(kUrl))->name, name);
    clock.advance(2h);
  }
}

TEST_F(DocumentClientsTest, GrantsThatAreOffAreRefusedWithTheSwitch) {
  options.grants.client_credentials = false;
  Json document = document_of(kUrl);
  document["grant_types"] = {"authorization_code", "client_credentials"};
  serve(document);
  expect_refused("AUTHPLANE_CLIENT_CREDENTIALS_ENABLED");
}

// --- Policy

TEST_F(DocumentClientsTest, NothingIsFetchedWhileOnlyTheOperatorRegisters) {
  ASSERT_TRUE(look_up(kUrl));
  storage->settings().set("dcr_mode", "admin_only", clock.now()).value();
  clock.advance(2h);
  EXPECT_TRUE(look_up(kUrl));
  EXPECT_TRUE(is_refused("https://app.example/another"));
  EXPECT_EQ(transport->requests().size(), 1u);
}

TEST_F(DocumentClientsTest, EveryRedirectUriHasToBeApproved) {
  rules = {.mode = RegistrationMode::approved_redirects,
           .approved_redirects = {"https://app.example/cb"},
           .default_scope = ""};
  EXPECT_TRUE(look_up(kUrl));
  Json document = document_of(kUrl);
  document["redirect_uris"] = {"https://app.example/cb", "https://app.example/cb2"};
  serve(document);
  clock.advance(2h);
  expect_refused("operator's list");
}

TEST_F(DocumentClientsTest, SuspendedAndRevokedClientsAreLeftAlone) {
  ASSERT_TRUE(look_up(kUrl));
  storage->clients().transition(kUrl, ClientStatus::suspended, clock.now()).value();
  clock.advance(2h);
  EXPECT_EQ((*look_up(kUrl))->status, ClientStatus::suspended);
  storage->clients().transition(kUrl, ClientStatus::revoked, clock.now()).value();
  EXPECT_EQ((*look_up(kUrl))->status, ClientStatus::revoked);
  EXPECT_EQ(transport->requests().size(), 1u);
}

// --- Many at once

// Holds every answer back until it is opened.
class Gate {
 public:
  testing::ScriptedTransport::Answer behind(testing::ScriptedTransport::Answer answer) {
    return [this, answer](const OutboundRequest& request) {
      open_.wait();
      return answer(request);
    };
  }
  void open() { opened_.set_value(); }

 private:
  std::promise<void> opened_;
  std::shared_future<void> open_ = opened_.get_future().share();
};

HttpResponse json_answer(const std::string& url) {
  return {.status = 200,
          .headers = {{"Content-Type", "application/json"}},
          .body = to_json_text(document_of(url)),
          .stream = {}};
}

TEST_F(DocumentClientsTest, ManyRequestsForOneClientShareOneFetch) {
  Gate gate;
  transport->on(kUrl, gate.behind([](const OutboundRequest&) { return json_answer(kUrl); }));
  std::atomic<int> answered = 0;
  for (int i = 0; i < 100; ++i) {
    clients().prepare(kUrl, [&] { ++answered; });
  }
  EXPECT_EQ(answered, 0);
  gate.open();
  clients().wait_until_idle();
  EXPECT_EQ(answered, 100);
  EXPECT_EQ(transport->count(kUrl), 1u);
  EXPECT_TRUE(clients().find(kUrl));
}

// Somebody who owns a slow host keeps nobody else out.
TEST_F(DocumentClientsTest, OneHostTakesAFewFetchesOnly) {
  Gate gate;
  const auto slow = [](std::size_t i) { return "https://slow.example/" + std::to_string(i); };
  for (std::size_t i = 0; i < DocumentClients::kMostFetchesOfAHost; ++i) {
    const std::string url = slow(i);
    transport->on(url, gate.behind([url](const OutboundRequest&) { return json_answer(url); }));
    clients().prepare(url, [] {});
  }
  EXPECT_TRUE(is_unreachable(slow(100)));
  EXPECT_EQ(transport->count(slow(100)), 0u);
  EXPECT_TRUE(look_up(kUrl));
  gate.open();
  clients().wait_until_idle();
  clock.advance(1s);
  transport->on_json(slow(100), to_json_text(document_of(slow(100))));
  EXPECT_TRUE(look_up(slow(100)));
}

TEST_F(DocumentClientsTest, AKnownClientStaysWhileItsHostDoesNotAnswer) {
  ASSERT_TRUE(look_up(kUrl));
  clock.advance(2h);
  answer({.status = 503, .headers = {}, .body = "", .stream = {}});
  EXPECT_EQ((*look_up(kUrl))->name, "App");
  clock.advance(30s);
  answer({.status = 404, .headers = {}, .body = "", .stream = {}});
  EXPECT_TRUE(is_refused(kUrl));
}

TEST_F(DocumentClientsTest, FetchesAreBoundedAndTheRestIsTurnedAway) {
  Gate gate;
  const auto url_of = [](std::size_t i) {
    return "https://app-" + std::to_string(i / DocumentClients::kMostFetchesOfAHost) + ".example/slow/" +
           std::to_string(i);
  };
  for (std::size_t i = 0; i <= DocumentClients::kMostFetches; ++i) {
    const std::string url = url_of(i);
    transport->on(url, gate.behind([url](const OutboundRequest&) { return json_answer(url); }));
  }
  std::atomic<std::size_t> answered = 0;
  for (std::size_t i = 0; i < DocumentClients::kMostFetches; ++i) {
    clients().prepare(url_of(i), [&] { ++answered; });
  }
  const std::string late = url_of(DocumentClients::kMostFetches);
  const auto turned_away = look_up(late);  // answered at once, although nothing moves
  ASSERT_FALSE(turned_away);
  EXPECT_EQ(turned_away.error().code, DomainErrorCode::unavailable);
  EXPECT_EQ(answered, 0u);
  EXPECT_EQ(transport->count(late), 0u);
  gate.open();
  clients().wait_until_idle();
  EXPECT_EQ(answered, DocumentClients::kMostFetches);
  clock.advance(1s);
  EXPECT_TRUE(look_up(late));
}

TEST_F(DocumentClientsTest, AnUnknownStoredModeFallsBackToTheConfiguredOne) {
  storage->settings().set("dcr_mode", "nonsense", clock.now()).value();
  EXPECT_TRUE(look_up(kUrl));
  EXPECT_TRUE(logger.contains("the stored registration mode is unknown"));
}

}  // namespace
}  // namespace authplane::authserver
