#include "authserver/cli/periodic_task.h"

#include <utility>

namespace authplane::authserver::cli {

PeriodicTask::PeriodicTask(std::chrono::milliseconds every, std::function<void()> work)
    : every_(every), work_(std::move(work)), thread_([this] { run(); }) {}

PeriodicTask::~PeriodicTask() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void PeriodicTask::run() {
  while (wait_for_turn()) work_();
}

// False when it is time to stop.
bool PeriodicTask::wait_for_turn() {
  const auto turn = std::chrono::steady_clock::now() + every_;
  MutexLock lock(mutex_);
  while (!stopping_ && std::chrono::steady_clock::now() < turn) lock.wait_until(wake_, turn);
  return !stopping_;
}

}  // namespace authplane::authserver::cli
