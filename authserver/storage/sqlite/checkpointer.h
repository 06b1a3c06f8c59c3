#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include <authplane/base/log.h>
#include <authplane/base/mutex.h>

#include "authserver/storage/sqlite/connection.h"

namespace authplane::authserver::sqlite {

// Moves the write-ahead log into the database file, away from the committing thread: a commit never pays for
// it. Copies while commits go on; when the log has grown to about kRestartPages it is copied to its end with
// commits held back for that last stretch (some milliseconds), so that the next commit starts it over. The
// file stays at its size and is cut off only after a burst.
class Checkpointer {
 public:
  static constexpr int kCopyPages = 4'096;       // 16 MiB: start copying
  static constexpr int kRestartPages = 16'384;   // 64 MiB: start the log over
  static constexpr int kTruncatePages = 65'536;  // 256 MiB: give the space back

  Checkpointer(std::unique_ptr<Connection> connection, Logger& logger);
  ~Checkpointer();

  // Called with the writing connection before its first commit; it must not outlive this object in use.
  void observe(Connection& writer);
  // Held by the writer during each transaction.
  Mutex& gate() { return gate_; }

 private:
  struct Progress {
    int log_pages = 0;
    int copied_pages = 0;
  };
  static int on_commit(void* self, struct sqlite3*, const char*, int pages);
  void run();
  void work();
  Progress checkpoint(int mode);

  std::unique_ptr<Connection> connection_;  // the thread only
  Logger& logger_;
  Mutex gate_;

  Mutex mutex_;
  std::condition_variable wake_;
  int log_pages_ AUTHPLANE_GUARDED_BY(mutex_) = 0;
  bool stopping_ AUTHPLANE_GUARDED_BY(mutex_) = false;
  std::atomic<int> wake_at_{kCopyPages};
  std::thread thread_;  // last: uses everything above
};

}  // namespace authplane::authserver::sqlite
