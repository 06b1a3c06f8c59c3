#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include <authplane/base/clock.h>
#include <authplane/base/log.h>
#include <authplane/base/result.h>

#include "authserver/domain/storage.h"

namespace authplane::authserver {

enum class SchemaPolicy {
  migrate,          // bring the schema up to date first
  require_current,  // refuse to open unless it is up to date
};

struct SqliteOptions {
  std::string path =
      "data/authserver.db";  // missing directories are created with mode 0700, the file with 0600
  bool wal = true;           // false: rollback journal; readers and the writer then wait for each other
  SchemaPolicy schema = SchemaPolicy::migrate;
  // How long a statement waits for another process (a CLI command, a backup) that holds the lock.
  std::chrono::milliseconds busy_timeout{5'000};
  // Writes waiting for the committer; beyond it a write is refused with `unavailable`.
  std::size_t max_queued = 16'384;
};

// One file, one writing process at its best; other processes may open the same file at the same time and wait
// for each other. One thread commits: everything queued goes into one transaction and one fsync. A second
// thread moves the write-ahead log into the database. What a verb acknowledged survives the death of the
// process and, as far as the disk keeps its word on fsync, of the machine. `clock` and `logger` outlive the
// storage. Errors: runtime_error; the message names the path, the cause and what to do.
Result<std::unique_ptr<Storage>> open_sqlite(const SqliteOptions& options, const Clock& clock,
                                             Logger& logger);

// Applies what is missing of the schema and closes the file again. Answers the number of migrations applied.
// Errors: as open_sqlite.
Result<std::size_t> migrate_sqlite(const SqliteOptions& options, const Clock& clock);

}  // namespace authplane::authserver
