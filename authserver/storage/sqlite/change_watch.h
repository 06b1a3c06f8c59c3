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

// Notices that another process changed clients, resources or fronting links. Costs one atomic read per call
// and two tiny reads of the database every 50 ms.
class ChangeWatch {
 public:
  static constexpr std::chrono::milliseconds kInterval{50};

  // Run on the thread that polls.
  struct Listeners {
    std::function<void()> clients, resources, fronting_links;
  };

  // Throws SqliteFailure.
  ChangeWatch(const std::string& path, std::chrono::milliseconds busy_timeout, const Clock& clock,
              Listeners listeners);

  // Called before a cache is read. Throws SqliteFailure.
  void poll();

 private:
  struct Counters {
    std::int64_t clients = 0, resources = 0, fronting_links = 0;
  };
  Counters read_counters();

  const Clock& clock_;
  const Listeners listeners_;
  std::atomic<std::int64_t> next_poll_;  // steady clock ticks
  std::mutex polling_;                   // held by the one thread that polls; guards what follows
  Connection connection_;
  std::int64_t data_version_ = 0;
  Counters known_;
};

}  // namespace authplane::authserver::sqlite
