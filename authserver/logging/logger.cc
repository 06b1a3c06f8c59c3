#include "authserver/logging/logger.h"

#include <signal.h>
#include <spdlog/details/log_msg.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include "authserver/logging/async_logger.h"
#include "authserver/logging/format.h"

namespace authplane::authserver {
namespace {

constexpr std::chrono::seconds kReportEvery{1};
constexpr std::chrono::milliseconds kLinger{5};
constexpr std::size_t kWriteBytes = 64 * 1024;

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

SteadyTime::rep ticks(SteadyTime time) {
  return time.time_since_epoch().count();
}

// The thread inherits the mask: signals are for the thread that waits for them.
std::thread without_signals(std::function<void()> run) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  std::thread thread(std::move(run));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

AsyncLogger::AsyncLogger(const LoggerOptions& options, const Clock& clock, spdlog::sink_ptr sink)
    : options_(options),
      clock_(clock),
      sink_(std::move(sink)),
      next_report_(ticks(clock.steady_now() + kReportEvery)) {
  sink_->set_pattern("%v");
  writer_ = without_signals([this] { run(); });
}

AsyncLogger::~AsyncLogger() {
  if (dropped() > reported_.load()) report_dropped();
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  writer_.join();
}

void AsyncLogger::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  emit(level, event, fields);
  SteadyTime now = clock_.steady_now();
  SteadyTime::rep due = next_report_.load(std::memory_order_relaxed);
  if (ticks(now) < due || !next_report_.compare_exchange_strong(due, ticks(now + kReportEvery))) return;
  if (dropped() > reported_.load()) report_dropped();
}

void AsyncLogger::report_dropped() {
  std::uint64_t total = dropped();
  std::uint64_t before = reported_.exchange(total);
  if (total > before)
    emit(LogLevel::warn, "log lines dropped", {{"count", total - before}, {"total", total}});
}

void AsyncLogger::emit(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!enabled(level)) return;
  Line line{level, options_.format == LogLineFormat::json ? format_json(clock_.now(), level, event, fields)
                                                          : format_text(clock_.now(), level, event, fields)};
  bool wake = false;
  {
    MutexLock lock(mutex_);
    if (queue_.size() < options_.queue) {
      queue_.push_back(std::move(line));
    } else {
      queue_[oldest_] = std::move(line);
      oldest_ = (oldest_ + 1) % queue_.size();
      dropped_.fetch_add(1, std::memory_order_relaxed);
    }
    wake = idle_ || queue_.size() == options_.queue / 2;
    idle_ = false;
  }
  if (wake) wake_.notify_one();
}

bool AsyncLogger::take(std::vector<Line>& batch) {
  MutexLock lock(mutex_);
  while (queue_.empty() && !stopping_) {
    idle_ = true;
    lock.wait(wake_);
  }
  idle_ = false;
  std::rotate(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(oldest_), queue_.end());
  oldest_ = 0;
  batch.swap(queue_);
  return !batch.empty();
}

void AsyncLogger::linger() {
  MutexLock lock(mutex_);
  if (!stopping_ && queue_.size() < options_.queue / 2) {
    lock.wait_until(wake_, std::chrono::steady_clock::now() + kLinger);
  }
}

// One write for many lines. A full disk or a closed terminal must not stop the server: what cannot be written
// is lost.
void AsyncLogger::write_out(const std::vector<Line>& batch) const {
  std::string text;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    text += batch[i].text;
    const bool last = i + 1 == batch.size();
    if (!last && text.size() < kWriteBytes) {
      text += '\n';
      continue;
    }
    try {
      sink_->log(spdlog::details::log_msg("authserver", spdlog_level(batch[i].level), text));
      sink_->flush();
    } catch (const std::exception&) {
    }
    text.clear();
  }
}

void AsyncLogger::run() {
  std::vector<Line> batch;
  while (take(batch)) {
    write_out(batch);
    batch.clear();
    linger();
  }
}

std::unique_ptr<ProgramLogger> make_logger(const LoggerOptions& options, const Clock& clock) {
  spdlog::sink_ptr sink;
  if (options.target == LogTarget::standard_output) {
    sink = std::make_shared<spdlog::sinks::stdout_sink_st>();
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
  }
  return std::make_unique<AsyncLogger>(options, clock, std::move(sink));
}

}  // namespace authplane::authserver
