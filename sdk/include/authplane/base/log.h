#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace authplane {

enum class LogLevel { debug, info, warn, error };
std::string_view to_string(LogLevel level) noexcept;  // "debug", "info", "warn", "error"

// One structured member of a log event. Values are copied by the logger before log() returns.
struct LogField {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, double, bool> value;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  template <class I>
  requires std::is_integral_v<I> LogField(std::string_view k, I v)
      : key(k), value(static_cast<std::int64_t>(v)) {}
};

// Receives events. Implementations are thread-safe and do not throw. Callers never pass tokens, secrets or
// proofs. `event` is a short constant phrase; variable parts go into fields.
class Logger {
 public:
  virtual ~Logger() = default;
  virtual bool enabled(LogLevel level) const = 0;
  virtual void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) = 0;

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::debug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::info, event, fields);
  }
  void warn(std::string_view event, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::warn, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::error, event, fields);
  }

 private:
  void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    if (enabled(level)) write(level, event, fields);
  }
};

// Drops everything.
class NullLogger final : public Logger {
 public:
  bool enabled(LogLevel) const override { return false; }
  void write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
};

// One line per event on standard error: `level event key=value ...`, values quoted when needed. For programs
// that bring no logger of their own.
class StderrLogger final : public Logger {
 public:
  explicit StderrLogger(LogLevel minimum = LogLevel::info) : minimum_(minimum) {}
  bool enabled(LogLevel level) const override { return level >= minimum_; }
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) override;

 private:
  LogLevel minimum_;
};

}  // namespace authplane
