#pragma once

#include <mutex>
#include <string>
#include <vector>

#include <authplane/base/log.h>

namespace authplane::testing {

// Keeps every event as one line `level event key=value ...`. Thread-safe.
class RecordingLogger final : public Logger {
 public:
  bool enabled(LogLevel) const override { return true; }
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) override;

  std::vector<std::string> lines() const;
  // All lines joined by line breaks: for searching.
  std::string text() const;
  bool contains(std::string_view needle) const { return text().find(needle) != std::string::npos; }
  void clear();

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace authplane::testing
