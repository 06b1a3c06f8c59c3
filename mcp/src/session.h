#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/mutex.h>
#include <authplane/json/json.h>
#include <authplane/mcp/protocol.h>

#include "call_channel.h"
#include "dialect.h"

namespace authplane::mcp {

// Messages on their way to a session's GET stream. Thread-safe.
class EventQueue {
 public:
  static constexpr std::size_t kMaxWaiting = 100;

  // Dropped when it equals the last waiting message or the queue is full.
  void push(const std::string& message) AUTHPLANE_EXCLUDES(mutex_);
  void close() AUTHPLANE_EXCLUDES(mutex_);
  // Waits for messages, the end or `timeout`, in real time. False when closed.
  bool wait(std::chrono::milliseconds timeout, std::vector<std::string>& out) AUTHPLANE_EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> waiting_ AUTHPLANE_GUARDED_BY(mutex_);
  bool closed_ AUTHPLANE_GUARDED_BY(mutex_) = false;
};

// One legacy session. Thread-safe.
class Session {
 public:
  Session(std::string id, std::string principal, std::string_view protocol_version, const Dialect& dialect)
      : id_(std::move(id)),
        principal_(std::move(principal)),
        protocol_version_(protocol_version),
        dialect_(dialect) {}

  const std::string& id() const { return id_; }
  const std::string& principal() const { return principal_; }
  std::string_view protocol_version() const { return protocol_version_; }  // one of kProtocolVersions
  const Dialect& dialect() const { return dialect_; }
  bool takes_batches() const { return protocol_version_ <= "2025-03-26"; }

  bool initialized() const { return initialized_.load(std::memory_order_acquire); }
  void set_initialized() { initialized_.store(true, std::memory_order_release); }
  const std::atomic<LoggingLevel>& logging_level() const { return logging_level_; }
  void set_logging_level(LoggingLevel level) { logging_level_.store(level, std::memory_order_relaxed); }

  // Registers a running call for its own lifetime, so that the client can cancel it by its request id.
  // `session` and `id` must outlive it.
  class Call final : public CancelSignal {
   public:
    Call(Session& session, const Json& id);
    ~Call() override;
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    bool cancelled() const override { return cancelled_.load(std::memory_order_relaxed) || session_.ended(); }

   private:
    friend class Session;
    Session& session_;
    const Json& id_;
    std::atomic<bool> cancelled_{false};
  };
  void cancel(const Json& id) AUTHPLANE_EXCLUDES(mutex_);

  // nullptr when the session has an open stream or has ended.
  std::shared_ptr<EventQueue> open_stream() AUTHPLANE_EXCLUDES(mutex_);
  void close_stream() AUTHPLANE_EXCLUDES(mutex_);
  // To the GET stream, if one is open.
  void announce(const std::string& message) AUTHPLANE_EXCLUDES(mutex_);

  // Cancels the running calls and ends the stream. For good.
  void end() AUTHPLANE_EXCLUDES(mutex_);
  bool ended() const { return ended_.load(std::memory_order_relaxed); }

 private:
  const std::string id_, principal_;
  const std::string_view protocol_version_;
  const Dialect dialect_;
  std::atomic<bool> initialized_{false}, ended_{false};
  std::atomic<LoggingLevel> logging_level_{LoggingLevel::info};
  Mutex mutex_;
  std::vector<Call*> calls_ AUTHPLANE_GUARDED_BY(mutex_);
  std::shared_ptr<EventQueue> stream_ AUTHPLANE_GUARDED_BY(mutex_);
};

}  // namespace authplane::mcp
