#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <authplane/base/clock.h>

namespace authplane::http_beast {

// An entry of a TimerWheel; derive from it. Must be cancelled before it is destroyed.
class TimerEntry {
 public:
  TimerEntry() = default;
  TimerEntry(const TimerEntry&) = delete;
  TimerEntry& operator=(const TimerEntry&) = delete;

 private:
  friend class TimerWheel;
  bool linked() const { return next_ != nullptr; }
  void unlink();
  void link_before(TimerEntry& head);

  TimerEntry* previous_ = nullptr;
  TimerEntry* next_ = nullptr;
  std::uint64_t tick_ = 0;
};

// A coarse wheel of wake-ups for many connections: schedule and cancel are a few pointer writes, an idle
// entry costs nothing until its slot comes up. An entry never fires later than one tick after its time, but
// may fire early (its time lies beyond the wheel, or was postponed without telling the wheel): the owner
// checks its own deadline and schedules again. One thread.
class TimerWheel {
 public:
  TimerWheel(std::chrono::milliseconds tick, SteadyTime now) : tick_(tick), origin_(now) {
    for (TimerEntry& slot : slots_) slot.previous_ = slot.next_ = &slot;
  }

  // Makes the entry fire no later than `time` (rounded up to a tick); an earlier wake-up already set stays.
  void wake_by(TimerEntry& entry, SteadyTime time);
  void cancel(TimerEntry& entry);

  // Removes every entry whose slot has come and calls fired(entry) for each, which may schedule or cancel any
  // entry.
  template <class Fired>
  void advance(SteadyTime now, Fired fired) {
    const std::uint64_t target = tick_at(now);
    // After a pause longer than one turn every slot has come up, once.
    if (target > current_ + kSlots) current_ = target - kSlots;
    while (current_ < target) {
      ++current_;
      TimerEntry due;  // a list head of its own: rescheduled entries may land in the same slot
      due.previous_ = due.next_ = &due;
      take_all(slots_[current_ % kSlots], due);
      while (due.next_ != &due) {
        TimerEntry& entry = *due.next_;
        cancel(entry);
        fired(entry);
      }
    }
  }

  bool empty() const { return size_ == 0; }
  std::chrono::milliseconds tick() const { return tick_; }

 private:
  static constexpr std::size_t kSlots = 256;

  std::uint64_t tick_at(SteadyTime time) const {
    return time <= origin_ ? 0 : static_cast<std::uint64_t>((time - origin_) / tick_);
  }
  static void take_all(TimerEntry& from, TimerEntry& to);

  std::chrono::milliseconds tick_;
  SteadyTime origin_;
  std::uint64_t current_ = 0;  // slots up to this tick have fired
  std::size_t size_ = 0;
  std::array<TimerEntry, kSlots> slots_;
};

}  // namespace authplane::http_beast
