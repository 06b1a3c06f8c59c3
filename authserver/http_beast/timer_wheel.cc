#include "authserver/http_beast/timer_wheel.h"

#include <algorithm>

namespace authplane::http_beast {

void TimerEntry::unlink() {
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = next_ = nullptr;
}

void TimerEntry::link_before(TimerEntry& head) {
  previous_ = head.previous_;
  next_ = &head;
  previous_->next_ = this;
  head.previous_ = this;
}

void TimerWheel::wake_by(TimerEntry& entry, SteadyTime time) {
  const std::uint64_t tick = std::clamp(tick_at(time) + 1, current_ + 1, current_ + kSlots - 1);
  if (entry.linked()) {
    if (entry.tick_ <= tick) return;
    cancel(entry);
  }
  entry.tick_ = tick;
  entry.link_before(slots_[tick % kSlots]);
  ++size_;
}

void TimerWheel::cancel(TimerEntry& entry) {
  if (!entry.linked()) return;
  entry.unlink();
  --size_;
}

void TimerWheel::take_all(TimerEntry& from, TimerEntry& to) {
  if (from.next_ == &from) return;
  to.next_ = from.next_;
  to.previous_ = from.previous_;
  to.next_->previous_ = &to;
  to.previous_->next_ = &to;
  from.previous_ = from.next_ = &from;
}

}  // namespace authplane::http_beast
