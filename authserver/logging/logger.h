#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <authplane/base/clock.h>
#include <authplane/base/log.h>

namespace authplane::authserver {

// json: {"ts":"2026-01-02T03:04:05.000006Z","level":"info","msg":"...",<fields>} per line.
// text: `2026-01-02T03:04:05.000006Z info message key=value` per line, values quoted when needed.
enum class LogLineFormat { json, text };
enum class LogTarget { standard_output, standard_error };

struct LoggerOptions {
  LogLevel minimum = LogLevel::info;
  LogLineFormat format = LogLineFormat::json;
  LogTarget target = LogTarget::standard_output;
  // Lines waiting for a slow reader; beyond it the oldest are dropped and counted.
  std::size_t queue = 8192;
};

// The program's log. A caller only forms the line and queues it; one thread writes, so a slow disk or
// terminal never holds up a request. Lost lines are reported by a line of their own, at most one per second.
// Thread-safe. The destructor writes out what is queued.
class ProgramLogger : public Logger {
 public:
  virtual std::uint64_t dropped() const = 0;  // lines lost so far
};

// `clock` outlives the logger.
std::unique_ptr<ProgramLogger> make_logger(const LoggerOptions& options, const Clock& clock);

}  // namespace authplane::authserver
