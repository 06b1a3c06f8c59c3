#include "authserver/broker/account_tasks.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace authplane::authserver {

void AccountTasks::run(const std::string& provider_id, const std::string& user_id, Task task) {
  if (!add(provider_id, user_id, task)) task.refuse();
}

bool AccountTasks::add(const std::string& provider_id, const std::string& user_id, Task& task) {
  const MutexLock lock(mutex_);
  if (closed_ || waiting_ >= limits_.waiting || !has_thread()) return false;
  const auto [account, is_new] = accounts_.try_emplace(provider_id + ':' + user_id);
  account->second.provider_id = provider_id;
  account->second.tasks.push_back(std::move(task));
  ++waiting_;
  if (is_new) ready_.push_back(account);
  wake_.notify_one();
  return true;
}

bool AccountTasks::has_thread() {
  if (ready_.size() < idle_ || threads_.size() >= limits_.threads) return true;
  try {
    threads_.emplace_back([this] {
      Accounts::iterator account;
      Task task;
      while (take(account, task)) {
        task.run();
        task = {};
        finished(account);
      }
    });
  } catch (const std::system_error&) {  // no thread to be had
    return !threads_.empty();
  }
  return true;
}

bool AccountTasks::take(Accounts::iterator& account, Task& task) {
  MutexLock lock(mutex_);
  auto next = first_ready();
  while (next == ready_.end() && !closed_) {
    ++idle_;
    lock.wait(wake_);
    --idle_;
    next = first_ready();
  }
  if (next == ready_.end()) return false;
  account = *next;
  ready_.erase(next);
  task = std::move(account->second.tasks.front());
  account->second.tasks.pop_front();
  --waiting_;
  ++running_[account->second.provider_id];
  return true;
}

std::deque<AccountTasks::Accounts::iterator>::iterator AccountTasks::first_ready() {
  for (auto account = ready_.begin(); account != ready_.end(); ++account) {
    const auto running = running_.find((*account)->second.provider_id);
    if (running == running_.end() || running->second < limits_.per_provider) return account;
  }
  return ready_.end();
}

void AccountTasks::finished(Accounts::iterator account) {
  const MutexLock lock(mutex_);
  const auto running = running_.find(account->second.provider_id);
  if (--running->second == 0) running_.erase(running);
  if (account->second.tasks.empty()) {
    accounts_.erase(account);
  } else {
    ready_.push_back(account);
  }
  if (!ready_.empty()) wake_.notify_all();
}

void AccountTasks::close() {
  std::vector<Task> refused;
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    closed_ = true;
    for (const Accounts::iterator account : ready_) {
      std::move(account->second.tasks.begin(), account->second.tasks.end(), std::back_inserter(refused));
      accounts_.erase(account);
    }
    ready_.clear();
    for (auto& [key, account] : accounts_) {  // those that run
      std::move(account.tasks.begin(), account.tasks.end(), std::back_inserter(refused));
      account.tasks.clear();
    }
    waiting_ = 0;
    threads.swap(threads_);
    wake_.notify_all();
  }
  for (const Task& task : refused) task.refuse();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace authplane::authserver
