#pragma once

#include <string>

#include <authplane/base/result.h>

namespace authplane::agent {

// A file descriptor with the one lock it holds, of the open file and not of the process: threads keep each
// other out too. Both end with it.
class FileLock {
 public:
  // Waits. `byte` tells locks of the same file apart. Errors: invalid_argument, runtime_error.
  static Result<FileLock> take(const std::string& path, std::int64_t byte);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

// The text of a private file; "" when there is none. Errors: invalid_argument when it is not a regular file
// of this user that nobody else may read or write, or is too large; runtime_error when reading fails.
Result<std::string> read_private_file(const std::string& path, std::size_t max_bytes);
// Replaces it as a whole, mode 0600; durable on return. Errors: runtime_error.
Result<void> replace_private_file(const std::string& path, std::string_view text);

}  // namespace authplane::agent
