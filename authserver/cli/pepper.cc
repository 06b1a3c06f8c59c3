#include "authserver/cli/pepper.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace authplane::authserver::cli {
namespace {

constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kTextLength = 43;  // base64url of 32 bytes

// Closes a file descriptor.
class File {
 public:
  File(const std::string& path, int flags, mode_t mode = 0)
      : fd_(open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  explicit operator bool() const { return fd_ >= 0; }
  int fd() const { return fd_; }

 private:
  int fd_;
};

Unexpected<Error> cannot(const std::string& what, const std::string& path, const std::string& remedy) {
  return Err(ErrorCode::runtime_error,
             "cannot " + what + " " + path + ": " + std::strerror(errno) + "; " + remedy);
}

Result<SecretString> read_pepper(const std::string& path) {
  File file(path, O_RDONLY | O_NOFOLLOW);
  struct stat info {};
  if (!file || fstat(file.fd(), &info) != 0) return cannot("open", path, "let this user read it");
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Err(ErrorCode::runtime_error, path + " is open to other users; run: chmod 600 " + path);
  }
  std::string text(kTextLength + 1, '\0');
  ssize_t count = read(file.fd(), text.data(), text.size());
  if (count != static_cast<ssize_t>(kTextLength)) {
    wipe(text);
    return Err(ErrorCode::runtime_error,
               path + " is damaged; restore it from a backup: without it no client secret works");
  }
  text.resize(kTextLength);
  return SecretString(std::move(text));
}

// Writes a new pepper under a name of its own and gives it the final name unless that exists by now.
Result<void> create_pepper(const std::string& directory, const std::string& path, Random& random) {
  std::string temporary = path + "." + random.token(8);
  SecretString pepper(random.token(kRandomBytes));
  const char* remedy = "make the folder signing.key_path writable for this user";
  {
    File file(temporary, O_WRONLY | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
    if (!file) return cannot("create", temporary, remedy);
    std::string_view text = pepper.expose();
    if (write(file.fd(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        fsync(file.fd()) != 0) {
      Unexpected<Error> error = cannot("write", temporary, "free some space");
      unlink(temporary.c_str());
      return error;
    }
  }
  bool linked = link(temporary.c_str(), path.c_str()) == 0 || errno == EEXIST;
  Unexpected<Error> error = cannot("create", path, remedy);
  unlink(temporary.c_str());
  if (!linked) return error;
  if (File folder(directory, O_RDONLY | O_DIRECTORY); folder) fsync(folder.fd());
  return {};
}

}  // namespace

std::string pepper_path(const std::string& directory) {
  return (std::filesystem::path(directory) / "client-secret.pepper").string();
}

Result<SecretString> load_or_create_pepper(const std::string& directory, Random& random) {
  std::string path = pepper_path(directory);
  if (access(path.c_str(), F_OK) != 0) {
    std::error_code ignored;  // whatever goes wrong here, creating the file says so
    std::filesystem::create_directories(std::filesystem::path(directory).parent_path(), ignored);
    mkdir(directory.c_str(), S_IRWXU);
    Result<void> created = create_pepper(directory, path, random);
    if (!created) return Err(created.error());
  }
  return read_pepper(path);
}

}  // namespace authplane::authserver::cli
