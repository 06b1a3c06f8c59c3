#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace authplane::authserver::cli {

// A child process of a test, killed when it goes out of scope. Its environment holds what is given and
// nothing else.
class Process {
 public:
  struct Start {
    std::vector<std::string> command;  // the program's path first
    std::map<std::string, std::string> environment;
    std::string directory;
    std::string input;
  };
  struct Result {
    int exit_code = -1;  // -1 when ended by a signal
    std::string out, err;
  };

  explicit Process(const Start& start);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  // Reads standard output until it holds `text`; false when it ended or the time is over.
  bool read_until(std::string_view text, std::chrono::seconds limit = std::chrono::seconds(30));
  // Reads both streams to their end and waits. Past the limit the process is killed.
  Result finish(std::chrono::seconds limit = std::chrono::seconds(30));

 private:
  bool read_some(std::chrono::steady_clock::time_point deadline);

  pid_t pid_ = -1;
  int out_ = -1, err_ = -1;
  Result result_;
};

}  // namespace authplane::authserver::cli
