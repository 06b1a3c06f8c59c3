#include "authserver/storage/sqlite/checkpointer.h"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>

namespace authplane::authserver::sqlite {

Checkpointer::Checkpointer(std::unique_ptr<Connection> connection, Logger& logger)
    : connection_(std::move(connection)), logger_(logger), thread_([this] { run(); }) {}

Checkpointer::~Checkpointer() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

// Replaces SQLite's own checkpoint inside commits.
void Checkpointer::observe(Connection& writer) {
  sqlite3_wal_hook(writer.handle(), &Checkpointer::on_commit, this);
}

int Checkpointer::on_commit(void* self, sqlite3*, const char*, int pages) {
  auto& checkpointer = *static_cast<Checkpointer*>(self);
  if (pages < checkpointer.wake_at_.load(std::memory_order_relaxed)) return SQLITE_OK;
  {
    MutexLock lock(checkpointer.mutex_);
    checkpointer.log_pages_ = pages;
  }
  checkpointer.wake_.notify_one();
  return SQLITE_OK;
}

void Checkpointer::run() {
  while (true) {
    {
      MutexLock lock(mutex_);
      while (log_pages_ < wake_at_.load(std::memory_order_relaxed) && !stopping_) lock.wait(wake_);
      if (stopping_) return;
      log_pages_ = 0;
    }
    try {
      work();
    } catch (const SqliteFailure& failure) {
      // Nothing is lost: the log keeps every commit. It grows until a later attempt succeeds.
      wake_at_ = wake_at_ + kCopyPages;
      logger_.warn("checkpoint failed", {{"cause", failure.what()}});
    }
  }
}

void Checkpointer::work() {
  Progress progress = checkpoint(SQLITE_CHECKPOINT_PASSIVE);
  if (progress.log_pages < kRestartPages) {
    wake_at_ = progress.log_pages + kCopyPages;
    return;
  }
  // Most of what came during the first copy goes now, so that little is left for the part that holds commits
  // back.
  progress = checkpoint(SQLITE_CHECKPOINT_PASSIVE);
  MutexLock hold_commits(gate_);
  const int mode =
      progress.log_pages >= kTruncatePages ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_RESTART;
  progress = checkpoint(mode);
  wake_at_ = progress.log_pages > progress.copied_pages ? progress.log_pages + kCopyPages : kCopyPages;
}

// A checkpoint that readers or another process keep from finishing is not a failure: it reports how far it
// came.
Checkpointer::Progress Checkpointer::checkpoint(int mode) {
  Progress progress;
  const int code = sqlite3_wal_checkpoint_v2(connection_->handle(), nullptr, mode, &progress.log_pages,
                                             &progress.copied_pages);
  if (code != SQLITE_OK && (code & 0xFF) != SQLITE_BUSY) {
    throw SqliteFailure(code, sqlite3_errmsg(connection_->handle()));
  }
  progress.log_pages = std::max(progress.log_pages, 0);
  progress.copied_pages = std::max(progress.copied_pages, 0);
  return progress;
}

}  // namespace authplane::authserver::sqlite
