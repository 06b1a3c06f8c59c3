// What is tried with codes, refresh tokens and the names of resources, over all grants that sign tokens.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authserver/http/user_token_fixture.h"

namespace authplane::authserver {
namespace {

class GrantThreats : public UserTokenTest {
 protected:
  // From now on the tokens of "demo" are those of a provider.
  void give_to_a_provider() {
    BrokerProvider provider;
    provider.id = provider.slug = "provider";
    server.storage.broker_providers().insert(provider).value();
    Resource demo = *server.storage.resources().catalog().value()->find_by_slug("demo");
    demo.backend_kind = BackendKind::broker;
    demo.broker_provider_id = provider.id;
    server.storage.resources().update(demo).value();
  }
};

// T1, C3 8
TEST_F(GrantThreats, T1EveryChangedCodeIsUnknown) {
  const std::string code = code_for("app");
  for (std::size_t i = 0; i < code.size(); ++i) {
    std::string changed = code;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    expect_error(token(code_form("app", changed)), 400, "invalid_grant", "code is invalid");
    if (i > 0) expect_error(token(code_form("app", code.substr(0, i))), 400, "invalid_grant");
  }
  expect_error(token(code_form("app", code + "A")), 400, "invalid_grant");
  EXPECT_EQ(token(code_form("app", code)).status, 200);
}

// C3 7: what the server signs is for resources of its own alone, whatever it signed for them before.
TEST_F(GrantThreats, NothingIsSignedForTheResourceOfAProvider) {
  const Tokens tokens = first_tokens();
  const std::string code = code_for("app");
  give_to_a_provider();
  expect_error(token(code_form("app", code)), 400, "invalid_target", "not registered any more");
  expect_error(token(refresh_form("app", tokens.refresh)), 400, "invalid_target", "not registered any more");

  change_client("web", [](Client& client) { client.scope = "mcp:echo"; });
  Form machine;
  machine.add("grant_type", "client_credentials");
  EXPECT_EQ(token(machine, secret_of("web")).status, 200);
  machine.add("resource", std::string(kResource));
  expect_error(token(machine, secret_of("web")), 400, "invalid_target", "not registered under exactly");
}

}  // namespace
}  // namespace authplane::authserver
