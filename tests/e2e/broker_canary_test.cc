#include <filesystem>

#include <authplane/base/encoding.h>

#include "broker_stack.h"
#include "canaries.h"

// A whole run with an account at a provider, well and badly; then none of what the provider gave, and none of
// what opens it, may be found in what the server wrote down.

namespace authplane::e2e {
namespace {

std::string bytes_below(const std::filesystem::path& folder) {
  std::string bytes;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += read_file(entry.path());
  }
  return bytes;
}

// The value of a parameter in a URL.
std::string part(const std::string& url, const std::string& name) {
  const auto at = url.find(name + "=") + name.size() + 1;
  return url.substr(at, url.find('&', at) - at);
}

TEST(BrokerCanary, NothingTheProviderGaveIsWrittenDown) {
  BrokerStack stack;
  stack.start();
  ASSERT_FALSE(::testing::Test::HasFatalFailure());
  Canaries secrets;
  secrets.add("master key", BrokerStack::kMasterKey);
  secrets.add("master key, as bytes", hex_decode(BrokerStack::kMasterKey).value());
  secrets.add("state secret", BrokerStack::kStateSecret);
  secrets.add("secret of the acting client", stack.acting_client().secret);
  Visitor jane = stack.visitor("jane"), joe = stack.visitor("joe");
  for (const auto& visitor : {jane, joe}) secrets.add_jws("access token", visitor.token);

  // Connects in every way, some of which fail, and some answers come to the wrong person.
  for (const char* mode :
       {"no_refresh", "error_200", "bad_json", "deny", "wrong_state", "form_body", "approve"}) {
    stack.github().behave(mode);
    const std::string answer = stack.answer_of_github(jane);
    secrets.add("state", part(answer, "state"));
    joe.browser.open(answer);
    jane.browser.open(answer);
    jane.browser.open(answer);
  }
  EXPECT_EQ(stack.active_grants_of(jane.person), 1);
  for (const char* mode : {"approve", "http_500", "huge_body", "bad_json", "redirect_hop", "scope_subset",
                           "no_rotate", "form_body", "error_400", "approve"}) {
    stack.github().behave(mode);
    stack.exchange(jane.token);
  }
  stack.connect(jane);
  stack.vended(stack.exchange(jane.token));
  stack.exchange(joe.token);
  // Tokens of the provider where they do not belong.
  const auto misplaced = stack.github().secrets().back();
  stack.exchange(misplaced);
  http("GET", stack.as().issuer() + "/oauth/token?subject_token=" + misplaced);
  post_form(stack.as().issuer() + "/oauth/introspect", form_of({{"token", misplaced}}));
  EXPECT_EQ(jane.browser.fetch("DELETE", stack.as().issuer() + "/connections/github").status, 204);
  EXPECT_TRUE(eventually(std::chrono::seconds(20), [&] { return !stack.github().asked("revoke").empty(); }));
  stack.connect(jane);
  stack.vended(stack.exchange(jane.token));
  for (const auto& secret : stack.github().secrets()) secrets.add("secret of the provider", secret);

  // What the operator's own tools show.
  std::string shown = stack.grants_of(jane.person).dump();
  for (const char* path :
       {"/admin/broker-providers", "/admin/resources", "/admin/fronting", "/admin/system/config",
        "/admin/system/status", "/admin/stats", "/admin/issuances"}) {
    shown += stack.as().admin("GET", path).body;
  }
  for (const auto& words :
       {std::vector<std::string>{"admin", "grant", "list-user-grants", "--user", jane.person.id, "--json"},
        std::vector<std::string>{"admin", "provider", "list", "--json"}}) {
    const auto run = run_command(stack.as(), words, {{"AUTHPLANE_DATA_ENCRYPTION_DRIVER", ""}});
    EXPECT_EQ(run.code, 0) << run.err;
    shown += run.out + run.err;
  }

  expect_audited(stack.as(), {.action = "broker_grant.revoked", .actor_id = jane.person.id});
  std::string audit;
  for (const auto& row : audit_rows(stack.as(), "")) audit += row.dump() + "\n";
  const auto metrics = stack.as().admin("GET", "/metrics").body;
  const auto running = bytes_below(stack.as().folder() / "data");
  EXPECT_EQ(stack.as().stop(), 0) << stack.as().log();
  const auto log = stack.as().log(), at_rest = bytes_below(stack.as().folder() / "data");
  // They are the right places: what is not secret can be found there.
  EXPECT_NE(audit.find("broker_grant.created"), std::string::npos);
  EXPECT_NE(metrics.find("authserver_"), std::string::npos);
  EXPECT_NE(at_rest.find("github"), std::string::npos);
  EXPECT_NE(log.find("github"), std::string::npos);
  EXPECT_NE(shown.find("CONNECTOR_GITHUB_SECRET"), std::string::npos);

  ASSERT_FALSE(::testing::Test::HasFailure()) << "not everything was tried";
  EXPECT_GT(secrets.size(), 40U);
  secrets.expect_none_in("the log", log);
  secrets.expect_none_in("the audit log", audit);
  secrets.expect_none_in("the metrics", metrics);
  secrets.expect_none_in("what the operator is shown", shown);
  secrets.expect_none_in("the database of the running server", running);
  secrets.expect_none_in("the database", at_rest);
}

}  // namespace
}  // namespace authplane::e2e
