#include "authserver/http_beast/timer_wheel.h"

#include <gtest/gtest.h>

#include <vector>

namespace authplane::http_beast {
namespace {

using std::chrono::milliseconds;

struct Entry : TimerEntry {};

class TimerWheelTest : public ::testing::Test {
 protected:
  int fired_by(milliseconds time) {
    int fired = 0;
    wheel_.advance(start_ + time, [&](TimerEntry&) { ++fired; });
    return fired;
  }

  const SteadyTime start_ = SteadyTime(std::chrono::hours(1));
  TimerWheel wheel_{milliseconds(10), start_};
};

TEST_F(TimerWheelTest, FiresAtMostOneTickLateAndNotBefore) {
  Entry entry;
  wheel_.wake_by(entry, start_ + milliseconds(25));
  EXPECT_EQ(fired_by(milliseconds(25)), 0);
  EXPECT_EQ(fired_by(milliseconds(35)), 1);
  EXPECT_TRUE(wheel_.empty());
}

TEST_F(TimerWheelTest, AnEarlierWakeUpStays) {
  Entry entry;
  wheel_.wake_by(entry, start_ + milliseconds(20));
  wheel_.wake_by(entry, start_ + milliseconds(500));
  EXPECT_EQ(fired_by(milliseconds(30)), 1);
}

TEST_F(TimerWheelTest, CanBeMovedForward) {
  Entry entry;
  wheel_.wake_by(entry, start_ + milliseconds(500));
  wheel_.wake_by(entry, start_ + milliseconds(20));
  EXPECT_EQ(fired_by(milliseconds(30)), 1);
  EXPECT_EQ(fired_by(milliseconds(600)), 0);
}

TEST_F(TimerWheelTest, CancelledEntriesDoNotFire) {
  Entry entry;
  wheel_.wake_by(entry, start_ + milliseconds(20));
  wheel_.cancel(entry);
  wheel_.cancel(entry);
  EXPECT_EQ(fired_by(milliseconds(1000)), 0);
}

TEST_F(TimerWheelTest, BeyondOneTurnFiresEarlyForTheOwnerToCheck) {
  Entry entry;
  const SteadyTime deadline = start_ + milliseconds(10'000);
  wheel_.wake_by(entry, deadline);
  int early = 0;
  bool on_time = false;
  for (milliseconds now{0}; now <= milliseconds(10'020); now += milliseconds(10)) {
    wheel_.advance(start_ + now, [&](TimerEntry& due) {
      if (start_ + now < deadline) {
        ++early;
        wheel_.wake_by(due, deadline);
      } else {
        on_time = true;
      }
    });
  }
  EXPECT_TRUE(on_time);
  EXPECT_LE(early, 4);
}

TEST_F(TimerWheelTest, FiresEverythingAfterALongPause) {
  std::vector<Entry> entries(300);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    wheel_.wake_by(entries[i], start_ + milliseconds(10) * static_cast<int>(i));
  }
  EXPECT_EQ(fired_by(milliseconds(100'000)), 300);
}

TEST_F(TimerWheelTest, AFiredEntryMayCancelAnotherOfItsSlot) {
  Entry first;
  Entry second;
  wheel_.wake_by(first, start_ + milliseconds(20));
  wheel_.wake_by(second, start_ + milliseconds(20));
  int fired = 0;
  wheel_.advance(start_ + milliseconds(50), [&](TimerEntry& due) {
    ++fired;
    wheel_.cancel(&due == &first ? second : first);
  });
  EXPECT_EQ(fired, 1);
  EXPECT_TRUE(wheel_.empty());
}

}  // namespace
}  // namespace authplane::http_beast
