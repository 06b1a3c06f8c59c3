#include <authplane/testing/recording_logger.h>

namespace authplane::testing {
namespace {

struct Text {
  std::string operator()(std::string_view v) const { return std::string(v); }
  std::string operator()(std::int64_t v) const { return std::to_string(v); }
  std::string operator()(double v) const { return std::to_string(v); }
  std::string operator()(bool v) const { return v ? "true" : "false"; }
};

}  // namespace

void RecordingLogger::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string line(to_string(level));
  line.append(" ").append(event);
  for (const auto& field : fields) {
    line.append(" ").append(field.key).append("=").append(std::visit(Text{}, field.value));
  }
  std::lock_guard lock(mutex_);
  lines_.push_back(std::move(line));
}

std::vector<std::string> RecordingLogger::lines() const {
  std::lock_guard lock(mutex_);
  return lines_;
}

std::string RecordingLogger::text() const {
  std::string all;
  for (const auto& line : lines()) all += line + "\n";
  return all;
}

void RecordingLogger::clear() {
  std::lock_guard lock(mutex_);
  lines_.clear();
}

}  // namespace authplane::testing
