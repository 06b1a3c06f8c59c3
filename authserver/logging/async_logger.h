#pragma once

#include <spdlog/sinks/sink.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <authplane/base/mutex.h>

#include "authserver/logging/logger.h"

namespace authplane::authserver {

// ProgramLogger on a sink of spdlog. The writing thread takes what came in a few milliseconds at once: under
// load a line costs no wake-up of its own. Only logger.cc and the tests include this.
class AsyncLogger final : public ProgramLogger {
 public:
  AsyncLogger(const LoggerOptions& options, const Clock& clock, spdlog::sink_ptr sink);
  ~AsyncLogger() override;

  bool enabled(LogLevel level) const override { return level >= options_.minimum; }
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) override;
  std::uint64_t dropped() const override { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Line {
    LogLevel level;
    std::string text;
  };

  void report_dropped();
  void emit(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);
  void run();
  // False when everything is written and the logger is to end.
  bool take(std::vector<Line>& batch) AUTHPLANE_EXCLUDES(mutex_);
  void linger() AUTHPLANE_EXCLUDES(mutex_);
  void write_out(const std::vector<Line>& batch) const;

  const LoggerOptions options_;
  const Clock& clock_;
  const spdlog::sink_ptr sink_;
  std::atomic<SteadyTime::rep> next_report_;
  std::atomic<std::uint64_t> dropped_{0}, reported_{0};

  Mutex mutex_;
  std::condition_variable wake_;
  // A ring once it is full: `oldest_` is where the next line goes.
  std::vector<Line> queue_ AUTHPLANE_GUARDED_BY(mutex_);
  std::size_t oldest_ AUTHPLANE_GUARDED_BY(mutex_) = 0;
  bool idle_ AUTHPLANE_GUARDED_BY(mutex_) = false;
  bool stopping_ AUTHPLANE_GUARDED_BY(mutex_) = false;
  std::thread writer_;
};

}  // namespace authplane::authserver
