#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/log.h>
#include <authplane/base/mutex.h>

#include "authserver/domain/errors.h"
#include "authserver/domain/issuance_store.h"
#include "authserver/storage/sqlite/checkpointer.h"
#include "authserver/storage/sqlite/connection.h"
#include "authserver/storage/sqlite/issuance_writer.h"

namespace authplane::authserver::sqlite {

// What a write changed of the things other threads keep copies of.
struct Changes {
  std::vector<std::string> clients;
  bool resources = false;
  bool fronting_links = false;
  bool any() const { return !clients.empty() || resources || fronting_links; }
};

// What a write works with. Whatever it does is undone when it answers an error.
class WriteContext {
 public:
  WriteContext(Connection& connection, IssuanceWriter& issuances, Changes& changes)
      : connection_(connection), issuances_(issuances), changes_(changes) {}

  Query query(Sql sql) { return connection_.query(sql); }
  std::int64_t rows_changed() const { return connection_.rows_changed(); }
  void insert(const AuditEvent& event) { issuances_.insert(event); }
  // Nothing of the write may fail after it: what it notes in memory is not undone.
  Outcome<void> insert(const NewIssuance& issuance) { return issuances_.insert(issuance); }
  Families& families() { return issuances_.families(); }
  // To be called by every write that touches such a row.
  void changed_client(std::string_view id) {
    issuances_.forget_client(id);
    changes_.clients.emplace_back(id);
  }
  void changed_resource(std::string_view id) {
    issuances_.forget_resource(id);
    changes_.resources = true;
  }
  void changed_fronting_link() { changes_.fronting_links = true; }

 private:
  Connection& connection_;
  IssuanceWriter& issuances_;
  Changes& changes_;
};

// A queued write.
class WriteJob {
 public:
  virtual ~WriteJob() = default;
  // True when run() leaves nothing behind where it fails; saves the savepoint that otherwise sees to it.
  virtual bool undoes_itself() const { return false; }
  // On the committing thread. May throw SqliteFailure.
  virtual Outcome<void> run(WriteContext& context) = 0;
  // On the committing thread, exactly once, after the commit or instead of it. The job may be gone when it
  // returns.
  virtual void complete(Outcome<void> outcome) = 0;
};

// The one thread of this process that writes. It takes everything that waits, puts it into one transaction,
// makes that durable with one fsync, and only then reports to those who wait. A write that fails is undone
// alone.
class Writer {
 public:
  // With nothing else to write, a write is tried once in this time, and only when somebody asks check().
  static constexpr std::chrono::seconds kTrialInterval{1};

  // `on_committed` runs before anybody is told of a commit that changed something.
  Writer(std::string path, std::unique_ptr<Connection> connection, std::size_t max_queued,
         Checkpointer* checkpointer, const Clock& clock, Logger& logger,
         std::function<void(const Changes&)> on_committed);
  // Finishes what is queued.
  ~Writer();

  void start(IssuanceAppend& append);
  // The job stays alive until complete(). False: refused because too much is waiting, and complete() was
  // called.
  bool enqueue(WriteJob& job);
  // Whether the latest transaction could be written; the error is why not. Does not wait: what it has tried
  // shows in later calls.
  Outcome<void> check();

  // Runs `work(WriteContext&)`, which answers an Outcome, in the next transaction and waits until it is
  // durable.
  template <class Work>
  auto write(Work work) -> std::invoke_result_t<Work, WriteContext&> {
    BlockingJob<Work> job(work);
    enqueue(job);
    return job.wait();
  }

 private:
  // Exactly one of the two is set.
  struct Item {
    IssuanceAppend* append = nullptr;
    WriteJob* job = nullptr;
  };

  template <class Work>
  class BlockingJob final : public WriteJob {
   public:
    using Answer = std::invoke_result_t<Work, WriteContext&>;
    explicit BlockingJob(Work& work) : work_(work) {}
    Outcome<void> run(WriteContext& context) override {
      answer_.emplace(work_(context));
      if (!*answer_) return Err(answer_->error());
      return {};
    }
    void complete(Outcome<void> outcome) override {
      outcome_ = std::move(outcome);
      done_.release();
    }
    Answer wait() {
      done_.acquire();
      if (!outcome_) return Err(outcome_.error());
      return std::move(*answer_);
    }

   private:
    Work& work_;
    std::optional<Answer> answer_;
    Outcome<void> outcome_;
    std::binary_semaphore done_{0};
  };

  // Goes the way of every write without changing anything.
  class Trial final : public WriteJob {
   public:
    explicit Trial(Writer& writer) : writer_(writer) {}
    bool undoes_itself() const override { return true; }
    Outcome<void> run(WriteContext& context) override;
    void complete(Outcome<void> outcome) override;

   private:
    Writer& writer_;
  };

  bool enqueue(Item item);
  void run();
  void remember(std::optional<DomainError> failure);
  void commit(const std::vector<Item>& batch, std::vector<Outcome<void>>& outcomes);
  Outcome<void> run_job(WriteJob& job, Changes& changes);
  void notice_other_writers();
  static void complete(const Item& item, Outcome<void> outcome);

  static constexpr std::size_t kMaxBatch = 2048;
  const std::string path_;
  const std::size_t max_queued_;
  Checkpointer* const checkpointer_;  // null without a write-ahead log
  const Clock& clock_;
  Logger& logger_;
  const std::function<void(const Changes&)> on_committed_;
  Trial trial_{*this};

  // The committing thread only.
  std::unique_ptr<Connection> connection_;
  IssuanceWriter issuances_{*connection_};
  std::int64_t data_version_ = -1;

  Mutex mutex_;
  std::condition_variable work_there_;
  std::vector<Item> queue_ AUTHPLANE_GUARDED_BY(mutex_);
  bool waiting_ AUTHPLANE_GUARDED_BY(mutex_) = false;
  bool stopping_ AUTHPLANE_GUARDED_BY(mutex_) = false;
  bool trial_queued_ AUTHPLANE_GUARDED_BY(mutex_) = false;
  std::optional<DomainError> failure_ AUTHPLANE_GUARDED_BY(mutex_);  // of the latest transaction
  SteadyTime latest_ AUTHPLANE_GUARDED_BY(mutex_);                   // when it ended
  std::thread thread_;                                               // last: uses everything above
};

}  // namespace authplane::authserver::sqlite
