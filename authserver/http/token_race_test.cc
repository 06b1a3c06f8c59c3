// Many requests at once through the endpoints, over every storage.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include <authplane/testing/race.h>

#include "authserver/http/race_storage.h"
#include "authserver/http/xaa_fixture.h"

namespace authplane::authserver {
namespace {

constexpr int kThreads = 100;

// SQLite waits for the disk in every one.
int rounds() {
  return testing::race_rounds(30);
}

class TokenRace : public RaceBase, public UserTokenTest {
 protected:
  TokenRace() : UserTokenTest(GetParam()(surroundings_)) {}

  bool is_dead(const Tokens& tokens) const {
    return !is_active(tokens.access) && token(refresh_form("app", tokens.refresh)).status == 400;
  }
  // What a hundred are given for the same request. The others are refused alike.
  std::vector<Tokens> sent_by_all(const Form& form) const {
    std::atomic<std::size_t> refused = 0;
    std::mutex mutex;
    std::vector<Tokens> won;
    testing::race(kThreads, [&](int) {
      const HttpResponse response = token(form);
      if (response.status == 200) {
        const std::lock_guard lock(mutex);
        won.push_back(tokens_of(response));
      } else {
        refused += response.status == 400 && json_of(response)["error"] == "invalid_grant";
      }
    });
    EXPECT_EQ(won.size() + refused, std::size_t{kThreads});
    return won;
  }
};

TEST_P(TokenRace, OneOfAHundredRedemptionsOfACodeIsAnsweredAndTheOthersRevokeIt) {
  for (int round = 0; round < rounds(); ++round) {
    const Form form = code_form("app", code_for("app"));
    const std::vector<Tokens> won = sent_by_all(form);
    ASSERT_EQ(won.size(), 1u);
    ASSERT_TRUE(is_dead(won[0]));
  }
}

TEST_P(TokenRace, AHundredRedemptionsWithoutTheVerifierNeverRevoke) {
  for (int round = 0; round < rounds(); ++round) {
    const Tokens tokens = first_tokens();
    const std::string code = code_for("app");
    const Form good = code_form("app", code);
    const Tokens won = tokens_of(token(good));
    std::atomic<int> refused = 0;
    testing::race(kThreads, [&](int i) {
      const Form form = i % 2 == 0 ? with(good, "code_verifier", "") : with(good, "client_id", "other-app");
      refused += token(form).status == 400;
    });
    ASSERT_EQ(refused, kThreads);
    ASSERT_TRUE(is_active(won.access));
    ASSERT_TRUE(is_active(tokens.access));
  }
}

TEST_P(TokenRace, OneOfAHundredUsesOfAProofIsAnswered) {
  change_client("web", [](Client& client) { client.scope = "mcp:echo"; });
  Form form;
  form.add("grant_type", "client_credentials");
  form.add("resource", std::string(kResource));
  form.add("scope", "mcp:echo");
  for (int round = 0; round < rounds(); ++round) {
    const std::string one = proof();
    std::atomic<int> issued = 0, refused = 0;
    testing::race(kThreads, [&](int) {
      const HttpResponse response = token(form, secret_of("web"), one);
      issued += response.status == 200;
      refused += response.status == 400 && json_of(response)["error"] == "invalid_dpop_proof";
    });
    ASSERT_EQ(issued, 1);
    ASSERT_EQ(refused, kThreads - 1);
  }
}

TEST_P(TokenRace, OneOfAHundredUsesOfARefreshTokenIsAnsweredAndTheOthersRevokeTheFamily) {
  for (int round = 0; round < rounds(); ++round) {
    const Tokens first = first_tokens();
    const Form form = refresh_form("app", first.refresh);
    const std::vector<Tokens> won = sent_by_all(form);
    ASSERT_EQ(won.size(), 1u);
    ASSERT_TRUE(is_dead(won[0]));
    ASSERT_TRUE(is_dead(first));
  }
  EXPECT_EQ(server.metrics.count("authserver_refresh_token_reuse_total"), rounds());
}

TEST_P(TokenRace, NothingIsAliveOnceARevocationAmidRefreshesWasAnswered) {
  constexpr int kFamilies = 8;
  for (int round = 0; round < rounds(); ++round) {
    std::vector<Tokens> newest;
    for (int i = 0; i < kFamilies; ++i) newest.push_back(first_tokens());
    const std::vector<Tokens> first = newest;
    std::mutex mutex;
    std::vector<Tokens> issued = newest;
    std::atomic<int> late = 0;
    std::vector<std::atomic<bool>> revoked(kFamilies);
    testing::race(2 * kFamilies, [&](int i) {
      const auto family = static_cast<std::size_t>(i / 2);
      if (i % 2 == 0) {
        EXPECT_EQ(revoke(first[family].refresh, "app").status, 200);
        revoked[family] = true;
        return;
      }
      while (true) {
        const bool was_revoked = revoked[family];
        const HttpResponse response = token(refresh_form("app", newest[family].refresh));
        if (response.status != 200) return;
        late += was_revoked;
        newest[family] = tokens_of(response);
        const std::lock_guard lock(mutex);
        issued.push_back(newest[family]);
      }
    });
    ASSERT_EQ(late, 0);
    for (const Tokens& tokens : issued) ASSERT_TRUE(is_dead(tokens));
  }
}

TEST_P(TokenRace, NothingIsAliveOnceTheClientWasSuspended) {
  for (int round = 0; round < rounds(); ++round) {
    const std::string name = "client-" + std::to_string(round);
    server.add(public_client(name));
    Tokens tokens = tokens_of(token(code_form(name, code_for(name))));
    std::atomic<bool> stopped = false;
    std::atomic<int> late = 0, refreshes = 0;
    testing::race(2, [&](int i) {
      if (i == 0) {
        while (refreshes < 3) std::this_thread::yield();
        EXPECT_TRUE(server.storage.clients().transition(name, ClientStatus::suspended, server.clock.now()));
        stopped = true;
        return;
      }
      while (true) {
        const bool was_stopped = stopped;
        const HttpResponse response = token(refresh_form(name, tokens.refresh));
        if (response.status != 200) return;
        late += was_stopped;
        ++refreshes;
        tokens = tokens_of(response);
      }
    });
    ASSERT_EQ(late, 0);
    ASSERT_FALSE(is_active(tokens.access));
  }
}

class AssertionRace : public RaceBase, public XaaTest {
 protected:
  AssertionRace() : XaaTest(GetParam()(surroundings_)) {}
};

// T28: an assertion works once, however many present it at the same time.
TEST_P(AssertionRace, T28OneOfAHundredUsesOfAnAssertionIsAnswered) {
  for (int round = 0; round < rounds(); ++round) {
    const std::string one = assertion().build();
    std::atomic<int> issued = 0, refused = 0;
    testing::race(kThreads, [&](int) {
      const HttpResponse response = present(one);
      issued += response.status == 200;
      refused += response.status == 400 && json_of(response)["error"] == "invalid_grant";
    });
    ASSERT_EQ(issued, 1);
    ASSERT_EQ(refused, kThreads - 1);
  }
  const auto issued = server.storage.issuances().list_machine_tokens("agent", {1, 0}).value();
  EXPECT_EQ(issued.total, static_cast<std::size_t>(rounds()));
}

INSTANTIATE_TEST_SUITE_P(Over, AssertionRace, ::testing::Values(&open_memory, &open_file),
                         [](const auto& tested) {
                           return tested.param == &open_memory ? "Memory" : "Sqlite";
                         });

INSTANTIATE_TEST_SUITE_P(Over, TokenRace, ::testing::Values(&open_memory, &open_file),
                         [](const auto& tested) {
                           return tested.param == &open_memory ? "Memory" : "Sqlite";
                         });

}  // namespace
}  // namespace authplane::authserver
