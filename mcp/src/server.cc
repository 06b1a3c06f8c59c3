#include <exception>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <authplane/mcp/server.h>

#include "cors.h"
#include "era.h"
#include "json_scan.h"
#include "legacy_era.h"
#include "request_rules.h"
#include "responses.h"
#include "tool_service.h"

namespace authplane::mcp {
namespace {

constexpr std::size_t kMaxDepth = 64;

ServerOptions completed(ServerOptions options) {
  if (options.name.empty()) {
    throw Exception(Err(ErrorCode::invalid_argument, "mcp server: options.name must not be empty").error);
  }
  if (!options.clock) options.clock = std::make_shared<SystemClock>();
  if (!options.random) options.random = std::make_shared<SystemRandom>();
  if (!options.logger) options.logger = std::make_shared<StderrLogger>(LogLevel::warn);
  return options;
}

std::variant<Incoming, HttpResponse> read_body(const std::string& body) {
  auto parsed = parse_json(body, {.max_bytes = body.size(), .max_depth = kMaxDepth});
  if (!parsed) return error_response(400, {}, {kParseError, "Parse error: " + parsed.error().message});
  Incoming incoming{
      .document = std::make_shared<const Json>(*std::move(parsed)), .messages = {}, .batch = false};
  const auto& document = *incoming.document;
  if (!document.is_array()) {
    incoming.messages.push_back(classify_message(document, body));
    return incoming;
  }
  incoming.batch = true;
  const auto spelled = raw_elements(body);
  if (document.empty() || spelled.size() != document.size())
    return refusal(400, {}, "An empty batch is no request");
  for (std::size_t i = 0; i < spelled.size(); ++i) {
    incoming.messages.push_back(classify_message(document[i], spelled[i]));
  }
  return incoming;
}

std::optional<HttpResponse> ask_policy(const HttpRequest& request, const RequestContext& context,
                                       const Incoming& incoming) {
  if (!context.policy) return std::nullopt;
  std::vector<Invocation> invocations;
  invocations.reserve(incoming.messages.size());
  for (const auto& message : incoming.messages) {
    invocations.push_back({.method = message.method,
                           .tool_name = called_tool(message),
                           .notification = message.kind == Message::Kind::notification});
  }
  return context.policy->before_dispatch(request, context, invocations);
}

}  // namespace

class Server::Impl {
 public:
  explicit Impl(const ServerOptions& options)
      : max_body_bytes_(options.max_body_bytes),
        get_stream_(options.get_stream),
        logger_(options.logger),
        origin_rules_(options),
        cors_(origin_rules_, methods()),
        tools_(std::make_shared<ToolService>(options.tools_page_size, options.logger)),
        legacy_(std::make_shared<LegacyEra>(options, tools_)) {}

  HttpResponse handle(const HttpRequest& request, const RequestContext& context) const {
    if (auto preflight = cors_.preflight(request)) return *std::move(preflight);
    HttpResponse response = answer(request, context);
    cors_.decorate(request, response);
    return response;
  }

  const Cors& cors() const { return cors_; }
  const std::shared_ptr<ToolService>& tools() const { return tools_; }
  LegacyEra& legacy() const { return *legacy_; }

 private:
  const char* methods() const { return get_stream_ ? "GET, POST, DELETE" : "POST, DELETE"; }

  HttpResponse answer(const HttpRequest& request, const RequestContext& context) const {
    try {
      return dispatch(request, context);
    } catch (const std::exception& error) {
      logger_->error("mcp request failed", {{"reason", error.what()}});
    } catch (...) {
      logger_->error("mcp request failed", {{"reason", "an exception of unknown type"}});
    }
    return error_response(500, {}, {kInternalError, "Internal error"});
  }

  HttpResponse dispatch(const HttpRequest& request, const RequestContext& context) const {
    const bool get = request.method == "GET" && get_stream_;
    const bool remove = request.method == "DELETE";
    if (request.method != "POST" && !get && !remove) {
      return method_not_allowed(methods());
    }
    if (const auto* violation = origin_rules_.violation(request.headers, context)) {
      return refusal(403, {}, violation);
    }
    if (request.method == "POST") return post(request, context);
    if (era_of(request.headers, {}).era == Era::modern) return method_not_allowed("POST");
    if (remove) return legacy_->end_session(request, context);
    if (!Accepts::of(request.headers).event_stream)
      return refusal(406, {}, "Accept must allow text/event-stream");
    return legacy_->open_stream(request, context);
  }

  HttpResponse post(const HttpRequest& request, const RequestContext& context) const {
    if (!is_json_content(request.headers)) return refusal(415, {}, "Content-Type must be application/json");
    if (request.body.size() > max_body_bytes_) return refusal(413, {}, "The body is too large");
    const auto accepts = Accepts::of(request.headers);
    if (!accepts.json && !accepts.event_stream) {
      return refusal(406, {}, "Accept must allow application/json or text/event-stream");
    }
    auto read = read_body(request.body);
    if (auto* response = std::get_if<HttpResponse>(&read)) return std::move(*response);
    const auto& incoming = std::get<Incoming>(read);
    const auto claim = era_of(request.headers, incoming.messages);
    if (claim.era == Era::modern) return refuse_modern(claim, incoming);
    if (auto response = ask_policy(request, context, incoming)) return *std::move(response);
    return legacy_->post(request, context, incoming, accepts);
  }

  const std::size_t max_body_bytes_;
  const bool get_stream_;
  const std::shared_ptr<Logger> logger_;
  const OriginRules origin_rules_;
  const Cors cors_;
  const std::shared_ptr<ToolService> tools_;
  const std::shared_ptr<LegacyEra> legacy_;
};

Server::Server(ServerOptions options) : impl_(std::make_shared<Impl>(completed(std::move(options)))) {}

Server::~Server() {
  impl_->legacy().stop();
}

void Server::add_tool(Tool tool, ToolHandler handler) {
  impl_->tools()->add(std::move(tool), std::move(handler));
  impl_->legacy().announce_tools_changed();
}

bool Server::has_tool(std::string_view name) const {
  return impl_->tools()->has(name);
}

HttpResponse Server::handle(const HttpRequest& request, const RequestContext& context) const {
  return impl_->handle(request, context);
}

std::optional<HttpResponse> Server::preflight(const HttpRequest& request) const {
  return impl_->cors().preflight(request);
}

void Server::share_with_origin(const HttpRequest& request, HttpResponse& response) const {
  impl_->cors().decorate(request, response);
}

std::vector<HttpRoute> Server::routes(std::string path) const {
  return {
      {std::move(path), [impl = impl_](const HttpRequest& request) { return impl->handle(request, {}); }}};
}

std::size_t Server::session_count() const {
  return impl_->legacy().session_count();
}

}  // namespace authplane::mcp
