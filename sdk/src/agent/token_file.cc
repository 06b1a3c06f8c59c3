#include "agent/token_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace authplane::agent {
namespace {

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { close(); }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  bool close() { return fd_ < 0 || ::close(release()) == 0; }

 private:
  int fd_;
};

Unexpected<Error> failed(const std::string& path, const char* what, int error) {
  return Err(ErrorCode::runtime_error,
             "token file " + path + " cannot be " + what + ": " + std::generic_category().message(error));
}

Unexpected<Error> refused(const std::string& path, std::string problem) {
  return Err(ErrorCode::invalid_argument, "token file " + path + ": " + std::move(problem));
}

Result<void> check_private(const std::string& path, int fd, std::size_t max_bytes) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return failed(path, "examined", errno);
  if (!S_ISREG(status.st_mode)) return refused(path, "is not a regular file; name another");
  if (status.st_uid != ::geteuid()) return refused(path, "belongs to another user; name another");
  if ((status.st_mode & 077) != 0)
    return refused(path, "others may read or write it; take that away with chmod 600, and log in anew");
  if (static_cast<std::size_t>(status.st_size) > max_bytes) return refused(path, "is too large; remove it");
  return {};
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool sync_folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd.get() >= 0 && ::fsync(fd.get()) == 0;
}

}  // namespace

Result<FileLock> FileLock::take(const std::string& path, std::int64_t byte) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (fd.get() < 0) return failed(path, "opened or created", errno);
  if (auto ok = check_private(path, fd.get(), 0); !ok) return Err(std::move(ok).error());
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  while (::fcntl(fd.get(), F_OFD_SETLKW, &lock) != 0) {
    if (errno != EINTR) return failed(path, "locked", errno);
  }
  return FileLock(fd.release());
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::string> read_private_file(const std::string& path, std::size_t max_bytes) {
  // O_NONBLOCK: a pipe of that name must not hold up the program.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK));
  if (fd.get() < 0) {
    if (errno == ENOENT) return std::string();
    if (errno == ELOOP) return refused(path, "is a symbolic link; name the file itself");
    return failed(path, "opened", errno);
  }
  if (auto ok = check_private(path, fd.get(), max_bytes); !ok) return Err(std::move(ok).error());
  std::string text;
  char block[16 * 1024];
  for (;;) {
    const ssize_t got = ::read(fd.get(), block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path, "read", errno);
    if (got == 0) return text;
    text.append(block, static_cast<std::size_t>(got));
    if (text.size() > max_bytes) return refused(path, "is too large; remove it");
  }
}

Result<void> replace_private_file(const std::string& path, std::string_view text) {
  std::string temporary = path + ".XXXXXX";
  Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (fd.get() < 0) return failed(path, "written", errno);
  const bool written = write_all(fd.get(), text) && ::fsync(fd.get()) == 0 && fd.close() &&
                       std::rename(temporary.c_str(), path.c_str()) == 0;
  if (!written) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return failed(path, "written", error);
  }
  if (!sync_folder_of(path)) return failed(path, "made durable", errno);
  return {};
}

}  // namespace authplane::agent
