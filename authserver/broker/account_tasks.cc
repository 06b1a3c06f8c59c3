#include "authserver/broker/account_tasks.h"

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

namespace authplane::authserver {
namespace {

// How often a thread that has nothing else to do looks for tasks whose time is over.
constexpr std::chrono::milliseconds kTick{500};

void count_down(std::map<std::string, std::size_t>& counts, const std::string& key) {
  const auto count = counts.find(key);
  if (--count->second == 0) counts.erase(count);
}

}  // namespace

AccountTasks::Place AccountTasks::reserve(Kind kind, const std::string& provider_id,
                                          const std::string& user_id) {
  const auto seat = std::make_shared<Seat>(kind, provider_id, user_id);
  const Places& places = limits_.places[static_cast<std::size_t>(kind)];
  const MutexLock lock(mutex_);
  Taken& taken = taken_[static_cast<std::size_t>(kind)];
  const auto is_full = [](const auto& counts, const std::string& key, std::size_t limit) {
    const auto count = counts.find(key);
    return (count == counts.end() ? 0 : count->second) >= limit;
  };
  if (closed_ || taken.in_all >= places.in_all ||
      is_full(taken.of_provider, seat->provider_id_, places.of_provider) ||
      is_full(taken.of_account, seat->account_, places.of_account)) {
    return nullptr;
  }
  ++taken.in_all;
  ++taken.of_provider[seat->provider_id_];
  ++taken.of_account[seat->account_];
  seat->tasks_ = this;
  return seat;
}

void AccountTasks::leave(const Seat& seat) {
  const MutexLock lock(mutex_);
  Taken& taken = taken_[static_cast<std::size_t>(seat.kind_)];
  --taken.in_all;
  count_down(taken.of_provider, seat.provider_id_);
  count_down(taken.of_account, seat.account_);
}

void AccountTasks::run(Place place, Task task) {
  if (place == nullptr || !add(place, task)) task.refuse();
}

bool AccountTasks::add(Place& place, Task& task) {
  const MutexLock lock(mutex_);
  if (closed_ || !has_thread()) return false;
  const auto [account, is_new] = accounts_.try_emplace(place->account_);
  account->second.provider_id = place->provider_id_;
  std::deque<Waiting>& tasks = account->second.tasks;
  const bool overtakes = place->kind_ != Kind::token;
  const SteadyTime deadline = place->kind_ == Kind::revocation
                                  ? SteadyTime::max()
                                  : SteadyTime(clock_.steady_now() + limits_.patience);
  const auto turn = overtakes ? std::find_if(tasks.begin(), tasks.end(),
                                             [](const Waiting& w) { return w.place->kind_ == Kind::token; })
                              : tasks.end();
  tasks.insert(turn, {std::move(place), std::move(task), deadline});
  ++waiting_;
  if (is_new) ready_.push_back(account);
  wake_.notify_one();
  return true;
}

bool AccountTasks::has_thread() {
  if (ready_.size() < idle_ || threads_.size() >= limits_.threads) return true;
  try {
    threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {  // no thread to be had
    return !threads_.empty();
  }
  return true;
}

void AccountTasks::work() {
  for (Turn turn; take(turn); turn = {}) {
    for (const Waiting& late : turn.expired) late.task.refuse();
    if (!turn.next) continue;
    turn.next->task.run();
    turn.next.reset();
    finished(turn.account);
  }
}

bool AccountTasks::take(Turn& turn) {
  MutexLock lock(mutex_);
  while (!closed_) {
    take_expired(turn.expired);
    if (!turn.expired.empty()) return true;
    if (const auto next = first_ready(); next != ready_.end()) {
      turn.account = *next;
      ready_.erase(next);
      turn.next = std::move(turn.account->second.tasks.front());
      turn.account->second.tasks.pop_front();
      --waiting_;
      ++running_[turn.account->second.provider_id];
      return true;
    }
    ++idle_;
    if (waiting_ == 0) {
      lock.wait(wake_);
    } else {
      lock.wait_until(wake_, std::chrono::steady_clock::now() + kTick);
    }
    --idle_;
  }
  return false;
}

void AccountTasks::take_expired(std::vector<Waiting>& expired) {
  if (waiting_ == 0) return;
  const SteadyTime now = clock_.steady_now();
  for (auto& [key, account] : accounts_) {
    const auto late = std::stable_partition(account.tasks.begin(), account.tasks.end(),
                                            [now](const Waiting& task) { return task.deadline > now; });
    waiting_ -= static_cast<std::size_t>(account.tasks.end() - late);
    std::move(late, account.tasks.end(), std::back_inserter(expired));
    account.tasks.erase(late, account.tasks.end());
  }
  if (expired.empty()) return;
  const auto gone = std::stable_partition(ready_.begin(), ready_.end(), [](Accounts::iterator account) {
    return !account->second.tasks.empty();
  });
  for (auto account = gone; account != ready_.end(); ++account) accounts_.erase(*account);
  ready_.erase(gone, ready_.end());
}

AccountTasks::Ready::iterator AccountTasks::first_ready() {
  auto first = ready_.end();
  for (auto account = ready_.begin(); account != ready_.end(); ++account) {
    const auto running = running_.find((*account)->second.provider_id);
    if (running != running_.end() && running->second >= limits_.per_provider) continue;
    if ((*account)->second.tasks.front().place->kind_ != Kind::token) return account;
    if (first == ready_.end()) first = account;
  }
  return first;
}

void AccountTasks::finished(Accounts::iterator account) {
  const MutexLock lock(mutex_);
  count_down(running_, account->second.provider_id);
  if (account->second.tasks.empty()) {
    accounts_.erase(account);
  } else {
    ready_.push_back(account);
  }
  if (!ready_.empty()) wake_.notify_all();
}

void AccountTasks::close() {
  std::vector<Waiting> refused;
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
  for (const Waiting& waiting : refused) waiting.task.refuse();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace authplane::authserver
