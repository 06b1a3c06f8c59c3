#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/mcp/tool.h>

namespace authplane::mcp {

// Where JSON-RPC messages go that precede the answer to a request. One thread at a time.
class MessageSink {
 public:
  virtual ~MessageSink() = default;
  virtual void send(std::string message) = 0;
};

// Keeps messages until the answer is ready. Bounded: what does not fit is dropped.
class BufferedSink final : public MessageSink {
 public:
  static constexpr std::size_t kMaxMessages = 1'000;
  void send(std::string message) override {
    if (messages_.size() < kMaxMessages) messages_.push_back(std::move(message));
  }
  const std::vector<std::string>& messages() const { return messages_; }

 private:
  std::vector<std::string> messages_;
};

// Tells a running call that nobody wants its result any more.
class CancelSignal {
 public:
  virtual ~CancelSignal() = default;
  virtual bool cancelled() const = 0;
};

class CallChannel {
 public:
  // `sink` null: the client takes no notifications. `progress_token` is JSON text, "" when the client gave
  // none.
  CallChannel(MessageSink* sink, const CancelSignal& signal, const std::atomic<LoggingLevel>& minimum_level,
              std::string progress_token)
      : sink_(sink),
        signal_(signal),
        minimum_level_(minimum_level),
        progress_token_(std::move(progress_token)) {}

  void progress(double progress, std::optional<double> total, std::string_view message);
  void log(LoggingLevel level, std::string_view text, std::string_view logger);
  bool cancelled() const { return signal_.cancelled(); }

 private:
  MessageSink* sink_;
  const CancelSignal& signal_;
  const std::atomic<LoggingLevel>& minimum_level_;
  std::string progress_token_;
  std::optional<double> last_progress_;
};

}  // namespace authplane::mcp
