#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <authplane/base/log.h>
#include <authplane/base/result.h>
#include <authplane/base/secret.h>

namespace authplane::authserver::keyfile {

struct PreviousFile {
  std::string name;
  std::chrono::sys_seconds retired_at{};
};

// The files of a key directory. Every change is written beside its target, synced and renamed into place, so
// a crash leaves the old or the new file, never half of one. Errors: runtime_error; path, cause, remedy.
class KeyDirectory {
 public:
  KeyDirectory(std::string path, Logger& logger) : path_(std::move(path)), logger_(logger) {}

  // Creates it with mode 0700 when missing. Refuses one that any user may write to.
  Result<void> prepare() const;

  // Held by one process (and one thread of it) at a time; waits for the other.
  class Lock {
   public:
    explicit Lock(int file) : file_(file) {}
    ~Lock();
    Lock(Lock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
    Lock& operator=(Lock&&) = delete;

   private:
    int file_;
  };
  Result<Lock> lock() const;

  // Whether there is a current key.
  Result<bool> has_current() const;
  // Refuses a file that users outside its group can read or write.
  Result<SecretString> read_current() const;
  Result<void> write_current(const SecretString& pem) const;

  std::string previous_name(std::chrono::sys_seconds retired_at, std::string_view kid) const;
  Result<std::vector<PreviousFile>> list_previous() const;
  Result<std::string> read_previous(const std::string& name) const;
  Result<void> write_previous(const std::string& name, std::string_view pem) const;
  void remove_previous(const std::string& name) const;  // a failure is only logged

  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  Result<void> replace(const std::string& name, std::string_view content) const;
  Result<void> sync() const;

  const std::string path_;
  Logger& logger_;
};

}  // namespace authplane::authserver::keyfile
