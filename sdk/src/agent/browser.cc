#include <authplane/agent/browser.h>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <vector>

#include <authplane/base/mutex.h>
#include <authplane/base/url.h>

#include "client/net/address.h"

namespace authplane::agent {
namespace {

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  const auto address = net::parse_ip_address(host);
  if (!address) return false;
  net::FetchSettings all_but_loopback = net::FetchSettings::development();
  all_but_loopback.allow_localhost = false;
  return net::refusal_reason(*address, all_but_loopback) == "loopback";
}

// Browsers that were started and may have ended: reaped when the next one starts.
class Children {
 public:
  void add(pid_t pid) AUTHPLANE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    std::erase_if(pids_, [](pid_t old) { return ::waitpid(old, nullptr, WNOHANG) != 0; });
    pids_.push_back(pid);
  }

 private:
  Mutex mutex_;
  std::vector<pid_t> pids_ AUTHPLANE_GUARDED_BY(mutex_);
};

Children& children() {
  static Children instance;
  return instance;
}

class Actions {
 public:
  Actions() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

}  // namespace

Result<void> check_browser_url(const std::string& url) {
  const auto parsed = Url::parse(url);
  if (!parsed) return Err(ErrorCode::invalid_argument, "no page to open: " + parsed.error().message);
  const bool fine =
      parsed->scheme() == "https" || (parsed->scheme() == "http" && is_loopback(parsed->host()));
  if (fine && !parsed->has_userinfo()) return {};
  return Err(ErrorCode::invalid_argument,
             "refused to open a page of '" + parsed->origin() +
                 "': only https, and http on a loopback address, without user information");
}

Result<void> open_in_browser(const std::string& url) {
  if (auto ok = check_browser_url(url); !ok) return ok;
  const char* chosen = std::getenv("BROWSER");  // NOLINT(concurrency-mt-unsafe): nobody here calls setenv
  std::string program = chosen && *chosen ? chosen : "xdg-open";
  std::string argument = url;
  char* const arguments[] = {program.data(), argument.data(), nullptr};
  const Actions actions;
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, program.c_str(), actions.get(), nullptr, arguments, environ);
  if (error != 0) {
    return Err(ErrorCode::runtime_error, "cannot start " + program + " to open the login page: " +
                                             std::generic_category().message(error) +
                                             "; set BROWSER to a program that opens a URL");
  }
  children().add(pid);
  return {};
}

Result<void> print_and_open(const std::string& url) {
  if (auto ok = check_browser_url(url); !ok) return ok;
  std::fprintf(stderr, "Sign in with your browser: %s\n", url.c_str());
  (void)open_in_browser(url);
  return {};
}

}  // namespace authplane::agent
