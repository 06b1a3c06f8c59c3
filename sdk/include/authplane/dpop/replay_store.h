#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <authplane/base/clock.h>
#include <authplane/base/result.h>

namespace authplane::dpop {

// Remembers what was spent, so that a captured proof works only once (RFC 9449 section 11.1). Thread-safe.
// Called without a lock held. An error, or an exception, refuses the proof.
class ReplayStore {
 public:
  virtual ~ReplayStore() = default;
  // Atomically: true and remembered to the end of the second `expires_at` when `key` is new; false when it is
  // known, and false when `expires_at` has passed: it could not be remembered.
  virtual Result<bool> check_and_store(std::string_view key, std::chrono::sys_seconds expires_at) = 0;
};

struct MemoryReplayStoreOptions {
  // At least peak requests per second times the life of a proof (max_proof_age + clock_skew). At the cap the
  // entry nearest to its expiry leaves, and evicted() counts it. From 4,096 on it is the nearest among a
  // sixteenth of the entries.
  std::size_t max_entries = 100'000;     // > 0
  std::shared_ptr<const Clock> clock{};  // unset: the system's
};

// In this process only: it knows nothing of other processes and forgets when it ends.
class MemoryReplayStore : public ReplayStore {
 public:
  static std::shared_ptr<MemoryReplayStore> create(MemoryReplayStoreOptions options = {});
  virtual std::size_t size() const = 0;       // without what has expired
  virtual std::uint64_t evicted() const = 0;  // entries that left before they expired
};

struct FileReplayStoreOptions {
  std::string path{};  // created with mode 0600 when absent; its directory must exist
  // > 0, 64 bytes each. As in memory, except that the entry that leaves is the nearest to its expiry among
  // the 64 that share its place. A file that exists keeps the capacity it was created with.
  std::size_t max_entries = 100'000;
  std::shared_ptr<const Clock> clock{};
};

// A file that several processes on one host share and that survives their restart and kill. (After a power
// failure the last moments may be missing.) Keys are kept as hashes. Check and store cost a few
// microseconds. To be opened after fork(): a child that uses its parent's store gets an error.
class FileReplayStore : public ReplayStore {
 public:
  // Errors: invalid_argument: not creatable or not a file of this kind, the message has the path and the
  // cause.
  static Result<std::shared_ptr<FileReplayStore>> open(FileReplayStoreOptions options);
  virtual std::uint64_t evicted() const = 0;  // by this process
};

}  // namespace authplane::dpop
