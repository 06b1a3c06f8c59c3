#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include <authplane/http_httplib/server.h>
#include <authplane/http_httplib/transport.h>
#include <authplane/testing/testing.h>

#include "authserver/broker/upstream_client.h"

namespace authplane::authserver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Reason = UpstreamFailure::Reason;

// Nothing an upstream provider may be at.
constexpr const char* kForbidden[] = {
    // this host and its networks
    "127.0.0.1", "127.1.2.3", "127.255.255.255", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255",
    "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255", "100.64.0.1", "100.127.255.255",
    // link-local, cloud metadata
    "169.254.0.1", "169.254.169.254", "169.254.255.255", "100.100.100.200", "168.63.129.16",
    // documentation, benchmarks, reserved, multicast, broadcast
    "192.0.0.1", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "198.19.255.255", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255",
    // the same in IPv6
    "::", "::1", "fe80::1", "febf:ffff::1", "fec0::1", "feff::1", "fc00::1", "fdff::1", "fd00:ec2::254",
    "ff02::1", "100::1", "2001:db8::1",
    // IPv4 inside IPv6: mapped, compatible, NAT64, 6to4, Teredo
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:7f00:1", "::127.0.0.1",
    "::192.168.1.1", "::169.254.169.254", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254", "64:ff9b:1::1",
    "2002:7f00:1::", "2002:a00:1::", "2002:a9fe:a9fe::", "2001:0:808:808::80ff:fffe",
    "2001:0:a00:1::f7f7:f7f7", "2001:0:808:808::5601:5601", "2001:0:a9fe:a9fe::f7f7:f7f7"};
static_assert(std::size(kForbidden) >= 58);

class UpstreamTransport : public ::testing::Test {
 protected:
  UpstreamTransport() {
    const auto answer = [this](const OutboundRequest& request) {
      pinned = request.pinned_addresses;
      return HttpResponse{.status = 200,
                          .headers = {{"Content-Type", "application/json"}},
                          .body = R"({"access_token":"a","refresh_token":"r"})",
                          .stream = {}};
    };
    inner->on("https://hub.example/token", answer);
    inner->on("https://hub.example/revoke", answer);
  }

  static OAuthProvider provider(const std::string& host, const std::string& scheme = "https") {
    OAuthProvider provider;
    provider.slug = "hub";
    provider.config.client_id = "app";
    provider.client_secret = SecretString("canary-secret");
    provider.config.token_url = Url::parse(scheme + "://" + host + "/token").value();
    provider.config.revoke_url = Url::parse(scheme + "://" + host + "/revoke").value();
    return provider;
  }
  UpstreamClient client(bool development = false) {
    return UpstreamClient(
        make_upstream_transport(development, std::chrono::seconds(30), inner, resolver, clock));
  }
  // Both endpoints say the same.
  std::optional<Reason> failure(const OAuthProvider& provider, bool development = false) {
    const UpstreamClient asking = client(development);
    const auto refreshed = asking.refresh(provider, SecretString("canary-token"), {});
    const auto revoked = asking.revoke(provider, SecretString("canary-token"));
    EXPECT_EQ(bool(refreshed), bool(revoked));
    if (refreshed) return std::nullopt;
    EXPECT_EQ(refreshed.error().reason, revoked.error().reason);
    EXPECT_THAT(refreshed.error().detail, Not(HasSubstr("canary")));
    detail = refreshed.error().detail;
    return refreshed.error().reason;
  }

  std::shared_ptr<testing::ScriptedTransport> inner = std::make_shared<testing::ScriptedTransport>();
  std::shared_ptr<testing::FixedResolver> resolver = std::make_shared<testing::FixedResolver>();
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  std::vector<std::string> pinned;
  std::string detail;
};

TEST_F(UpstreamTransport, ReachesPublicAddressesAndPinsThem) {
  resolver->set("hub.example", {"93.184.215.14", "2606:4700::1111"});
  EXPECT_EQ(failure(provider("hub.example")), std::nullopt);
  EXPECT_THAT(pinned, ElementsAre("93.184.215.14", "2606:4700::1111"));
}

// T19: names that lead inside are refused when the connection is made, whatever they led to before.
TEST_F(UpstreamTransport, T19NoNameLeadsToAForbiddenAddress) {
  for (const char* address : kForbidden) {
    resolver->set("hub.example", {address});
    EXPECT_EQ(failure(provider("hub.example")), Reason::misconfigured) << address;
    resolver->set("hub.example", {"93.184.215.14", address});
    EXPECT_EQ(failure(provider("hub.example")), Reason::misconfigured) << "beside a good one: " << address;
  }
  EXPECT_THAT(inner->requests(), IsEmpty());
  EXPECT_THAT(detail, HasSubstr("broker.allow_private_upstreams"));
}

TEST_F(UpstreamTransport, T19NoForbiddenAddressIsAHost) {
  for (const std::string address : kForbidden) {
    const std::string host = address.find(':') == std::string::npos ? address : "[" + address + "]";
    EXPECT_EQ(failure(provider(host)), Reason::misconfigured) << address;
  }
  EXPECT_THAT(inner->requests(), IsEmpty());
  EXPECT_EQ(resolver->lookups(), 0);
}

// A name that is public when it is looked at and private when it is connected to.
class Rebinding final : public net::Resolver {
 public:
  Result<std::vector<std::string>> resolve(const std::string&, std::chrono::milliseconds) override {
    return std::vector<std::string>{++lookups % 2 == 1 ? "93.184.215.14" : "127.0.0.1"};
  }
  int lookups = 0;
};

TEST_F(UpstreamTransport, T19ARebindingNameIsAskedOnceForEachCall) {
  const auto rebinding = std::make_shared<Rebinding>();
  const UpstreamClient asking(
      make_upstream_transport(false, std::chrono::seconds(30), inner, rebinding, clock));
  EXPECT_TRUE(asking.refresh(provider("hub.example"), SecretString("t"), {}));
  EXPECT_EQ(rebinding->lookups, 1);
  EXPECT_THAT(pinned, ElementsAre("93.184.215.14"));
  EXPECT_FALSE(asking.refresh(provider("hub.example"), SecretString("t"), {}));
  EXPECT_EQ(inner->requests().size(), 1u);
}

TEST_F(UpstreamTransport, HttpAndHostsOfItsOwnAreForDevelopment) {
  inner->on("http://localhost:9100/token", [](const OutboundRequest&) {
    return HttpResponse{.status = 200, .headers = {}, .body = R"({"access_token":"a"})", .stream = {}};
  });
  inner->on("http://localhost:9100/revoke", [](const OutboundRequest&) { return HttpResponse{}; });
  for (const char* address : {"127.0.0.1", "::1", "10.1.2.3"}) {
    resolver->set("localhost", {address});
    EXPECT_EQ(failure(provider("localhost:9100", "http")), Reason::misconfigured) << address;
    EXPECT_EQ(failure(provider("localhost:9100", "http"), true), std::nullopt) << address;
  }
  resolver->set("localhost", {"169.254.169.254"});
  EXPECT_EQ(failure(provider("localhost:9100", "http"), true), Reason::misconfigured) << "not even then";
}

TEST_F(UpstreamTransport, NamesThatDoNotResolveAreTemporary) {
  resolver->set("hub.example", {});
  EXPECT_EQ(failure(provider("hub.example")), Reason::unavailable);
}

// Over a socket: what a scripted transport cannot show.
class UpstreamSocket : public ::testing::Test {
 protected:
  ~UpstreamSocket() override {
    release_.count_down();
    http_.stop();
  }
  void serve(HttpHandler handler) {
    mount(http_, {{"/token", std::move(handler)}, {"/elsewhere", [this](const HttpRequest&) {
                                                     followed = true;
                                                     return HttpResponse{};
                                                   }}});
    port_ = http_.bind_to_any_port("127.0.0.1");
    thread_ = std::jthread([this] { http_.listen_after_bind(); });
    while (!http_.is_running()) std::this_thread::yield();
  }
  Result<UpstreamReply, UpstreamFailure> refresh(std::chrono::milliseconds timeout = kUpstreamTimeout) {
    OAuthProvider provider;
    provider.config.token_url = Url::parse("http://127.0.0.1:" + std::to_string(port_) + "/token").value();
    const UpstreamClient client(make_upstream_transport(true, timeout, make_httplib_transport(),
                                                        net::make_system_resolver(),
                                                        std::make_shared<SystemClock>()));
    return client.refresh(provider, SecretString("t"), {});
  }
  Reason reason(std::chrono::milliseconds timeout = kUpstreamTimeout) {
    const auto reply = refresh(timeout);
    EXPECT_FALSE(reply);
    return reply ? Reason{} : reply.error().reason;
  }
  static HttpResponse json(std::string body) {
    return {.status = 200,
            .headers = {{"Content-Type", "application/json"}},
            .body = std::move(body),
            .stream = {}};
  }
  // A token response of that many bytes.
  static std::string padded(std::size_t size) {
    const std::string begin = R"({"access_token":"a","pad":")", end = R"("})";
    return begin + std::string(size - begin.size() - end.size(), 'x') + end;
  }

  std::latch release_{1};
  std::atomic<bool> followed = false;

 private:
  GuardedServer http_;
  int port_ = 0;
  std::jthread thread_;
};

TEST_F(UpstreamSocket, ReadsAMebibyteAndNoMore) {
  std::atomic<std::size_t> size = UpstreamClient::kMaxResponseBytes;
  serve([&](const HttpRequest&) { return json(padded(size)); });
  EXPECT_TRUE(refresh());
  ++size;
  EXPECT_EQ(reason(), Reason::unavailable);
}

TEST_F(UpstreamSocket, FollowsNoRedirect) {
  std::atomic<int> status = 302;
  serve([&](const HttpRequest&) {
    return HttpResponse{.status = status, .headers = {{"Location", "/elsewhere"}}, .body = "", .stream = {}};
  });
  for (const int each : {301, 302, 303, 307, 308}) {
    status = each;
    EXPECT_EQ(reason(), Reason::misconfigured) << each;
  }
  EXPECT_FALSE(followed);
}

TEST_F(UpstreamSocket, AnAnswerThatDoesNotComeIsTemporary) {
  serve([&](const HttpRequest&) {
    release_.wait();
    return json(R"({"access_token":"a"})");
  });
  EXPECT_EQ(reason(std::chrono::milliseconds(200)), Reason::unavailable);
}

}  // namespace
}  // namespace authplane::authserver
