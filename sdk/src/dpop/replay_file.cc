#include "replay_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>
#include <utility>

#include <authplane/base/hash.h>
#include <authplane/base/random.h>

namespace authplane::dpop {
namespace {

constexpr std::uint64_t kHeaderBytes = 4096;
constexpr std::uint64_t kBucketBytes = kBucketEntries * sizeof(ReplayEntry);
constexpr std::uint64_t kMaxEntries = 1'000'000'000;  // 64 GB
constexpr off_t kOpeningLock = 1024;                  // bytes of the header that nothing is written to
constexpr off_t kRegionLocks = 1026;

struct Header {
  char magic[8] = {'D', 'P', 'o', 'P', 'u', 's', 'e', 'd'};
  std::uint32_t version = 1;
  std::uint32_t entry_bytes = sizeof(ReplayEntry);
  std::uint64_t max_entries = 0;
  std::uint64_t buckets = 0;
  unsigned char seed[16] = {};
  unsigned char check[32] = {};

  Sha256Digest digest() const {
    return sha256({reinterpret_cast<const char*>(this), offsetof(Header, check)});
  }
};
static_assert(sizeof(Header) == 80);

std::uint64_t buckets_for(std::uint64_t max_entries) {
  return (2 * max_entries + kBucketEntries - 1) / kBucketEntries;
}

std::uint64_t file_bytes_for(std::uint64_t buckets) {
  return kHeaderBytes + buckets * kBucketBytes;
}

std::string reason(int error) {
  return std::generic_category().message(error);
}

// 0, or errno. Locks of the open file, not of the process: another ReplayFile of this process is kept out
// too.
int set_lock(int fd, short type, off_t byte) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  while (::fcntl(fd, F_OFD_SETLKW, &lock) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

class OpeningLock {
 public:
  explicit OpeningLock(int fd) : fd_(fd), error_(set_lock(fd, F_WRLCK, kOpeningLock)) {}
  ~OpeningLock() {
    if (error_ == 0) set_lock(fd_, F_UNLCK, kOpeningLock);
  }
  int error() const { return error_; }

 private:
  const int fd_;
  const int error_;
};

Unexpected<Error> bad(const std::string& path, std::string_view problem) {
  return Err(ErrorCode::invalid_argument, "DPoP replay file " + path + ": " + std::string(problem));
}

}  // namespace

Result<ReplayFile> ReplayFile::open(const std::string& path, std::uint64_t max_entries) {
  if (path.empty()) return Err(ErrorCode::invalid_argument, "DPoP replay file: no path was given");
  if (max_entries == 0 || max_entries > kMaxEntries) return bad(path, "max_entries must be 1 to 1000000000");
  ReplayFile file(path);
  // O_NONBLOCK: a pipe of that name must not hold up the start.
  file.fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
  if (file.fd_ < 0) return bad(path, "cannot be opened or created: " + reason(errno));
  if (auto loaded = file.load(max_entries); !loaded) return Err(std::move(loaded.error()));
  return file;
}

Result<void> ReplayFile::load(std::uint64_t max_entries) {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) return bad(path_, reason(errno));
  if (!S_ISREG(status.st_mode)) return bad(path_, "is not a regular file");
  const OpeningLock lock(fd_);
  if (lock.error() != 0) return bad(path_, "cannot be locked: " + reason(lock.error()));
  if (::fstat(fd_, &status) != 0) return bad(path_, reason(errno));  // another process may have made it
  if (status.st_size == 0) return create(max_entries);
  return read_header(static_cast<std::uint64_t>(status.st_size));
}

// The header first and in one piece: whoever opens a file with nothing behind it knows that its maker was
// killed here, and goes on.
Result<void> ReplayFile::create(std::uint64_t max_entries) {
  Header header;
  header.max_entries = max_entries;
  header.buckets = buckets_for(max_entries);
  SystemRandom().fill(header.seed, sizeof header.seed);
  const Sha256Digest check = header.digest();
  std::memcpy(header.check, check.data(), check.size());
  std::array<char, kHeaderBytes> page{};
  std::memcpy(page.data(), &header, sizeof header);
  if (::pwrite(fd_, page.data(), page.size(), 0) != static_cast<ssize_t>(page.size()))
    return bad(path_, "cannot be written: " + reason(errno));
  return read_header(kHeaderBytes);
}

Result<void> ReplayFile::read_header(std::uint64_t file_bytes) {
  Header header;
  if (::pread(fd_, &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header) ||
      std::memcmp(header.magic, Header().magic, sizeof header.magic) != 0) {
    return bad(path_, "is not a replay file; name another, or remove it");
  }
  const Sha256Digest check = header.digest();
  if (header.version != Header().version || header.entry_bytes != sizeof(ReplayEntry) ||
      std::memcmp(header.check, check.data(), check.size()) != 0 || header.max_entries == 0 ||
      header.max_entries > kMaxEntries || header.buckets != buckets_for(header.max_entries)) {
    return bad(path_, "its header is damaged or of another version; remove it");
  }
  if (file_bytes != kHeaderBytes && file_bytes != file_bytes_for(header.buckets))
    return bad(path_, "is truncated or has grown; remove it");
  seed_.assign(reinterpret_cast<const char*>(header.seed), sizeof header.seed);
  buckets_ = header.buckets;
  return reserve_and_map(file_bytes);
}

Result<void> ReplayFile::reserve_and_map(std::uint64_t file_bytes) {
  map_bytes_ = file_bytes_for(buckets_);
  // Reserved now: on a full disk a write into the mapping would end the process.
  if (file_bytes != map_bytes_) {
    if (const int error = ::posix_fallocate(fd_, 0, static_cast<off_t>(map_bytes_)); error != 0)
      return bad(path_, "cannot be given " + std::to_string(map_bytes_) + " bytes: " + reason(error));
  }
  void* mapped = ::mmap(nullptr, map_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (mapped == MAP_FAILED) return bad(path_, "cannot be mapped: " + reason(errno));
  map_ = static_cast<unsigned char*>(mapped);
  return {};
}

ReplayFile::ReplayFile(ReplayFile&& other) noexcept
    : path_(std::move(other.path_)),
      seed_(std::move(other.seed_)),
      fd_(std::exchange(other.fd_, -1)),
      buckets_(other.buckets_),
      map_(std::exchange(other.map_, nullptr)),
      map_bytes_(other.map_bytes_) {}

ReplayFile::~ReplayFile() {
  if (map_ != nullptr) ::munmap(map_, map_bytes_);
  if (fd_ >= 0) ::close(fd_);
}

std::span<ReplayEntry, kBucketEntries> ReplayFile::bucket(std::uint64_t index) const {
  unsigned char* start = map_ + kHeaderBytes + index * kBucketBytes;
  return std::span<ReplayEntry, kBucketEntries>(reinterpret_cast<ReplayEntry*>(start), kBucketEntries);
}

// Every second byte: the kernel joins adjacent locks of one owner and would have to split them again.
Result<void> ReplayFile::lock_region(std::uint64_t region) const {
  const int error = set_lock(fd_, F_WRLCK, kRegionLocks + 2 * static_cast<off_t>(region));
  if (error == 0) return {};
  return Err(ErrorCode::runtime_error, "DPoP replay file " + path_ + ": cannot be locked: " + reason(error));
}

void ReplayFile::unlock_region(std::uint64_t region) const {
  set_lock(fd_, F_UNLCK, kRegionLocks + 2 * static_cast<off_t>(region));
}

}  // namespace authplane::dpop
