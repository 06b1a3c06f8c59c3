#include <cmath>

#include <nlohmann/json.hpp>

#include <authplane/mcp/tool.h>

#include "call_channel.h"
#include "json_writer.h"

namespace authplane::mcp {
namespace {

[[noreturn]] void wrong_argument(std::string_view name, const char* type) {
  throw ArgumentError("'" + std::string(name) + "' must be given as " + type);
}

constexpr double kTwoTo63 = 9223372036854775808.0;

}  // namespace

const std::string& ToolCall::string_argument(std::string_view name) const {
  const auto* text = find_string(arguments_, name);
  if (text == nullptr) wrong_argument(name, "string");
  return *text;
}

std::int64_t ToolCall::integer_argument(std::string_view name) const {
  const auto* value = find_argument(name);
  if (value != nullptr && value->is_number_unsigned()) {
    const auto number = value->get<std::uint64_t>();
    if (number <= static_cast<std::uint64_t>(INT64_MAX)) return static_cast<std::int64_t>(number);
  } else if (value != nullptr && value->is_number_integer()) {
    return value->get<std::int64_t>();
  } else if (value != nullptr && value->is_number_float()) {
    const auto number = value->get<double>();
    if (std::trunc(number) == number && number >= -kTwoTo63 && number < kTwoTo63) {
      return static_cast<std::int64_t>(number);
    }
  }
  wrong_argument(name, "integer");
}

double ToolCall::number_argument(std::string_view name) const {
  const auto* value = find_argument(name);
  if (value == nullptr || !value->is_number()) wrong_argument(name, "number");
  return value->get<double>();
}

bool ToolCall::bool_argument(std::string_view name) const {
  const auto* value = find_argument(name);
  if (value == nullptr || !value->is_boolean()) wrong_argument(name, "boolean");
  return value->get<bool>();
}

void ToolCall::progress(double progress, std::optional<double> total, std::string_view message) const {
  channel_.progress(progress, total, message);
}

void ToolCall::log(LoggingLevel level, std::string_view text, std::string_view logger) const {
  channel_.log(level, text, logger);
}

bool ToolCall::cancelled() const {
  return channel_.cancelled();
}

void CallChannel::progress(double progress, std::optional<double> total, std::string_view message) {
  if (sink_ == nullptr || progress_token_.empty() || !std::isfinite(progress)) return;
  if (last_progress_ && progress <= *last_progress_) return;
  last_progress_ = progress;
  std::string out = R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)";
  out += progress_token_;
  out += R"(,"progress":)";
  append_json_number(out, progress);
  if (total && std::isfinite(*total)) {
    out += R"(,"total":)";
    append_json_number(out, *total);
  }
  if (!message.empty()) {
    out += R"(,"message":)";
    append_json_string(out, message);
  }
  out += "}}";
  sink_->send(std::move(out));
}

void CallChannel::log(LoggingLevel level, std::string_view text, std::string_view logger) {
  if (sink_ == nullptr || level < minimum_level_.load(std::memory_order_relaxed)) return;
  std::string out = R"({"jsonrpc":"2.0","method":"notifications/message","params":{"level":")";
  out += to_string(level);
  out += '"';
  if (!logger.empty()) {
    out += R"(,"logger":)";
    append_json_string(out, logger);
  }
  out += R"(,"data":)";
  append_json_string(out, text);
  out += "}}";
  sink_->send(std::move(out));
}

}  // namespace authplane::mcp
