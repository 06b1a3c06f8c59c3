#include "authserver/broker/account_tasks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <thread>

#include <authplane/testing/testing.h>

namespace authplane::authserver {
namespace {

using ::testing::ElementsAre;

using Kind = AccountTasks::Kind;

// Three slow providers leave a thread for a fourth.
static_assert(3 * AccountTasks::Limits().per_provider < AccountTasks::Limits().threads);

constexpr std::size_t kAny = 1'000;
AccountTasks::Limits limits(std::size_t threads, std::size_t per_provider,
                            const AccountTasks::Places& tokens = {kAny, kAny, kAny}) {
  AccountTasks::Limits limits;
  limits.threads = threads;
  limits.per_provider = per_provider;
  limits.places[static_cast<std::size_t>(Kind::token)] = tokens;
  return limits;
}

const testing::FakeClock kClock;
const auto kNothing = [] {};
const auto kUnexpected = [] { ADD_FAILURE() << "refused"; };

TEST(AccountTasks, OneAccountHasOneTurnAtATimeInOrder) {
  std::vector<int> order;
  std::atomic<int> running = 0;
  {
    std::latch all(100);
    AccountTasks tasks(limits(16, 5), kClock);  // last, here and below: its threads use what is above
    for (int i = 0; i < 100; ++i) {
      tasks.run(Kind::token, "p", "u",
                {[&, i] {
                   EXPECT_EQ(++running, 1);
                   order.push_back(i);
                   --running;
                   all.count_down();
                 },
                 kUnexpected});
    }
    all.wait();
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(AccountTasks, AccountsRunSideBySide) {
  std::latch all_there(4), done(4);
  AccountTasks tasks(limits(4, 4), kClock);
  for (const char* user : {"a", "b", "c", "d"}) {
    tasks.run(Kind::token, "p", user,
              {[&] {
                 all_there.arrive_and_wait();  // returns only when four run at once
                 done.count_down();
               },
               kUnexpected});
  }
  done.wait();
}

TEST(AccountTasks, ASlowProviderLeavesThreadsForTheOthers) {
  std::latch slow(1), slow_running(2), other_done(3), slow_done(4);
  std::atomic<int> begun = 0, running = 0, most = 0;
  AccountTasks tasks(limits(3, 2), kClock);
  for (const char* user : {"a", "b", "c", "d"}) {
    tasks.run(Kind::token, "slow", user,
              {[&] {
                 const int now = ++running;
                 if (now > most) most = now;
                 if (++begun <= 2) slow_running.count_down();
                 slow.wait();
                 --running;
                 slow_done.count_down();
               },
               kUnexpected});
  }
  slow_running.wait();
  for (const char* user : {"a", "b", "c"})
    tasks.run(Kind::token, "other", user, {[&] { other_done.count_down(); }, kUnexpected});
  other_done.wait();
  EXPECT_EQ(most, 2);
  slow.count_down();
  slow_done.wait();
}

TEST(AccountTasks, RefusesWhenAllPlacesAreTaken) {
  std::latch begun(1), go(1), done(3), again(1);
  AccountTasks tasks(limits(1, 1, {3, kAny, kAny}), kClock);
  tasks.run(Kind::token, "p", "u",
            {[&] {
               begun.count_down();
               go.wait();
               done.count_down();
             },
             kUnexpected});
  begun.wait();
  bool refused = false;
  for (int i = 0; i < 2; ++i) tasks.run(Kind::token, "p", "u", {[&] { done.count_down(); }, kUnexpected});
  tasks.run(Kind::token, "p", "v", {[] { ADD_FAILURE() << "ran"; }, [&] { refused = true; }});
  EXPECT_TRUE(refused);
  go.count_down();
  done.wait();
  // The last one may still be on its way out.
  AccountTasks::Place place;
  while ((place = tasks.reserve(Kind::token, "p", "v")) == nullptr) std::this_thread::yield();
  tasks.run(std::move(place), {[&] { again.count_down(); }, kUnexpected});
  again.wait();
}

TEST(AccountTasks, AnAccountAndAProviderHaveNoMoreThanTheirShareOfThePlaces) {
  AccountTasks tasks(limits(1, 1, {5, 4, 2}), kClock);
  const auto take = [&](const char* provider, const char* user) {
    return tasks.reserve(Kind::token, provider, user);
  };
  std::vector<AccountTasks::Place> places = {take("p", "a"), take("p", "a")};
  EXPECT_EQ(take("p", "a"), nullptr) << "a third of one account";
  places.insert(places.end(), {take("p", "b"), take("p", "b")});
  EXPECT_EQ(take("p", "c"), nullptr) << "a fifth of one provider";
  places.push_back(take("q", "a"));
  EXPECT_EQ(take("r", "a"), nullptr) << "a sixth in all";
  for (const AccountTasks::Place& place : places) EXPECT_NE(place, nullptr);
  places.erase(places.begin());
  EXPECT_NE(take("p", "a"), nullptr) << "a place that was given back";
}

TEST(AccountTasks, ConnectionsAndRevocationsHavePlacesOfTheirOwnAndOvertakeTokens) {
  std::latch begun(1), go(1), done(6);
  std::vector<std::string> order;
  AccountTasks tasks(limits(1, 1, {4, kAny, kAny}), kClock);
  tasks.run(Kind::token, "p", "u",
            {[&] {
               begun.count_down();
               go.wait();
               done.count_down();
             },
             kUnexpected});
  begun.wait();
  const auto add = [&](Kind kind, const char* user, const char* what) {
    tasks.run(kind, "p", user,
              {[&, what] {
                 order.push_back(what);
                 done.count_down();
               },
               kUnexpected});
  };
  add(Kind::token, "u", "token");
  add(Kind::token, "v", "another's token");
  tasks.run(Kind::token, "p", "w", {kNothing, kNothing});  // the last place
  EXPECT_EQ(tasks.reserve(Kind::token, "p", "x"), nullptr);
  add(Kind::revocation, "u", "revocation");
  add(Kind::connection, "u", "connection");
  add(Kind::connection, "v", "another's connection");
  go.count_down();
  done.wait();
  const auto at = [&](const char* what) { return std::find(order.begin(), order.end(), what); };
  EXPECT_LT(at("revocation"), at("connection")) << "of one account in the order they came";
  EXPECT_LT(at("connection"), at("token"));
  EXPECT_LT(at("connection"), at("another's token"));
  EXPECT_LT(at("another's connection"), at("token"));
}

TEST(AccountTasks, WhatWaitsTooLongIsRefusedButForRevocations) {
  testing::FakeClock clock;
  std::latch begun(1), go(1), late(3), done(2);
  AccountTasks tasks(limits(2, 1), clock);
  tasks.run(Kind::token, "p", "u",
            {[&] {
               begun.count_down();
               go.wait();
               done.count_down();
             },
             kUnexpected});
  begun.wait();
  const auto ran = [] { ADD_FAILURE() << "ran"; };
  tasks.run(Kind::token, "p", "u", {ran, [&] { late.count_down(); }});
  tasks.run(Kind::token, "p", "v", {ran, [&] { late.count_down(); }});
  tasks.run(Kind::connection, "p", "v", {ran, [&] { late.count_down(); }});
  tasks.run(Kind::revocation, "p", "w", {[&] { done.count_down(); }, kUnexpected});
  clock.advance(AccountTasks::Limits().patience);
  late.wait();  // while the provider still hangs
  go.count_down();
  done.wait();
}

TEST(AccountTasks, ClosingRefusesWhatWaitsAndLaterOnes) {
  std::latch begun(1), go(2);  // goes on when both that wait were refused
  std::vector<std::string> refused;
  const auto note = [&](const char* what) { return [&refused, what] { refused.push_back(what); }; };
  const auto note_and_go = [&](const char* what) {
    return [&refused, &go, what] {
      refused.push_back(what);
      go.count_down();
    };
  };
  std::atomic<bool> ended = false;
  AccountTasks tasks(limits(1, 1), kClock);
  tasks.run(Kind::token, "p", "u",
            {[&] {
               begun.count_down();
               go.wait();
               ended = true;
             },
             kUnexpected});
  begun.wait();
  tasks.run(Kind::token, "p", "u", {kNothing, note_and_go("same account")});
  tasks.run(Kind::token, "p", "v", {kNothing, note_and_go("another account")});
  tasks.close();
  EXPECT_TRUE(ended);
  tasks.run(Kind::token, "p", "w", {kNothing, note("late")});
  EXPECT_THAT(refused, ::testing::UnorderedElementsAre("same account", "another account", "late"));
  tasks.close();
}

TEST(AccountTasks, LetsGoOfATaskBeforeTheNextOfItsAccountRuns) {
  const auto held = std::make_shared<int>(1);
  std::latch done(1);
  long uses = 0;
  AccountTasks tasks(limits(16, 5), kClock);
  tasks.run(Kind::token, "p", "u", {[held] {}, kUnexpected});
  tasks.run(Kind::token, "p", "u",
            {[&] {
               uses = held.use_count();
               done.count_down();
             },
             kUnexpected});
  done.wait();
  EXPECT_EQ(uses, 1);
}

}  // namespace
}  // namespace authplane::authserver
