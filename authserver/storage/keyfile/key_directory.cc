#include "authserver/storage/keyfile/key_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>

namespace authplane::authserver::keyfile {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCurrent = "current.pem";
constexpr std::string_view kTemporary = ".new.pem";
constexpr std::string_view kPreviousPrefix = "previous-";
constexpr std::string_view kSuffix = ".pem";
constexpr off_t kMaxKeyBytes = 64 * 1024;

Unexpected<Error> failed(const std::string& path, const std::string& what) {
  return Err(ErrorCode::runtime_error, "signing keys: " + path + ": " + what);
}

Unexpected<Error> failed_call(const std::string& path, const char* doing) {
  return failed(path, std::string("cannot ") + doing + " (" + std::strerror(errno) +
                          "); give this user read and write permission on the key directory");
}

// Closes; a failed close after a successful fsync loses nothing.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

bool write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::optional<std::string> read_all(int file, off_t size) {
  std::string content(static_cast<std::size_t>(size), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::read(file, content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      wipe(content);
      return std::nullopt;
    }
    done += static_cast<std::size_t>(got);
  }
  return content;
}

// "previous-<seconds>-<kid>.pem"
std::optional<std::chrono::sys_seconds> retired_at_of(std::string_view name) {
  if (!name.starts_with(kPreviousPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  name.remove_prefix(kPreviousPrefix.size());
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), seconds);
  if (error != std::errc() || seconds < 0 || end == name.data() + name.size() || *end != '-')
    return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(seconds));
}

}  // namespace

KeyDirectory::Lock::~Lock() {
  if (file_ >= 0) ::close(file_);  // releases the lock
}

Result<void> KeyDirectory::prepare() const {
  std::error_code error;
  if (!fs::exists(path_, error)) {
    fs::create_directories(path_, error);
    if (error)
      return failed(path_, "cannot be created (" + error.message() + "); create it or set signing.key_path");
    fs::permissions(path_, fs::perms::owner_all, error);
    if (error) return failed(path_, "cannot be given mode 0700 (" + error.message() + ")");
  }
  struct stat info {};
  if (::stat(path_.c_str(), &info) != 0) return failed_call(path_, "look at it");
  if (!S_ISDIR(info.st_mode)) return failed(path_, "is not a directory; set signing.key_path to one");
  if ((info.st_mode & S_IWOTH) != 0)
    return failed(path_, "every user may write to it; run `chmod 700` on it");
  return {};
}

Result<KeyDirectory::Lock> KeyDirectory::lock() const {
  const std::string path = file(".lock");
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return failed_call(path, "open it");
  Lock held(descriptor);
  while (::flock(descriptor, LOCK_EX) != 0) {
    if (errno != EINTR) return failed_call(path, "lock it");
  }
  return held;
}

Result<bool> KeyDirectory::has_current() const {
  struct stat info {};
  const std::string path = file(kCurrent);
  if (::stat(path.c_str(), &info) == 0) return true;
  if (errno != ENOENT) return failed_call(path, "look at it");
  return false;
}

Result<SecretString> KeyDirectory::read_current() const {
  const std::string path = file(kCurrent);
  const File opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened.is_open()) return failed_call(path, "open it");
  struct stat info {};
  if (::fstat(opened.get(), &info) != 0) return failed_call(path, "look at it");
  if ((info.st_mode & S_IRWXO) != 0) {
    return failed(path,
                  "other users may read or write this private key; run `chmod 600` on it and, if they could, "
                  "rotate the key");
  }
  if ((info.st_mode & S_IRWXG) != 0) {
    logger_.warn("the group may access the signing key", {{"path", path}, {"remedy", "chmod 600"}});
  }
  if (info.st_size > kMaxKeyBytes) return failed(path, "is too large for a key; restore it from a backup");
  auto content = read_all(opened.get(), info.st_size);
  if (!content) return failed_call(path, "read it");
  return SecretString(std::move(*content));
}

Result<void> KeyDirectory::write_current(const SecretString& pem) const {
  return replace(std::string(kCurrent), pem.expose());
}

std::string KeyDirectory::previous_name(std::chrono::sys_seconds retired_at, std::string_view kid) const {
  return std::string(kPreviousPrefix) + std::to_string(retired_at.time_since_epoch().count()) + "-" +
         std::string(kid) + std::string(kSuffix);
}

Result<std::vector<PreviousFile>> KeyDirectory::list_previous() const {
  std::vector<PreviousFile> out;
  std::error_code error;
  for (fs::directory_iterator entry(path_, error), end; !error && entry != end; entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (const auto retired_at = retired_at_of(name)) out.push_back({std::move(name), *retired_at});
  }
  if (error) return failed(path_, "cannot be listed (" + error.message() + ")");
  return out;
}

Result<std::string> KeyDirectory::read_previous(const std::string& name) const {
  const std::string path = file(name);
  const File opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!opened.is_open() || ::fstat(opened.get(), &info) != 0) return failed_call(path, "open it");
  if (info.st_size > kMaxKeyBytes) return failed(path, "is too large for a key; remove it");
  auto content = read_all(opened.get(), info.st_size);
  if (!content) return failed_call(path, "read it");
  return std::move(*content);
}

Result<void> KeyDirectory::write_previous(const std::string& name, std::string_view pem) const {
  return replace(name, pem);
}

void KeyDirectory::remove_previous(const std::string& name) const {
  if (::unlink(file(name).c_str()) != 0 && errno != ENOENT) {
    logger_.warn("an expired key file cannot be removed",
                 {{"path", file(name)}, {"cause", std::strerror(errno)}});
  }
}

// REQUIRES: the lock, so that the temporary file is ours.
Result<void> KeyDirectory::replace(const std::string& name, std::string_view content) const {
  const std::string temporary = file(kTemporary);
  ::unlink(temporary.c_str());  // of a run that was killed
  {
    const File opened(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!opened.is_open()) return failed_call(temporary, "create it");
    if (!write_all(opened.get(), content) || ::fsync(opened.get()) != 0) {
      const auto error = failed_call(temporary, "write it");
      ::unlink(temporary.c_str());
      return error;
    }
  }
  if (::rename(temporary.c_str(), file(name).c_str()) != 0) return failed_call(file(name), "replace it");
  return sync();
}

Result<void> KeyDirectory::sync() const {
  const File directory(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open() || ::fsync(directory.get()) != 0) return failed_call(path_, "sync it");
  return {};
}

}  // namespace authplane::authserver::keyfile
