#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include <authplane/base/clock.h>

#include "authserver/storage/sqlite/connection.h"

namespace authplane::authserver::sqlite {

// Notices that another process changed clients or resources. Costs one atomic read per call and two tiny
// reads of the database every 50 ms.
class ChangeWatch {
 public:
  static constexpr std::chrono::milliseconds kInterval{50};

  // `on_clients` and `on_resources` run on the thread that polls. Throws SqliteFailure.
  ChangeWatch(const std::string& path, std::chrono::milliseconds busy_timeout, const Clock& clock,
              std::function<void()> on_clients, std::function<void()> on_resources);

  // Called before a cache is read. Throws SqliteFailure.
  void poll();

 private:
  struct Counters {
    std::int64_t clients = 0, resources = 0;
  };
  Counters read_counters();

  const Clock& clock_;
  const std::function<void()> on_clients_, on_resources_;
  std::atomic<std::int64_t> next_poll_;  // steady clock ticks
  std::mutex polling_;                   // held by the one thread that polls; guards what follows
  Connection connection_;
  std::int64_t data_version_ = 0;
  Counters known_;
};

}  // namespace authplane::authserver::sqlite
