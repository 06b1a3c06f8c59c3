#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace authplane::e2e {

using Environment = std::map<std::string, std::string>;

// A child process in its own session, stdout and stderr in files below `folder`. It dies with the test
// process (parent-death signal) and is stopped by the destructor: TERM to its group, KILL after five seconds.
class ChildProcess {
 public:
  // The child sees PATH and `environment`, nothing else of the caller's.
  ChildProcess(std::string name, std::vector<std::string> command, const Environment& environment,
               std::filesystem::path folder);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  // Exit code, or 128 + signal; nullopt when it still runs after `limit`.
  std::optional<int> wait(std::chrono::milliseconds limit);
  void signal(int number) const;
  std::optional<int> stop();
  void kill();

  std::string out() const;
  std::string err() const;

 private:
  std::string name_;
  std::filesystem::path out_file_, err_file_;
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

// A private folder below the system's temporary one, removed with everything in it.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A TCP port on loopback that nobody listened on a moment ago.
int free_port();
// Whether something accepts connections on that port.
bool port_answers(int port);

// Tries `done` until it holds or the limit is over; false = it never held. `done` is cheap and side-effect
// free.
template <class Predicate>
bool eventually(std::chrono::milliseconds limit, Predicate done);
void short_pause();

std::string read_file(const std::filesystem::path& file);

template <class Predicate>
bool eventually(std::chrono::milliseconds limit, Predicate done) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    short_pause();
  }
  return true;
}

}  // namespace authplane::e2e
