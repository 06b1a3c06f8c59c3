#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <authplane/base/mutex.h>

namespace authplane::authserver {

// Runs tasks that may take long on a few threads of its own: those about one account one after the other in
// the order they came, others side by side. No provider has all threads, so that a slow one leaves some for
// the others. Thread-safe.
class AccountTasks {
 public:
  struct Limits {
    std::size_t threads = 16;       // started when they are needed
    std::size_t per_provider = 12;  // of them at most for one provider
    std::size_t waiting = 1'000;    // tasks that have not begun
  };
  struct Task {
    std::function<void()> run;     // must not throw
    std::function<void()> refuse;  // called instead when the object is closed before the turn has come
  };

  explicit AccountTasks(const Limits& limits) : limits_(limits) {}
  ~AccountTasks() { close(); }
  AccountTasks(const AccountTasks&) = delete;
  AccountTasks& operator=(const AccountTasks&) = delete;

  // Calls `task.refuse` before it returns when too many tasks wait, no thread is to be had, or after close().
  void run(const std::string& provider_id, const std::string& user_id, Task task) AUTHPLANE_EXCLUDES(mutex_);
  // Refuses what has not begun and waits for the rest. Must not be called by a task.
  void close() AUTHPLANE_EXCLUDES(mutex_);

 private:
  struct Account {
    std::string provider_id;
    std::deque<Task> tasks;
  };
  using Accounts = std::map<std::string, Account>;

  bool add(const std::string& provider_id, const std::string& user_id, Task& task) AUTHPLANE_EXCLUDES(mutex_);
  bool has_thread() AUTHPLANE_REQUIRES(mutex_);
  // Waits for a task; false: the object is closed.
  bool take(Accounts::iterator& account, Task& task) AUTHPLANE_EXCLUDES(mutex_);
  void finished(Accounts::iterator account) AUTHPLANE_EXCLUDES(mutex_);
  std::deque<Accounts::iterator>::iterator first_ready() AUTHPLANE_REQUIRES(mutex_);

  const Limits limits_;
  Mutex mutex_;
  std::condition_variable wake_;
  Accounts accounts_ AUTHPLANE_GUARDED_BY(mutex_);                     // with tasks that wait or run
  std::deque<Accounts::iterator> ready_ AUTHPLANE_GUARDED_BY(mutex_);  // with tasks, none of them running
  std::map<std::string, std::size_t> running_ AUTHPLANE_GUARDED_BY(mutex_);  // by provider
  std::size_t waiting_ AUTHPLANE_GUARDED_BY(mutex_) = 0;
  std::size_t idle_ AUTHPLANE_GUARDED_BY(mutex_) = 0;
  bool closed_ AUTHPLANE_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_ AUTHPLANE_GUARDED_BY(mutex_);
};

}  // namespace authplane::authserver
