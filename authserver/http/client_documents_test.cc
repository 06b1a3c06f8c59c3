// Clients known by the URL of their metadata document, from the authorization request to the code.

#include <atomic>
#include <future>
#include <thread>

#include <authplane/client/network.h>
#include <authplane/testing/fixed_resolver.h>

#include "authserver/cimd/document_clients.h"
#include "authserver/http/browser_fixture.h"

namespace authplane::authserver {
namespace {

using ::testing::HasSubstr;

const std::string kClient = "https://app.example/client.json";

class ClientDocumentsTest : public BrowserTest {
 protected:
  ClientDocumentsTest() {
    net::FetchSettings settings;
    server.client_documents = net::make_guarded_transport(
        settings, transport, resolver, std::shared_ptr<const Clock>(std::shared_ptr<void>(), &server.clock));
    server.start();
    transport->on_json(kClient, to_json_text(Json{{"client_id", kClient},
                                                  {"client_name", "Document App"},
                                                  {"redirect_uris", {kRedirectUri}}}));
  }
  static Form request() { return request_with("client_id", kClient); }

  std::shared_ptr<testing::ScriptedTransport> transport = std::make_shared<testing::ScriptedTransport>();
  std::shared_ptr<testing::FixedResolver> resolver = std::make_shared<testing::FixedResolver>();
};

TEST_F(ClientDocumentsTest, AUserLogsInAtAClientNobodyRegistered) {
  Browser browser = signed_in();
  const HttpResponse page = browser.get(consent_target(browser, request()));
  EXPECT_THAT(page.body, HasSubstr("Document App"));
  const Destination to = destination_of(browser.post("/consent", consent_form(page, "allow", {"mcp:echo"})));
  EXPECT_EQ(to.base, kRedirectUri);
  EXPECT_EQ(redeem(to.get("code")).client_id, kClient);
  EXPECT_EQ(transport->count(kClient), 1u);
}

TEST_F(ClientDocumentsTest, TheConsentDoesNotNeedTheDocumentAgain) {
  Browser browser = signed_in();
  const HttpResponse page = browser.get(consent_target(browser, request()));
  transport->on_json(kClient, "{}", 500);
  const Destination to = destination_of(browser.post("/consent", consent_form(page, "allow", {"mcp:echo"})));
  EXPECT_FALSE(to.get("code").empty());
}

TEST_F(ClientDocumentsTest, ADocumentThatCannotBeUsedIsAnUnknownClient) {
  Browser browser = signed_in();
  for (const std::string client :
       {"https://app.example", "https://app.example/", "https://app.example/a/../client.json",
        "https://10.0.0.1/c", "https://localhost/c", "http://app.example/client.json",
        "https://app.example/missing"}) {
    resolver->set("localhost", {"127.0.0.1"});
    const HttpResponse response = browser.get(authorize_target(request_with("client_id", client)));
    EXPECT_EQ(response.status, 400) << client;
    EXPECT_FALSE(response.headers.contains("Location"));
    EXPECT_THAT(response.body, HasSubstr("Invalid client"));
  }
}

// Every other look-up hangs; what is over their number is an invalid client for now.
TEST_F(ClientDocumentsTest, ALookUpOverTheirNumberIsAPageOfItsOwn) {
  std::promise<void> gate;
  const std::shared_future<void> open(gate.get_future());
  const auto slow = [](std::size_t i) {
    const std::size_t host = i / DocumentClients::kMostFetchesOfAHost;
    return "https://app-" + std::to_string(host) + ".example/" + std::to_string(i);
  };
  std::vector<std::thread> waiting;
  std::atomic<std::size_t> fetching = 0;
  for (std::size_t i = 0; i < DocumentClients::kMostFetches; ++i) {
    transport->on(slow(i), [open, &fetching](const OutboundRequest&) -> Result<HttpResponse> {
      ++fetching;
      open.wait();
      return Err(ErrorCode::transport_error, "hung up");
    });
    waiting.emplace_back(
        [this, i, slow] { Browser(server).get(authorize_target(request_with("client_id", slow(i)))); });
  }
  while (fetching < DocumentClients::kMostFetches) std::this_thread::yield();
  const HttpResponse response = Browser(server).get(authorize_target(request()));
  gate.set_value();
  for (std::thread& thread : waiting) thread.join();
  expect_page(response, 400, "Invalid client");
  EXPECT_EQ(transport->count(kClient), 0u);
}

TEST_F(ClientDocumentsTest, TheRedirectUriIsThatOfTheDocument) {
  Browser browser = signed_in();
  const Form elsewhere = form_with(request(), "redirect_uri", "https://evil.example/cb");
  const HttpResponse response = browser.get(authorize_target(elsewhere));
  EXPECT_EQ(response.status, 400);
  EXPECT_FALSE(response.headers.contains("Location"));
}

TEST_F(ClientDocumentsTest, SwitchedOffNoDocumentIsRead) {
  server.client_documents = nullptr;
  server.start();
  Browser browser = signed_in();
  EXPECT_EQ(browser.get(authorize_target(request())).status, 400);
  EXPECT_TRUE(transport->requests().empty());
}

TEST_F(ClientDocumentsTest, MetadataTellsWhetherDocumentsAreRead) {
  const auto metadata = [&] { return json_of(server.get("/.well-known/oauth-authorization-server")); };
  EXPECT_EQ(metadata()["client_id_metadata_document_supported"], true);
  server.client_documents = nullptr;
  server.start();
  EXPECT_FALSE(metadata().contains("client_id_metadata_document_supported"));
}

}  // namespace
}  // namespace authplane::authserver
