#include "authserver/http/code_turns.h"

#include <utility>

namespace authplane::authserver {

std::shared_ptr<const void> CodeTurns::enter(const TokenHash& code) {
  std::shared_ptr<std::latch> done;
  {
    const MutexLock lock(state_->mutex);
    auto [entry, is_first] = state_->first.try_emplace(code);
    if (is_first) entry->second = std::make_shared<std::latch>(1);
    done = entry->second;
    if (is_first) {
      // The turn may outlive the object that gave it.
      return {done.get(), [state = state_, code, done](const void*) {
                {
                  const MutexLock relock(state->mutex);
                  state->first.erase(code);
                }
                done->count_down();
              }};
    }
  }
  done->wait();
  return nullptr;
}

}  // namespace authplane::authserver
