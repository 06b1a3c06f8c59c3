#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include <authplane/mcp/server.h>

#include "era.h"
#include "request_rules.h"
#include "session_store.h"
#include "tool_service.h"

namespace authplane::mcp {

// The transport and life cycle of 2025-03-26 to 2025-11-25: initialize, sessions, batches, GET streams. What
// methods do is ToolService's business. Thread-safe; owned by shared_ptr because streamed answers keep it.
class LegacyEra : public std::enable_shared_from_this<LegacyEra> {
 public:
  LegacyEra(const ServerOptions& options, std::shared_ptr<const ToolService> tools);

  HttpResponse post(const HttpRequest& request, const RequestContext& context, const Incoming& incoming,
                    const Accepts& accepts);
  HttpResponse open_stream(const HttpRequest& request, const RequestContext& context);
  HttpResponse end_session(const HttpRequest& request, const RequestContext& context);

  void announce_tools_changed();
  void stop();  // ends every session and with them the GET streams
  std::size_t session_count() const { return sessions_.size(); }

 private:
  using SessionPtr = std::shared_ptr<Session>;
  struct StreamSlot;

  std::variant<SessionPtr, HttpResponse> session_for(const HttpRequest& request,
                                                     const RequestContext& context, std::string_view raw_id);
  HttpResponse initialize(const Message& message, const RequestContext& context, const Accepts& accepts);
  std::string initialize_result(std::string_view version) const;

  HttpResponse answer_request(const Message& message, const SessionPtr& session,
                              const RequestContext& context, const Incoming& incoming,
                              const Accepts& accepts);
  HttpResponse answer_streamed(const Message& message, const SessionPtr& session,
                               const RequestContext& context, const Incoming& incoming);
  HttpResponse answer_batch(const SessionPtr& session, const RequestContext& context,
                            const Incoming& incoming, const Accepts& accepts);
  Outcome answer(const Message& message, Session& session, const RequestContext& context,
                 MessageSink* sink) const;
  Outcome call_tool(const Message& message, Session& session, const RequestContext& context,
                    MessageSink* sink) const;
  bool wants_stream(const Message& message) const;
  static void take_notification(const Message& message, Session& session);

  const std::string name_, version_, title_, instructions_;
  const bool get_stream_;
  const std::size_t max_get_streams_;
  const std::chrono::milliseconds keep_alive_interval_;
  const std::shared_ptr<Logger> logger_;
  const std::shared_ptr<const ToolService> tools_;
  SessionStore sessions_;
  std::atomic<std::size_t> open_streams_{0};
};

}  // namespace authplane::mcp
