#include "authserver/cli/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace authplane::authserver::cli {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::array<int, 2> open_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  return ends;
}

// Appends what is there; false at the end of the stream.
bool drain(int& fd, std::string& to) {
  char buffer[4096];
  ssize_t count = read(fd, buffer, sizeof buffer);
  if (count > 0) {
    to.append(buffer, static_cast<std::size_t>(count));
    return true;
  }
  close(fd);
  fd = -1;
  return false;
}

}  // namespace

Process::Process(const Start& start) {
  std::vector<std::string> arguments = start.command;
  std::vector<std::string> variables;
  for (const auto& [name, value] : start.environment) variables.push_back(name + "=" + value);
  std::vector<char*> argv = pointers(arguments);
  std::vector<char*> envp = pointers(variables);
  std::array<int, 2> in = open_pipe(), out = open_pipe(), err = open_pipe();
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // also when the test itself is killed
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    if (chdir(start.directory.c_str()) == 0) execve(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  for (int fd : {in[0], out[1], err[1]}) close(fd);
  // Test inputs are smaller than a pipe, so this cannot block.
  [[maybe_unused]] ssize_t written = write(in[1], start.input.data(), start.input.size());
  close(in[1]);
  out_ = out[0];
  err_ = err[0];
}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (int fd : {out_, err_}) {
    if (fd >= 0) close(fd);
  }
}

bool Process::read_some(std::chrono::steady_clock::time_point deadline) {
  auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  if (left.count() <= 0 || (out_ < 0 && err_ < 0)) return false;
  std::array<pollfd, 2> waiting = {{{out_, POLLIN, 0}, {err_, POLLIN, 0}}};
  if (poll(waiting.data(), waiting.size(), static_cast<int>(left.count())) <= 0) return false;
  if (waiting[0].revents != 0) drain(out_, result_.out);
  if (waiting[1].revents != 0) drain(err_, result_.err);
  return true;
}

bool Process::read_until(std::string_view text, std::chrono::seconds limit) {
  auto deadline = std::chrono::steady_clock::now() + limit;
  while (result_.out.find(text) == std::string::npos) {
    if (out_ < 0 || !read_some(deadline)) return false;
  }
  return true;
}

Process::Result Process::finish(std::chrono::seconds limit) {
  auto deadline = std::chrono::steady_clock::now() + limit;
  while (read_some(deadline)) {
  }
  if (out_ >= 0 || err_ >= 0) kill(pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  if (WIFEXITED(status)) result_.exit_code = WEXITSTATUS(status);
  return result_;
}

}  // namespace authplane::authserver::cli
