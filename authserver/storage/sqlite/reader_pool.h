#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <authplane/base/mutex.h>

#include "authserver/storage/sqlite/connection.h"
#include "authserver/storage/sqlite/failure.h"

namespace authplane::authserver::sqlite {

// Read-only connections, one per thread that reads at the same moment; the pool grows to that number.
// Thread-safe.
class ReaderPool {
 public:
  ReaderPool(std::string path, std::chrono::milliseconds busy_timeout)
      : path_(std::move(path)), busy_timeout_(busy_timeout) {}

  // Runs `work(Connection&)`, which answers an Outcome and may throw SqliteFailure.
  template <class Work>
  auto read(Work work) -> decltype(work(std::declval<Connection&>())) {
    try {
      std::unique_ptr<Connection> connection = take();
      auto outcome = work(*connection);
      give_back(std::move(connection));
      return outcome;
    } catch (const SqliteFailure& failure) {
      return Err(to_domain_error(failure, path_));
    }
  }

  // The same inside one read transaction, so that all statements see one state.
  template <class Work>
  auto read_snapshot(Work work) -> decltype(work(std::declval<Connection&>())) {
    return read([&](Connection& connection) {
      connection.run("BEGIN");
      auto outcome = work(connection);
      connection.run("COMMIT");
      return outcome;
    });
  }

 private:
  std::unique_ptr<Connection> take() {
    {
      MutexLock lock(mutex_);
      if (!idle_.empty()) {
        auto connection = std::move(idle_.back());
        idle_.pop_back();
        return connection;
      }
    }
    return std::make_unique<Connection>(path_, Access::read_only, busy_timeout_);
  }

  void give_back(std::unique_ptr<Connection> connection) {
    MutexLock lock(mutex_);
    idle_.push_back(std::move(connection));
  }

  const std::string path_;
  const std::chrono::milliseconds busy_timeout_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_ AUTHPLANE_GUARDED_BY(mutex_);
};

}  // namespace authplane::authserver::sqlite
