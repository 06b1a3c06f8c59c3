#include "authserver/storage/sqlite/writer.h"

#include <algorithm>
#include <iterator>

#include "authserver/storage/sqlite/failure.h"

namespace authplane::authserver::sqlite {

Writer::Writer(std::string path, std::unique_ptr<Connection> connection, std::size_t max_queued,
               Checkpointer* checkpointer, const Clock& clock, Logger& logger,
               std::function<void(const Changes&)> on_committed)
    : path_(std::move(path)),
      max_queued_(max_queued),
      checkpointer_(checkpointer),
      clock_(clock),
      logger_(logger),
      on_committed_(std::move(on_committed)),
      connection_(std::move(connection)),
      latest_(clock.steady_now()) {
  if (checkpointer_ != nullptr) checkpointer_->observe(*connection_);
  thread_ = std::thread([this] { run(); });
}

Writer::~Writer() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  work_there_.notify_one();
  thread_.join();
}

void Writer::start(IssuanceAppend& append) {
  append.mark_started();
  enqueue(Item{&append, nullptr});
}

bool Writer::enqueue(WriteJob& job) {
  return enqueue(Item{nullptr, &job});
}

bool Writer::enqueue(Item item) {
  bool wake = false;
  bool accepted = false;
  {
    MutexLock lock(mutex_);
    if (queue_.size() < max_queued_) {
      queue_.push_back(item);
      accepted = true;
      wake = waiting_;
    }
  }
  if (wake) work_there_.notify_one();
  if (!accepted) {
    complete(item,
             fail(DomainErrorCode::unavailable, "the storage is temporarily unavailable",
                  "database " + path_ + ": " + std::to_string(max_queued_) + " writes are waiting already"));
  }
  return accepted;
}

Outcome<void> Writer::check() {
  Outcome<void> latest;
  bool is_due = false;
  {
    MutexLock lock(mutex_);
    if (failure_) latest = Err(*failure_);
    is_due = !trial_queued_ && clock_.steady_now() - latest_ >= kTrialInterval;
    if (is_due) trial_queued_ = true;
  }
  if (is_due) enqueue(trial_);
  return latest;
}

// The number is not used and stays 0; setting it writes a page of the file all the same.
Outcome<void> Writer::Trial::run(WriteContext& context) {
  context.query("PRAGMA user_version = 0").run();
  return {};
}

void Writer::Trial::complete(Outcome<void>) {
  MutexLock lock(writer_.mutex_);
  writer_.trial_queued_ = false;
}

void Writer::remember(std::optional<DomainError> failure) {
  MutexLock lock(mutex_);
  failure_ = std::move(failure);
  latest_ = clock_.steady_now();
}

void Writer::complete(const Item& item, Outcome<void> outcome) {
  if (item.append != nullptr) {
    item.append->complete(std::move(outcome));
  } else {
    item.job->complete(std::move(outcome));
  }
}

void Writer::run() {
  std::vector<Item> batch;
  std::vector<Outcome<void>> outcomes;
  while (true) {
    batch.clear();
    {
      MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) {
        waiting_ = true;
        lock.wait(work_there_);
      }
      waiting_ = false;
      if (queue_.empty()) return;
      if (queue_.size() <= kMaxBatch) {
        batch.swap(queue_);
      } else {
        const auto end = queue_.begin() + kMaxBatch;
        batch.assign(queue_.begin(), end);
        queue_.erase(queue_.begin(), end);
      }
    }
    commit(batch, outcomes);
    for (std::size_t i = 0; i < batch.size(); ++i) complete(batch[i], std::move(outcomes[i]));
  }
}

void Writer::commit(const std::vector<Item>& batch, std::vector<Outcome<void>>& outcomes) {
  outcomes.assign(batch.size(), Outcome<void>());
  Changes changes;
  try {
    // While this is held the checkpointer does not start the log over.
    std::optional<MutexLock> gate;
    if (checkpointer_ != nullptr) gate.emplace(checkpointer_->gate());
    connection_->run("BEGIN IMMEDIATE");
    notice_other_writers();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Item& item = batch[i];
      outcomes[i] =
          item.append != nullptr ? issuances_.insert(item.append->issuance()) : run_job(*item.job, changes);
    }
    connection_->run("COMMIT");
  } catch (const SqliteFailure& failure) {
    connection_->abandon_transaction();
    issuances_.forget_all();
    const DomainError error = to_domain_error(failure, path_);
    logger_.error("storage write failed", {{"writes_refused", batch.size()},
                                           {"sqlite_code", failure.extended_code()},
                                           {"cause", error.detail}});
    if (!failure.is_constraint()) remember(error);  // else it is about rows, and not about the file
    outcomes.assign(batch.size(), Err(error));
    return;
  }
  remember(std::nullopt);
  if (changes.any()) on_committed_(changes);
}

Outcome<void> Writer::run_job(WriteJob& job, Changes& changes) {
  WriteContext context(*connection_, issuances_, changes);
  const bool needs_savepoint = !job.undoes_itself();
  if (needs_savepoint) connection_->run("SAVEPOINT job");
  Outcome<void> outcome;
  try {
    outcome = job.run(context);
  } catch (const SqliteFailure& failure) {
    // A refused row is this job's own affair; anything else concerns the whole transaction.
    if (!failure.is_constraint()) throw;
    outcome = Err(to_domain_error(failure, path_));
  }
  if (needs_savepoint) {
    if (!outcome) connection_->run("ROLLBACK TO job");
    connection_->run("RELEASE job");
  }
  return outcome;
}

// What this thread remembers of the tables holds until another connection commits to the file. Inside the
// transaction nobody else can.
void Writer::notice_other_writers() {
  Query query = connection_->query("PRAGMA data_version");
  query.step();
  const std::int64_t version = query.integer(0);
  if (version == data_version_) return;
  data_version_ = version;
  issuances_.others_wrote();
}

}  // namespace authplane::authserver::sqlite
