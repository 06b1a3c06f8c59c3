#include "client/net/fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include <authplane/testing/testing.h>

#include "client/net/guard.h"

namespace authplane::net {
namespace {

using authplane::testing::FakeClock;
using authplane::testing::FixedResolver;
using authplane::testing::ScriptedTransport;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct FetchTest : ::testing::Test {
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<FixedResolver> resolver = std::make_shared<FixedResolver>();
  std::shared_ptr<ScriptedTransport> transport = std::make_shared<ScriptedTransport>();
  FetchSettings settings;

  Result<HttpResponse> get(const std::string& url, std::size_t limit = 1000) {
    transport->on_json(url, "{}");
    return send(url, limit);
  }
  Result<HttpResponse> send(const std::string& url, std::size_t limit = 1000) {
    OutboundRequest request;
    request.url = Url::parse(url).value();
    request.max_response_bytes = limit;
    return Fetcher(settings, transport, resolver, clock).fetch(std::move(request));
  }
  ErrorCode refusal(const std::string& url) {
    auto response = get(url);
    EXPECT_FALSE(response) << url;
    EXPECT_THAT(transport->requests(), IsEmpty()) << url;
    return response ? ErrorCode::runtime_error : response.error().code;
  }
};

TEST_F(FetchTest, PinsTheAddressesItHasChecked) {
  resolver->set("as.example", {"93.184.215.14", "2606:4700::1111"});
  ASSERT_TRUE(get("https://as.example/x"));
  ASSERT_EQ(transport->requests().size(), 1u);
  EXPECT_THAT(transport->requests()[0].pinned_addresses, ElementsAre("93.184.215.14", "2606:4700::1111"));
  EXPECT_EQ(resolver->lookups(), 1);
}

TEST_F(FetchTest, OneRefusedAddressRefusesTheHost) {
  resolver->set("as.example", {"93.184.215.14", "10.0.0.1"});
  EXPECT_EQ(refusal("https://as.example/x"), ErrorCode::ssrf_blocked);
}

TEST_F(FetchTest, AnswerThatIsNoAddressIsRefused) {
  resolver->set("as.example", {"127.1"});
  EXPECT_EQ(refusal("https://as.example/x"), ErrorCode::ssrf_blocked);
}

TEST_F(FetchTest, LiteralAddressIsJudgedWithoutTheResolver) {
  EXPECT_EQ(refusal("https://169.254.169.254/latest"), ErrorCode::ssrf_blocked);
  EXPECT_EQ(refusal("https://[::ffff:169.254.169.254]/latest"), ErrorCode::ssrf_blocked);
  EXPECT_EQ(resolver->lookups(), 0);
}

TEST_F(FetchTest, NumericFormsAreJudgedByTheAddressTheyMean) {
  const auto real = make_system_resolver();
  for (const char* url :
       {"https://127.1/", "https://0x7f.1/", "https://2130706433/", "https://0177.0.0.1/"}) {
    auto addresses = checked_addresses(Url::parse(url).value(), settings, *real, std::chrono::seconds(5));
    ASSERT_FALSE(addresses) << url;
    EXPECT_EQ(addresses.error().code, ErrorCode::ssrf_blocked) << url;
  }
}

TEST_F(FetchTest, SystemResolverAnswersForAnUnresolvableNameInTime) {
  const auto real = make_system_resolver();
  const auto answer = real->resolve("does-not-exist.invalid", std::chrono::milliseconds(2000));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::transport_error);
}

TEST_F(FetchTest, HttpNeedsPermission) {
  EXPECT_EQ(refusal("http://as.example/"), ErrorCode::ssrf_blocked);
  settings.allow_http = true;
  EXPECT_TRUE(get("http://as.example/"));
}

TEST_F(FetchTest, OtherSchemesAreRefusedEvenWithoutProtection) {
  settings = FetchSettings::development();
  settings.ssrf_protection = false;
  for (const char* url : {"ftp://as.example/", "file://as.example/etc/passwd", "gopher://as.example/"}) {
    EXPECT_EQ(refusal(url), ErrorCode::ssrf_blocked);
  }
}

TEST_F(FetchTest, UserInfoIsRefused) {
  EXPECT_EQ(refusal("https://user@as.example/"), ErrorCode::ssrf_blocked);
}

TEST_F(FetchTest, WithoutProtectionNothingIsResolvedOrPinned) {
  settings.ssrf_protection = false;
  ASSERT_TRUE(get("https://127.0.0.1/"));
  EXPECT_THAT(transport->requests()[0].pinned_addresses, IsEmpty());
  EXPECT_EQ(resolver->lookups(), 0);
}

TEST_F(FetchTest, UnresolvableNameIsATransportError) {
  resolver->set("as.example", {});
  EXPECT_EQ(refusal("https://as.example/"), ErrorCode::transport_error);
}

TEST_F(FetchTest, ResolverWithoutAddressesIsATransportError) {
  struct Empty : Resolver {
    Result<std::vector<std::string>> resolve(const std::string&, std::chrono::milliseconds) override {
      return std::vector<std::string>{};
    }
  } empty;
  const auto addresses =
      checked_addresses(Url::parse("https://as.example/").value(), settings, empty, std::chrono::seconds(1));
  ASSERT_FALSE(addresses);
  EXPECT_EQ(addresses.error().code, ErrorCode::transport_error);
}

struct SlowResolver : Resolver {
  std::shared_ptr<FakeClock> clock;
  std::chrono::milliseconds takes{};
  Result<std::vector<std::string>> resolve(const std::string&, std::chrono::milliseconds) override {
    clock->advance(takes);
    return std::vector<std::string>{"93.184.215.14"};
  }
};

TEST_F(FetchTest, ResolutionAndTransferShareOneDeadline) {
  auto slow = std::make_shared<SlowResolver>();
  slow->clock = clock;
  slow->takes = std::chrono::seconds(4);
  transport->on_json("https://as.example/", "{}");
  OutboundRequest request;
  request.url = Url::parse("https://as.example/").value();
  ASSERT_TRUE(Fetcher(settings, transport, slow, clock).fetch(request));
  EXPECT_EQ(transport->requests()[0].timeout, std::chrono::seconds(6));

  slow->takes = std::chrono::seconds(10);
  const auto late = Fetcher(settings, transport, slow, clock).fetch(request);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::transport_error);
  EXPECT_EQ(transport->requests().size(), 1u);
}

TEST_F(FetchTest, OversizedBodyIsRefusedWhateverTheTransportDid) {
  transport->on_json("https://as.example/", std::string(1001, 'x'));
  EXPECT_FALSE(send("https://as.example/", 1000));
  EXPECT_TRUE(send("https://as.example/", 1001));
}

TEST_F(FetchTest, ThrowingTransportIsATransportError) {
  transport->on("https://as.example/",
                [](const OutboundRequest&) -> Result<HttpResponse> { throw std::runtime_error("boom"); });
  const auto response = send("https://as.example/");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::transport_error);
}

TEST_F(FetchTest, RefusalSaysWhatWouldPermitIt) {
  const auto response = get("https://127.0.0.1/");
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message, HasSubstr("loopback"));
  EXPECT_THAT(response.error().message, HasSubstr("dev_mode"));
}

}  // namespace
}  // namespace authplane::net
