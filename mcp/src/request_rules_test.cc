#include "request_rules.h"

#include <string>
#include <tuple>

#include <gtest/gtest.h>

namespace authplane::mcp {
namespace {

using AcceptCase = std::tuple<const char*, bool, bool>;
class AcceptHeader : public ::testing::TestWithParam<AcceptCase> {};

TEST_P(AcceptHeader, IsRead) {
  const auto& [value, json, event_stream] = GetParam();
  const auto accepts = Accepts::of({{"accept", value}});
  EXPECT_EQ(accepts.json, json);
  EXPECT_EQ(accepts.event_stream, event_stream);
}

INSTANTIATE_TEST_SUITE_P(
    RequestRules, AcceptHeader,
    ::testing::Values(AcceptCase{"application/json, text/event-stream", true, true},
                      AcceptCase{"*/*", true, true}, AcceptCase{"application/json", true, false},
                      AcceptCase{"text/event-stream", false, true},
                      AcceptCase{"Application/JSON;q=0.5", true, false}, AcceptCase{"text/*", false, true},
                      AcceptCase{"application/json;q=0, text/event-stream", false, true},
                      AcceptCase{"application/json; q=0.001", true, false},
                      AcceptCase{"text/html", false, false}, AcceptCase{"application/jsonx", false, false},
                      AcceptCase{"", false, false}, AcceptCase{",,;q=0,", false, false}));

TEST(RequestRules, NoAcceptMeansEverythingAndRepeatedFieldsAddUp) {
  EXPECT_TRUE(Accepts::of({}).json && Accepts::of({}).event_stream);
  const auto both = Accepts::of({{"Accept", "application/json"}, {"Accept", "text/event-stream"}});
  EXPECT_TRUE(both.json && both.event_stream);
}

TEST(RequestRules, ContentTypeIsJsonWithAnyParameters) {
  EXPECT_TRUE(is_json_content({{"content-type", "application/json"}}));
  EXPECT_TRUE(is_json_content({{"Content-Type", "Application/JSON ; charset=utf-8"}}));
  EXPECT_FALSE(is_json_content({}));
  EXPECT_FALSE(is_json_content({{"Content-Type", "text/plain"}}));
  EXPECT_FALSE(is_json_content({{"Content-Type", "application/json-patch+json"}}));
  EXPECT_FALSE(is_json_content({{"Content-Type", "application/json"}, {"Content-Type", "application/json"}}));
}

using PlaceCase = std::pair<const char*, bool>;
class DefaultHost : public ::testing::TestWithParam<PlaceCase> {};

TEST_P(DefaultHost, OnlyLoopbackPasses) {
  const OriginRules rules{ServerOptions{}};
  EXPECT_EQ(rules.violation({{"Host", GetParam().first}}, {}) == nullptr, GetParam().second);
}

INSTANTIATE_TEST_SUITE_P(RequestRules, DefaultHost,
                         ::testing::Values(PlaceCase{"localhost", true}, PlaceCase{"LocalHost:8080", true},
                                           PlaceCase{"127.0.0.1:1", true}, PlaceCase{"[::1]", true},
                                           PlaceCase{"[::1]:80", true}, PlaceCase{"evil.example", false},
                                           PlaceCase{"localhost.evil.example", false},
                                           PlaceCase{"127.0.0.1.nip.io", false},
                                           PlaceCase{"localhost:", true}, PlaceCase{"localhost:80x", false},
                                           PlaceCase{"localhost@evil", false}, PlaceCase{"[::1", false},
                                           PlaceCase{"[::1]x", false}, PlaceCase{"127.0.0.2", false},
                                           PlaceCase{"", false}));

class DefaultOrigin : public ::testing::TestWithParam<PlaceCase> {};

TEST_P(DefaultOrigin, OnlyLoopbackPasses) {
  const OriginRules rules{ServerOptions{}};
  EXPECT_EQ(rules.violation({{"Origin", GetParam().first}}, {}) == nullptr, GetParam().second);
}

INSTANTIATE_TEST_SUITE_P(RequestRules, DefaultOrigin,
                         ::testing::Values(PlaceCase{"http://localhost:3000", true},
                                           PlaceCase{"https://127.0.0.1", true},
                                           PlaceCase{"http://[::1]:8", true}, PlaceCase{"null", false},
                                           PlaceCase{"", false}, PlaceCase{"http://evil.example", false},
                                           PlaceCase{"http://localhost.evil.example", false},
                                           PlaceCase{"http://localhost:3000/x", false},
                                           PlaceCase{"file://localhost", false},
                                           PlaceCase{"localhost", false}));

TEST(RequestRules, TheStrangerAmongRepeatedFieldsCounts) {
  const OriginRules rules{ServerOptions{}};
  EXPECT_NE(rules.violation({{"Host", "localhost"}, {"Host", "evil.example"}}, {}), nullptr);
  EXPECT_NE(rules.violation({{"Origin", "http://localhost"}, {"Origin", "http://evil.example"}}, {}),
            nullptr);
}

TEST(RequestRules, AuthenticatedCallersMayUseAnyHostUnlessHostsAreListed) {
  const RequestContext alice{.principal = "alice"};
  EXPECT_EQ(OriginRules(ServerOptions{}).violation({{"Host", "mcp.example.com"}}, alice), nullptr);
  EXPECT_NE(OriginRules(ServerOptions{}).violation({{"Origin", "http://evil.example"}}, alice), nullptr);
  ServerOptions listed;
  listed.allowed_hosts = {{"mcp.example.com"}};
  EXPECT_EQ(OriginRules(listed).violation({{"Host", "MCP.example.com:443"}}, alice), nullptr);
  EXPECT_NE(OriginRules(listed).violation({{"Host", "localhost"}}, alice), nullptr);
}

TEST(RequestRules, ListedOriginsReplaceTheDefault) {
  ServerOptions listed;
  listed.allowed_origins = {{"https://app.example"}};
  EXPECT_EQ(OriginRules(listed).violation({{"Origin", "https://app.example"}}, {}), nullptr);
  EXPECT_NE(OriginRules(listed).violation({{"Origin", "http://localhost"}}, {}), nullptr);
  EXPECT_NE(OriginRules(listed).violation({{"Origin", "https://app.example:8443"}}, {}), nullptr);
}

}  // namespace
}  // namespace authplane::mcp
