#include "legacy_era.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "json_writer.h"
#include "responses.h"
#include "sse.h"

namespace authplane::mcp {
namespace {

constexpr std::size_t kMaxBatch = 100;

std::optional<std::string_view> served_version(std::string_view asked) {
  const auto found = std::find(kProtocolVersions.begin(), kProtocolVersions.end(), asked);
  return found != kProtocolVersions.end() ? std::optional(*found) : std::nullopt;
}

std::optional<LoggingLevel> logging_level(std::string_view name) {
  for (auto level = LoggingLevel::debug;; level = static_cast<LoggingLevel>(static_cast<int>(level) + 1)) {
    if (to_string(level) == name) return level;
    if (level == LoggingLevel::emergency) return std::nullopt;
  }
}

// What the session's client can be answered with. A client that lists its modes of elicitation without "url"
// would not know what to do with a page.
Dialect dialect_of(std::string_view version, const Json& params) {
  Dialect dialect = Dialect::of(version);
  const auto* capabilities = find_object(params, "capabilities");
  const auto* elicitation = capabilities != nullptr ? find_object(*capabilities, "elicitation") : nullptr;
  if (elicitation != nullptr && find_member(*elicitation, "url") == nullptr) dialect.url_elicitation = false;
  return dialect;
}

Outcome set_level(const Json* params, Session& session) {
  const auto* name = params != nullptr ? find_string(*params, "level") : nullptr;
  const auto level = name != nullptr ? logging_level(*name) : std::nullopt;
  if (!level) return RpcError{kInvalidParams, "params.level is not a logging level"};
  session.set_logging_level(*level);
  return "{}";
}

// 2025-11-25, section 5 of the error table: only a request that is none gets its own status.
int status_of(const Outcome& outcome) {
  const auto* error = std::get_if<RpcError>(&outcome);
  return error != nullptr && error->code == kInvalidRequest ? 400 : 200;
}

HttpResponse answer_as(const Accepts& accepts, int status, std::vector<std::string> notifications,
                       std::string reply) {
  if (notifications.empty() && (accepts.json || status != 200))
    return json_response(status, std::move(reply));
  notifications.push_back(std::move(reply));
  return event_stream(notifications);
}

class StreamSink final : public MessageSink {
 public:
  explicit StreamSink(BodySink& body) : body_(body) {}
  // A client that went away does not cancel its call (2025-11-25, transports), so the outcome is not looked
  // at.
  void send(std::string message) override {
    event_.clear();
    append_sse_event(event_, message);
    if (open_) open_ = body_.write(event_);
  }

 private:
  BodySink& body_;
  std::string event_;
  bool open_ = true;
};

}  // namespace

LegacyEra::LegacyEra(const ServerOptions& options, std::shared_ptr<const ToolService> tools)
    : name_(options.name),
      version_(options.version),
      title_(options.title),
      instructions_(options.instructions),
      get_stream_(options.get_stream),
      max_get_streams_(options.max_get_streams),
      keep_alive_interval_(options.keep_alive_interval),
      logger_(options.logger),
      tools_(std::move(tools)),
      sessions_({.max_sessions = options.max_sessions, .idle_timeout = options.session_idle_timeout},
                options.clock, options.random) {}

HttpResponse LegacyEra::post(const HttpRequest& request, const RequestContext& context,
                             const Incoming& incoming, const Accepts& accepts) {
  const auto& first = incoming.messages.front();
  const auto raw_id = incoming.batch ? std::string_view() : first.raw_id;
  if (!incoming.batch) {
    if (first.kind == Message::Kind::invalid) return refusal(400, raw_id, first.problem);
    if (first.kind == Message::Kind::request && first.method == "initialize") {
      return initialize(first, context, accepts);
    }
  }
  auto found = session_for(request, context, raw_id);
  if (auto* response = std::get_if<HttpResponse>(&found)) return std::move(*response);
  const auto& session = std::get<SessionPtr>(found);
  if (incoming.batch) return answer_batch(session, context, incoming, accepts);
  if (first.kind == Message::Kind::request) return answer_request(first, session, context, incoming, accepts);
  if (first.kind == Message::Kind::notification) take_notification(first, *session);
  return accepted();
}

std::variant<LegacyEra::SessionPtr, HttpResponse> LegacyEra::session_for(const HttpRequest& request,
                                                                         const RequestContext& context,
                                                                         std::string_view raw_id) {
  const auto id = request.headers.get(kSessionHeader);
  if (!id) return refusal(400, raw_id, "Mcp-Session-Id must be sent once; initialize gives it");
  auto session = sessions_.find(*id, context.principal);
  if (!session) return refusal(404, raw_id, "No such session; start a new one with initialize");
  for (const auto version : request.headers.all(kVersionHeader)) {
    if (!served_version(version)) return refusal(400, raw_id, "MCP-Protocol-Version is not supported");
  }
  return session;
}

HttpResponse LegacyEra::initialize(const Message& message, const RequestContext& context,
                                   const Accepts& accepts) {
  const auto* asked = message.params != nullptr ? find_string(*message.params, "protocolVersion") : nullptr;
  if (asked == nullptr) {
    return error_response(200, message.raw_id, {kInvalidParams, "params.protocolVersion must be a string"});
  }
  const auto version = served_version(*asked).value_or(kLatestProtocolVersion);
  const auto session = sessions_.open(context.principal, version, dialect_of(version, *message.params));
  if (!session) {
    logger_->warn("mcp session refused, all are in use", {{"open_sessions", sessions_.size()}});
    auto response =
        error_response(503, message.raw_id, {kInternalError, "Too many sessions; try again later"});
    response.headers.add("Retry-After", "60");
    return response;
  }
  auto response = answer_as(accepts, 200, {}, result_message(message.raw_id, initialize_result(version)));
  response.headers.add(std::string(kSessionHeader), session->id());
  return response;
}

std::string LegacyEra::initialize_result(std::string_view version) const {
  std::string out = R"({"protocolVersion":)";
  append_json_string(out, version);
  out += get_stream_ ? R"(,"capabilities":{"logging":{},"tools":{"listChanged":true}})"
                     : R"(,"capabilities":{"logging":{},"tools":{}})";
  out += R"(,"serverInfo":{"name":)";
  append_json_string(out, name_);
  if (!title_.empty() && Dialect::of(version).structured_output) {
    out += R"(,"title":)";
    append_json_string(out, title_);
  }
  out += R"(,"version":)";
  append_json_string(out, version_);
  out += '}';
  if (!instructions_.empty()) {
    out += R"(,"instructions":)";
    append_json_string(out, instructions_);
  }
  return out + '}';
}

HttpResponse LegacyEra::answer_request(const Message& message, const SessionPtr& session,
                                       const RequestContext& context, const Incoming& incoming,
                                       const Accepts& accepts) {
  if (accepts.event_stream && session->initialized() && wants_stream(message)) {
    return answer_streamed(message, session, context, incoming);
  }
  BufferedSink sink;
  const auto outcome = answer(message, *session, context, accepts.event_stream ? &sink : nullptr);
  return answer_as(accepts, status_of(outcome), sink.messages(), reply_message(message.raw_id, outcome));
}

bool LegacyEra::wants_stream(const Message& message) const {
  if (message.method != "tools/call") return false;
  const auto prepared = tools_->prepare(message.params);
  const auto* call = std::get_if<ToolService::Prepared>(&prepared);
  return call != nullptr && call->tool->streaming();
}

HttpResponse LegacyEra::answer_streamed(const Message& message, const SessionPtr& session,
                                        const RequestContext& context, const Incoming& incoming) {
  auto response = event_stream_head();
  response.stream = [self = shared_from_this(), message, raw_id = std::string(message.raw_id), session,
                     context, document = incoming.document](BodySink& body) {
    try {
      StreamSink sink(body);
      sink.send(reply_message(raw_id, self->answer(message, *session, context, &sink)));
    } catch (const std::exception& error) {
      self->logger_->error("mcp streamed answer failed", {{"reason", error.what()}});
    }
  };
  return response;
}

HttpResponse LegacyEra::answer_batch(const SessionPtr& session, const RequestContext& context,
                                     const Incoming& incoming, const Accepts& accepts) {
  if (!session->takes_batches()) return refusal(400, {}, "Batches exist only in 2025-03-26");
  if (incoming.messages.size() > kMaxBatch) return refusal(400, {}, "A batch holds at most 100 messages");
  BufferedSink sink;
  std::vector<std::string> replies;
  for (const auto& message : incoming.messages) {
    if (message.kind == Message::Kind::request) {
      const auto outcome = answer(message, *session, context, accepts.event_stream ? &sink : nullptr);
      replies.push_back(reply_message(message.raw_id, outcome));
    } else if (message.kind == Message::Kind::invalid) {
      const auto raw_id = message.raw_id.empty() ? std::string_view("null") : message.raw_id;
      replies.push_back(error_message(raw_id, {kInvalidRequest, message.problem}));
    } else if (message.kind == Message::Kind::notification) {
      take_notification(message, *session);
    }
  }
  if (replies.empty()) return accepted();
  std::string joined;
  for (const auto& reply : replies) joined += (joined.empty() ? '[' : ',') + reply;
  return answer_as(accepts, 200, sink.messages(), joined + ']');
}

Outcome LegacyEra::answer(const Message& message, Session& session, const RequestContext& context,
                          MessageSink* sink) const {
  if (message.method == "ping") return "{}";
  if (!session.initialized()) return RpcError{kInvalidRequest, "Send notifications/initialized first"};
  if (message.method == "tools/call") return call_tool(message, session, context, sink);
  if (message.method == "tools/list") return tools_->list(message.params, context, session.dialect());
  if (message.method == "logging/setLevel") return set_level(message.params, session);
  if (message.method == "initialize")
    return RpcError{kInvalidRequest, "initialize cannot be part of a batch"};
  return RpcError{kMethodNotFound, "Method not found"};
}

Outcome LegacyEra::call_tool(const Message& message, Session& session, const RequestContext& context,
                             MessageSink* sink) const {
  const auto prepared = tools_->prepare(message.params);
  if (const auto* error = std::get_if<RpcError>(&prepared)) return *error;
  const auto& call = std::get<ToolService::Prepared>(prepared);
  const Session::Call running(session, *message.id);
  CallChannel channel(sink, running, session.logging_level(), call.progress_token);
  return tools_->run(call, context, channel, session.dialect());
}

void LegacyEra::take_notification(const Message& message, Session& session) {
  if (message.method == "notifications/initialized") {
    session.set_initialized();
  } else if (message.method == "notifications/cancelled" && message.params != nullptr) {
    if (const auto* id = find_member(*message.params, "requestId")) session.cancel(*id);
  }
}

HttpResponse LegacyEra::end_session(const HttpRequest& request, const RequestContext& context) {
  auto found = session_for(request, context, {});
  if (auto* response = std::get_if<HttpResponse>(&found)) return std::move(*response);
  sessions_.close(std::get<SessionPtr>(found)->id(), context.principal);
  HttpResponse response;
  response.status = 204;
  return response;
}

// Holds one of the server's GET streams, also while the response waits to be sent or is dropped unsent.
struct LegacyEra::StreamSlot {
  std::shared_ptr<LegacyEra> era;
  SessionPtr session;
  std::shared_ptr<EventQueue> queue;

  StreamSlot(std::shared_ptr<LegacyEra> owner, SessionPtr of, std::shared_ptr<EventQueue> events)
      : era(std::move(owner)), session(std::move(of)), queue(std::move(events)) {}
  StreamSlot(const StreamSlot&) = delete;
  StreamSlot& operator=(const StreamSlot&) = delete;
  ~StreamSlot() {
    session->close_stream();
    --era->open_streams_;
  }

  void serve(BodySink& body) const {
    if (!body.write(": open\n\n")) return;
    std::vector<std::string> messages;
    while (queue->wait(era->keep_alive_interval_, messages)) {
      if (!era->sessions_.find(session->id(), session->principal())) return;
      std::string out;
      for (const auto& message : messages) append_sse_event(out, message);
      if (!body.write(out.empty() ? ": keep-alive\n\n" : out)) return;
    }
  }
};

HttpResponse LegacyEra::open_stream(const HttpRequest& request, const RequestContext& context) {
  auto found = session_for(request, context, {});
  if (auto* response = std::get_if<HttpResponse>(&found)) return std::move(*response);
  const auto& session = std::get<SessionPtr>(found);
  if (++open_streams_ > max_get_streams_) {
    --open_streams_;
    auto response = refusal(503, {}, "Too many open streams; try again later");
    response.headers.add("Retry-After", "60");
    return response;
  }
  auto queue = session->open_stream();
  if (!queue) {
    --open_streams_;
    return refusal(409, {}, "This session has an open stream");
  }
  auto slot = std::make_shared<StreamSlot>(shared_from_this(), session, std::move(queue));
  auto response = event_stream_head();
  response.stream = [slot = std::move(slot)](BodySink& body) { slot->serve(body); };
  return response;
}

void LegacyEra::announce_tools_changed() {
  if (!get_stream_) return;
  const std::string message = R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})";
  for (const auto& session : sessions_.all()) session->announce(message);
}

void LegacyEra::stop() {
  for (const auto& session : sessions_.all()) session->end();
}

}  // namespace authplane::mcp
