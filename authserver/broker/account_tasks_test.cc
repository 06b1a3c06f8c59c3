#include "authserver/broker/account_tasks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <mutex>
#include <set>

namespace authplane::authserver {
namespace {

using ::testing::ElementsAre;

const auto kNothing = [] {};
const auto kUnexpected = [] { ADD_FAILURE() << "refused"; };

TEST(AccountTasks, OneAccountHasOneTurnAtATimeInOrder) {
  std::vector<int> order;
  std::atomic<int> running = 0;
  {
    std::latch all(100);
    AccountTasks tasks({});  // last, here and below: its threads use what is above
    for (int i = 0; i < 100; ++i) {
      tasks.run("p", "u",
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
  AccountTasks tasks({.threads = 4, .per_provider = 4, .waiting = 10});
  for (const char* user : {"a", "b", "c", "d"}) {
    tasks.run("p", user,
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
  AccountTasks tasks({.threads = 3, .per_provider = 2, .waiting = 10});
  for (const char* user : {"a", "b", "c", "d"}) {
    tasks.run("slow", user,
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
    tasks.run("other", user, {[&] { other_done.count_down(); }, kUnexpected});
  other_done.wait();
  EXPECT_EQ(most, 2);
  slow.count_down();
  slow_done.wait();
}

TEST(AccountTasks, RefusesWhenTooManyWait) {
  std::latch begun(1), go(1), done(3), again(1);
  AccountTasks tasks({.threads = 1, .per_provider = 1, .waiting = 2});
  tasks.run("p", "u",
            {[&] {
               begun.count_down();
               go.wait();
               done.count_down();
             },
             kUnexpected});
  begun.wait();
  bool refused = false;
  for (int i = 0; i < 2; ++i) tasks.run("p", "u", {[&] { done.count_down(); }, kUnexpected});
  tasks.run("p", "v", {[] { ADD_FAILURE() << "ran"; }, [&] { refused = true; }});
  EXPECT_TRUE(refused);
  go.count_down();
  done.wait();
  tasks.run("p", "v", {[&] { again.count_down(); }, kUnexpected});
  again.wait();
}

TEST(AccountTasks, ClosingRefusesWhatWaitsAndLaterOnes) {
  std::latch begun(1), go(1);
  std::vector<std::string> refused;
  const auto note = [&](const char* what) { return [&refused, what] { refused.push_back(what); }; };
  std::atomic<bool> ended = false;
  AccountTasks tasks({.threads = 1, .per_provider = 1, .waiting = 10});
  tasks.run("p", "u",
            {[&] {
               begun.count_down();
               go.wait();
               ended = true;
             },
             kUnexpected});
  begun.wait();
  tasks.run("p", "u", {kNothing, note("same account")});
  tasks.run("p", "v", {kNothing, note("another account")});
  std::jthread opener([&] { go.count_down(); });
  tasks.close();
  EXPECT_TRUE(ended);
  tasks.run("p", "w", {kNothing, note("late")});
  EXPECT_THAT(refused, ::testing::UnorderedElementsAre("same account", "another account", "late"));
  tasks.close();
}

TEST(AccountTasks, LetsGoOfATaskBeforeTheNextOfItsAccountRuns) {
  const auto held = std::make_shared<int>(1);
  std::latch done(1);
  long uses = 0;
  AccountTasks tasks({});
  tasks.run("p", "u", {[held] {}, kUnexpected});
  tasks.run("p", "u",
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
