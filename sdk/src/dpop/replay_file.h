#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>

#include <authplane/base/mutex.h>
#include <authplane/base/result.h>

namespace authplane::dpop {

// The file of FileReplayStore: one page of header, then buckets of entries, mapped into memory.
//
//   header   magic, version, max_entries, bucket count, seed of the hash, SHA-256 of these; a lock byte per
//            region; all else zero. Numbers in the byte order of the machine.
//   bucket   64 entries. A key belongs into one bucket and may take any entry of it.
//   entry    24 bytes of the key's hash, then 8 bytes of expiry in seconds since the epoch; 0 = empty.
//
// There are twice as many entries as were asked for. When all of those are live a bucket is half full on
// average; that one of the 3,125 buckets of a file for 100,000 runs over by then happens once in a thousand
// files.
//
// A writer empties an entry, fills in the hash, and last stores the expiry, which is one aligned word. So a
// process killed in between leaves an empty entry, never half a one. Its locks end with it.

constexpr std::size_t kHashBytes = 24;
constexpr std::size_t kBucketEntries = 64;

struct ReplayEntry {
  unsigned char hash[kHashBytes];
  std::int64_t expires_at;

  std::int64_t expiry() { return std::atomic_ref(expires_at).load(std::memory_order_acquire); }
  void set_expiry(std::int64_t value) { std::atomic_ref(expires_at).store(value, std::memory_order_release); }
};
static_assert(sizeof(ReplayEntry) == 32 && alignof(ReplayEntry) == 8);
static_assert(std::atomic_ref<std::int64_t>::is_always_lock_free);

class ReplayFile {
 public:
  // Opens or creates. Errors: invalid_argument with path and cause.
  static Result<ReplayFile> open(const std::string& path, std::uint64_t max_entries);
  ReplayFile(ReplayFile&& other) noexcept;
  ReplayFile& operator=(ReplayFile&&) = delete;
  ~ReplayFile();

  const std::string& path() const { return path_; }
  std::string_view seed() const { return seed_; }
  std::uint64_t buckets() const { return buckets_; }
  // Only while its region is locked.
  std::span<ReplayEntry, kBucketEntries> bucket(std::uint64_t index) const;

  // A region is what one lock covers: every bucket whose number leaves that rest.
  static constexpr std::uint64_t kRegions = 64;
  // Against other processes only; threads of this one have to keep each other out before.
  Result<void> lock_region(std::uint64_t region) const;
  void unlock_region(std::uint64_t region) const;

 private:
  explicit ReplayFile(std::string path) : path_(std::move(path)) {}
  Result<void> load(std::uint64_t max_entries);
  Result<void> create(std::uint64_t max_entries);
  Result<void> read_header(std::uint64_t file_bytes);
  Result<void> reserve_and_map(std::uint64_t file_bytes);

  std::string path_, seed_;
  int fd_ = -1;
  std::uint64_t buckets_ = 0;
  unsigned char* map_ = nullptr;
  std::size_t map_bytes_ = 0;
};

}  // namespace authplane::dpop
