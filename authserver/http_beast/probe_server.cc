// A listener with a trivial handler, for measuring the listener itself:
//   probe_server PORT [fixed|commit|async_commit] [WORKERS] [IO_THREADS] [MAX_CONNECTIONS]
// The commit modes answer each request after a shared "commit" of 200 us, as the token endpoint does.
#include <sys/resource.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "authserver/http_beast/listener.h"

namespace authplane::http_beast {
namespace {

HttpResponse fixed_response() {
  HttpResponse response;
  response.headers.add("Content-Type", "application/json");
  response.body = R"({"status":"ok","service":"authplane","probe":"listener-floor"})";
  return response;
}

// Answers everything that waited when a commit began once that commit is over.
class GroupCommit {
 public:
  using Done = std::function<void()>;

  GroupCommit() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

  void add(Done done) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(done));
    if (waiting_.size() == 1) wake_.notify_one();
  }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::vector<Done> group;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, stop, [this] { return !waiting_.empty(); });
        group.swap(waiting_);
      }
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      for (const Done& done : group) done();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<Done> waiting_;
  std::jthread thread_;
};

int serve(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr,
                 "usage: %s PORT [fixed|commit|async_commit] [WORKERS] [IO_THREADS] [MAX_CONNECTIONS]\n",
                 argv[0]);
    return 2;
  }
  const auto argument = [&](int index, unsigned long fallback) {
    return argc > index ? std::strtoul(argv[index], nullptr, 10) : fallback;
  };
  const std::string_view mode = argc > 2 ? argv[2] : "fixed";
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  ListenerOptions options;
  options.port = static_cast<std::uint16_t>(argument(1, 0));
  options.workers = argument(3, 32);
  options.io_threads = argument(4, 2);
  options.max_connections = argument(5, 10'000);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  StderrLogger logger;
  GroupCommit commits;
  auto listener = [&]() -> Result<std::unique_ptr<Listener>> {
    if (mode == "async_commit") {
      return Listener::start_async(
          options,
          [&](const HttpRequest&, Responder responder) {
            auto shared = std::make_shared<Responder>(std::move(responder));
            commits.add([shared] { shared->send(fixed_response()); });
          },
          logger);
    }
    if (mode == "commit") {
      return Listener::start(
          options,
          [&](const HttpRequest&) {
            std::mutex mutex;
            std::condition_variable wake;
            bool committed = false;
            commits.add([&] {
              const std::lock_guard lock(mutex);
              committed = true;
              wake.notify_one();
            });
            std::unique_lock lock(mutex);
            wake.wait(lock, [&] { return committed; });
            return fixed_response();
          },
          logger);
    }
    return Listener::start(
        options, [](const HttpRequest&) { return fixed_response(); }, logger);
  }();
  if (!listener) {
    std::fprintf(stderr, "%s\n", listener.error().message.c_str());
    return 1;
  }
  std::printf("listening on port %d\n", static_cast<int>((*listener)->port()));
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  return (*listener)->stop(std::chrono::seconds(5)) ? 0 : 1;
}

}  // namespace
}  // namespace authplane::http_beast

int main(int argc, char** argv) {
  return authplane::http_beast::serve(argc, argv);
}
