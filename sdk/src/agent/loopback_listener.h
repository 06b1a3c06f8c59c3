#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <authplane/base/form.h>
#include <authplane/base/mutex.h>
#include <authplane/base/result.h>
#include <authplane/http_httplib/guard.h>

namespace authplane::agent {

inline constexpr std::string_view kRedirectPath = "/callback";

// The redirect URI of a native program (RFC 8252 section 7.3): a server on 127.0.0.1 that takes one answer.
// Requests for other paths, of other methods, or that name another host (a page that has made its own name
// point here) are turned away and change nothing.
class LoopbackListener {
 public:
  // What the answer is worth; decides which page the user sees. Called once, on a thread of the listener.
  using Judge = std::function<Result<std::string>(const Form& answer)>;

  // `port` 0 takes any free one. Errors: runtime_error.
  static Result<std::unique_ptr<LoopbackListener>> open(std::uint16_t port);
  ~LoopbackListener();  // lets a page that is being sent finish
  LoopbackListener(const LoopbackListener&) = delete;
  LoopbackListener& operator=(const LoopbackListener&) = delete;

  const std::string& redirect_uri() const { return redirect_uri_; }

  // Starts to answer. Once.
  void start(Judge judge);
  // The judge's result for the one answer; nullopt when none came in time.
  std::optional<Result<std::string>> wait(std::chrono::milliseconds limit) AUTHPLANE_EXCLUDES(mutex_);

 private:
  LoopbackListener(int socket, std::uint16_t port);
  void accept_connections();
  HttpResponse respond(const HttpRequest& request) AUTHPLANE_EXCLUDES(mutex_);

  const int socket_;
  const std::string host_;  // the only Host field that is taken
  const std::string redirect_uri_;
  Judge judge_;
  std::unique_ptr<ConnectionGuard> guard_;
  std::thread thread_;

  Mutex mutex_;
  std::condition_variable answered_;
  bool taken_ AUTHPLANE_GUARDED_BY(mutex_) = false;
  std::optional<Result<std::string>> outcome_ AUTHPLANE_GUARDED_BY(mutex_);
};

}  // namespace authplane::agent
