#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/mutex.h>

namespace authplane::authserver {

// Runs tasks that may take long on a few threads of its own: those about one account one after the other,
// others side by side. Neither an account nor a provider gets more than its share of threads and places, so
// that a slow one leaves some for the others. Thread-safe.
class AccountTasks {
 public:
  // Each kind has places of its own. Connections and revocations overtake tokens, and otherwise it is first
  // come, first served.
  enum class Kind { token, connection, revocation };
  static constexpr std::size_t kKinds = 3;

  // How many tasks may wait or run.
  struct Places {
    std::size_t in_all;
    std::size_t of_provider;
    std::size_t of_account;
  };
  struct Limits {
    std::size_t threads = 16;      // started when they are needed
    std::size_t per_provider = 5;  // of them at most for one provider
    std::array<Places, kKinds> places = {{{1'000, 200, 32}, {64, 16, 4}, {200, 50, 4}}};  // by Kind
    std::chrono::seconds patience{30};  // to begin; revocations, for which nobody waits, have no limit
  };
  struct Task {
    std::function<void()> run;  // must not throw
    // Called instead when the time is over or the object is closed before the turn has come.
    std::function<void()> refuse;
  };

  // A place for one task of an account, held until the last copy goes. Must not outlive the object.
  class Seat;
  using Place = std::shared_ptr<const Seat>;

  AccountTasks(const Limits& limits, const Clock& clock) : limits_(limits), clock_(clock) {}
  ~AccountTasks() { close(); }
  AccountTasks(const AccountTasks&) = delete;
  AccountTasks& operator=(const AccountTasks&) = delete;

  // null: all are taken, or after close().
  Place reserve(Kind kind, const std::string& provider_id, const std::string& user_id)
      AUTHPLANE_EXCLUDES(mutex_);
  // Calls `task.refuse` before it returns when there is no place or no thread, or after close().
  void run(Place place, Task task) AUTHPLANE_EXCLUDES(mutex_);
  void run(Kind kind, const std::string& provider_id, const std::string& user_id, Task task) {
    run(reserve(kind, provider_id, user_id), std::move(task));
  }
  // Refuses what has not begun and waits for the rest. Must not be called by a task.
  void close() AUTHPLANE_EXCLUDES(mutex_);

 private:
  struct Waiting {
    Place place;
    Task task;
    SteadyTime deadline;
  };
  struct Account {
    std::string provider_id;
    std::deque<Waiting> tasks;
  };
  using Accounts = std::map<std::string, Account>;
  using Ready = std::deque<Accounts::iterator>;
  // What a thread is to do: refuse some, or run one.
  struct Turn {
    std::vector<Waiting> expired;
    std::optional<Waiting> next;
    Accounts::iterator account;  // of `next`
  };
  struct Taken {
    std::size_t in_all = 0;
    std::map<std::string, std::size_t> of_provider, of_account;
  };

  void leave(const Seat& seat) AUTHPLANE_EXCLUDES(mutex_);
  bool add(Place& place, Task& task) AUTHPLANE_EXCLUDES(mutex_);
  bool has_thread() AUTHPLANE_REQUIRES(mutex_);
  void work() AUTHPLANE_EXCLUDES(mutex_);
  // Waits for something to do; false: the object is closed.
  bool take(Turn& turn) AUTHPLANE_EXCLUDES(mutex_);
  void take_expired(std::vector<Waiting>& expired) AUTHPLANE_REQUIRES(mutex_);
  Ready::iterator first_ready() AUTHPLANE_REQUIRES(mutex_);
  void finished(Accounts::iterator account) AUTHPLANE_EXCLUDES(mutex_);

  const Limits limits_;
  const Clock& clock_;
  Mutex mutex_;
  std::condition_variable wake_;
  std::array<Taken, kKinds> taken_ AUTHPLANE_GUARDED_BY(mutex_);  // by Kind
  Accounts accounts_ AUTHPLANE_GUARDED_BY(mutex_);                // with tasks that wait or run
  Ready ready_ AUTHPLANE_GUARDED_BY(mutex_);                      // with tasks, none of them running
  std::map<std::string, std::size_t> running_ AUTHPLANE_GUARDED_BY(mutex_);  // by provider
  std::size_t waiting_ AUTHPLANE_GUARDED_BY(mutex_) = 0;
  std::size_t idle_ AUTHPLANE_GUARDED_BY(mutex_) = 0;
  bool closed_ AUTHPLANE_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_ AUTHPLANE_GUARDED_BY(mutex_);
};

class AccountTasks::Seat {
 public:
  Seat(Kind kind, std::string provider_id, const std::string& user_id)
      : kind_(kind), provider_id_(std::move(provider_id)), account_(provider_id_ + ':' + user_id) {}
  ~Seat() {
    if (tasks_ != nullptr) tasks_->leave(*this);
  }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

 private:
  friend class AccountTasks;
  const Kind kind_;
  const std::string provider_id_;
  const std::string account_;
  AccountTasks* tasks_ = nullptr;  // null: it was not counted
};

}  // namespace authplane::authserver
