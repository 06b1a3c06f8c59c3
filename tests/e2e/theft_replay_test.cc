#include <atomic>
#include <latch>
#include <mutex>
#include <thread>

#include "tier03.h"

// A captured proof is refused whatever happened since: after restarts and kills, at a server beside the first
// one, and in a crowd of requests that all arrive at once.

namespace authplane::e2e {
namespace {

constexpr int kCrowd = 100;
constexpr int kCrowdRounds = 30;
constexpr int kWorkers = 4;
constexpr std::size_t kAcceptedPerRound = 30;

// A proof, and the answer to it. After 0, no answer, nobody knows whether it is spent.
struct Sent {
  std::string proof;
  int status;
};

// The statuses of that many calls made at the same moment.
std::vector<int> at_once(int callers, const std::function<int(int)>& call) {
  std::vector<int> statuses(static_cast<std::size_t>(callers));
  std::latch start(callers);
  std::vector<std::jthread> threads;
  for (int i = 0; i < callers; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      statuses[static_cast<std::size_t>(i)] = call(i);
    });
  }
  threads.clear();
  return statuses;
}

// All of them are `refused`, but for one that is 200.
void expect_one_winner(const std::vector<int>& statuses, int refused) {
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 200), 1);
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), refused), std::ssize(statuses) - 1);
}

// Workers that `send` proofs of `make` until enough of them were accepted; then `kill` strikes while they go
// on.
std::vector<Sent> killed_under_load(const std::function<std::string()>& make,
                                    const std::function<int(const std::string&)>& send,
                                    const std::function<void()>& kill) {
  std::mutex mutex;
  std::vector<Sent> sent;
  std::atomic<bool> dead{false};
  std::vector<std::jthread> workers;
  for (int i = 0; i < kWorkers; ++i) {
    workers.emplace_back([&] {
      for (int status = 200; status != 0 && !dead;) {
        const auto proof = make();
        status = send(proof);
        std::lock_guard lock(mutex);
        sent.push_back({proof, status});
      }
    });
  }
  EXPECT_TRUE(eventually(std::chrono::seconds(60), [&] {
    std::lock_guard lock(mutex);
    return std::count_if(sent.begin(), sent.end(), [](const Sent& s) { return s.status == 200; }) >=
           static_cast<std::ptrdiff_t>(kAcceptedPerRound);
  }));
  kill();
  dead = true;
  workers.clear();
  return sent;
}

// One resource behind servers that come and go and keep what was spent in one file.
class TheftReplay : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_FALSE(HasFatalFailure());
    const auto reply = tier_.as.token(tier_.client, "mcp:echo", tier_.resource,
                                      {{"DPoP", ProofBuilder(now()).url(tier_.token_endpoint()).build()}});
    ASSERT_EQ(reply.status, 200) << reply.body;
    token_ = reply.json()["access_token"];
  }

  std::unique_ptr<ExampleServer> start() {
    return tier_.start_server("replay" + std::to_string(++starts_), free_port(), tier_.resource,
                              {{"DPOP_REPLAY_FILE", (tier_.folder.path() / "spent").string()}});
  }
  std::string proof() const { return ProofBuilder(now()).url(tier_.resource).access_token(token_).build(); }
  Reply send(const ExampleServer& server, const std::string& proof_text) const {
    return post_mcp(server.url(), initialize_call(),
                    {{"Authorization", "DPoP " + token_}, {"DPoP", proof_text}});
  }
  void expect_known(const ExampleServer& server, const std::string& proof_text) const {
    const auto reply = send(server, proof_text);
    ASSERT_EQ(reply.status, 401) << reply.body;
    ASSERT_NE(reply.header("WWW-Authenticate").find("was used before"), std::string::npos)
        << reply.header("WWW-Authenticate");
  }

  // Proofs are spent at a server that then ends.
  void expect_known_after(const std::function<void(ChildProcess&)>& end) {
    auto server = start();
    std::vector<std::string> spent;
    for (std::size_t i = 0; i < kAcceptedPerRound; ++i) {
      spent.push_back(proof());
      ASSERT_EQ(send(*server, spent.back()).status, 200);
    }
    end(server->process());
    server = start();
    for (const auto& text : spent) expect_known(*server, text);
    EXPECT_EQ(send(*server, proof()).status, 200) << "a fresh one is as good as ever";
  }

  Tier03 tier_;
  std::string token_;
  int starts_ = 0;
};

TEST_F(TheftReplay, ARestartForgetsNothing) {
  expect_known_after([](ChildProcess& process) { process.stop(); });
}

TEST_F(TheftReplay, AKillForgetsNothing) {
  expect_known_after([](ChildProcess& process) { process.kill(); });
}

TEST_F(TheftReplay, AKillUnderLoadForgetsNothing) {
  for (int round = 0; round < 5; ++round) {
    SCOPED_TRACE(round);
    auto server = start();
    const auto sent = killed_under_load([&] { return proof(); },
                                        [&](const std::string& text) { return send(*server, text).status; },
                                        [&] { server->process().kill(); });
    server = start();
    for (const auto& [text, status] : sent) {
      if (status != 200) send(*server, text);
      expect_known(*server, text);
    }
    if (HasFailure()) return;
  }
}

TEST_F(TheftReplay, ServersThatShareTheFileKnowWhatTheOtherHasSeen) {
  const auto one = start(), other = start();
  for (std::size_t i = 0; i < kAcceptedPerRound; ++i) {
    const auto text = proof();
    const bool odd = i % 2 == 1;
    ASSERT_EQ(send(odd ? *one : *other, text).status, 200);
    expect_known(odd ? *other : *one, text);
  }
}

TEST_F(TheftReplay, ACrowdAtTwoServersWithOneProof) {
  const auto one = start(), other = start();
  for (int round = 0; round < kCrowdRounds; ++round) {
    SCOPED_TRACE(round);
    const auto text = proof();
    expect_one_winner(at_once(10, [&](int i) { return send(i % 2 ? *one : *other, text).status; }), 401);
  }
}

TEST_F(TheftReplay, ACrowdAtOneServerWithOneProof) {
  const auto server = start();
  for (int round = 0; round < kCrowdRounds; ++round) {
    SCOPED_TRACE(round);
    const auto text = proof();
    expect_one_winner(at_once(kCrowd, [&](int) { return send(*server, text).status; }), 401);
  }
}

// Proofs of token requests. They live long here, so that it is never their age that they are refused for.
class TheftTokenEndpoint : public ::testing::Test {
 protected:
  void SetUp() override {
    as_.start();
    ASSERT_FALSE(HasFatalFailure());
    as_.register_resource("r", "https://rs.example/mcp", {"s"});
    client_ = as_.register_client("c", "s");
  }
  void TearDown() override { EXPECT_EQ(as_.stop(), 0) << as_.log(); }

  std::string proof() const { return ProofBuilder(now()).url(as_.issuer() + "/oauth/token").build(); }
  Reply send(const std::string& proof_text) const {
    return as_.token(client_, "s", "https://rs.example/mcp", {{"DPoP", proof_text}});
  }
  void expect_known(const std::string& proof_text) const {
    const auto reply = send(proof_text);
    ASSERT_EQ(reply.status, 400) << reply.body;
    ASSERT_EQ(reply.json().value("error", ""), "invalid_dpop_proof") << reply.body;
  }
  // The log says why, for proofs refused since the last start.
  void expect_refused_as_replays(std::size_t count) const {
    EXPECT_TRUE(eventually(std::chrono::seconds(10), [&] {
      const auto log = as_.log();
      std::size_t seen = 0;
      for (auto at = log.find("it was used before"); at != std::string::npos;
           at = log.find("it was used before", at + 1))
        ++seen;
      return seen == count;
    })) << as_.log();
  }
  std::size_t tokens() const {
    const auto reply = as_.admin("GET", "/admin/issuances?limit=5000&client=" + client_.id);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return reply.json().value("count", std::size_t{0});
  }

  TempFolder folder_;
  AuthServer as_{folder_.path(), {{"AUTHPLANE_DPOP_PROOF_LIFETIME", "300s"}}};
  Registered client_;
};

TEST_F(TheftTokenEndpoint, ARestartForgetsNothing) {
  std::vector<std::string> spent;
  for (std::size_t i = 0; i < kAcceptedPerRound; ++i) {
    spent.push_back(proof());
    ASSERT_EQ(send(spent.back()).status, 200);
  }
  ASSERT_EQ(as_.stop(), 0);
  as_.start();
  ASSERT_FALSE(HasFatalFailure());
  for (const auto& text : spent) expect_known(text);
  expect_refused_as_replays(spent.size());
  EXPECT_EQ(send(proof()).status, 200) << "a fresh one is as good as ever";
  EXPECT_EQ(tokens(), spent.size() + 1);
}

// Whatever was known about a proof when the server died, it buys one token and no second one.
TEST_F(TheftTokenEndpoint, AKillUnderLoadForgetsNothing) {
  for (int round = 0; round < 20; ++round) {
    SCOPED_TRACE(round);
    client_ = as_.register_client("c" + std::to_string(round), "s");
    const auto sent =
        killed_under_load([&] { return proof(); }, [&](const std::string& text) { return send(text).status; },
                          [&] { as_.kill(); });
    as_.start();
    ASSERT_FALSE(HasFatalFailure());
    std::size_t refused = sent.size();
    for (const auto& [text, status] : sent) {
      if (status != 200 && send(text).status == 400) ++refused;
      expect_known(text);
    }
    expect_refused_as_replays(refused);
    EXPECT_EQ(tokens(), sent.size());
    if (HasFailure()) return;
  }
}

TEST_F(TheftTokenEndpoint, ACrowdWithOneProof) {
  for (int round = 0; round < kCrowdRounds; ++round) {
    SCOPED_TRACE(round);
    const auto text = proof();
    expect_one_winner(at_once(kCrowd, [&](int) { return send(text).status; }), 400);
  }
  EXPECT_EQ(tokens(), static_cast<std::size_t>(kCrowdRounds));
}

}  // namespace
}  // namespace authplane::e2e
