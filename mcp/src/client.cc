#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include <authplane/mcp/client.h>

#include "client_reply.h"
#include "default_transport.h"
#include "json_writer.h"
#include "result_json.h"

namespace authplane::mcp {
namespace {

constexpr std::size_t kMaxPages = 1'000;

[[noreturn]] void refuse(std::string message) {
  throw Exception(Err(ErrorCode::invalid_argument, "mcp client: " + std::move(message)).error);
}

Url checked_url(const std::string& text) {
  auto url = Url::parse(text);
  if (!url) refuse("options.url: " + url.error().message);
  if (url->scheme() != "http" && url->scheme() != "https") refuse("options.url must be http or https");
  if (url->has_userinfo() || url->has_fragment()) refuse("options.url must have no user and no fragment");
  return *std::move(url);
}

bool is_token(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [kMarks](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool all_visible(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x21 && c <= 0x7E; });
}

std::string member(std::string_view name, std::string_view value) {
  std::string out;
  append_json_string(out, name);
  out += ':';
  append_json_string(out, value);
  return out;
}

std::string string_or_empty(const Json& object, std::string_view name) {
  const auto* text = find_string(object, name);
  return text != nullptr ? *text : std::string();
}

Unexpected<Error> bad(std::string message) {
  return Err(ErrorCode::protocol_error, "mcp " + std::move(message));
}

Result<std::vector<ToolInfo>> parse_tools(const Json& result) {
  const auto* list = find_array(result, "tools");
  if (list == nullptr) return bad("tools/list: the result has no tools");
  std::vector<ToolInfo> tools;
  for (const auto& item : *list) {
    const auto* name = item.is_object() ? find_string(item, "name") : nullptr;
    const auto* schema = name != nullptr ? find_object(item, "inputSchema") : nullptr;
    if (schema == nullptr) return bad("tools/list: a tool lacks its name or inputSchema");
    tools.push_back({*name, string_or_empty(item, "title"), string_or_empty(item, "description"), *schema});
  }
  return tools;
}

}  // namespace

struct Client::State {
  ClientOptions options;
  Url url;
  Headers extra_headers;
  std::shared_ptr<RequestAuthorizer> authorizer;
  NotificationHandler on_notification;
  std::string session_id;
  std::string protocol_version;  // negotiated, "" before
  bool connected = false;        // a server may work without session ids
  std::int64_t next_id = 1;

  OutboundRequest outbound(std::string method) const;
  Result<HttpResponse> send_once(OutboundRequest request) const;
  Result<HttpResponse> send(const OutboundRequest& request) const;
  Result<HttpResponse> post(std::string body) const;
  Result<void> notify(std::string_view method) const;
  Result<Json> exchange(std::string_view method, const std::string& params, bool& session_lost);
  Result<Json> request(std::string_view method, const std::string& params);
  Result<ServerInfo> connect();
  Result<ServerInfo> accept_server(const Json& result);
  void forget_session();
};

OutboundRequest Client::State::outbound(std::string method) const {
  OutboundRequest request;
  request.method = std::move(method);
  request.url = url;
  request.headers = extra_headers;
  request.timeout = options.timeout;
  request.max_response_bytes = options.max_response_bytes;
  if (!session_id.empty()) request.headers.set(kSessionHeader, session_id);
  if (protocol_version >= "2025-06-18") request.headers.set(kVersionHeader, protocol_version);
  return request;
}

Result<HttpResponse> Client::State::send_once(OutboundRequest request) const {
  if (authorizer) {
    const auto fields = authorizer->headers(request.method, request.url.text());
    if (!fields) return Err(fields.error());
    for (const auto& field : *fields) request.headers.remove(field.first);
    for (const auto& [name, value] : *fields) request.headers.add(name, value);
  }
  return options.transport->send(request);
}

Result<HttpResponse> Client::State::send(const OutboundRequest& request) const {
  const auto wants_retry = [&](const Result<HttpResponse>& response) {
    return response && authorizer &&
           authorizer->should_retry(request.url.text(), response->status, response->headers);
  };
  const int most = authorizer ? authorizer->max_retries() : 0;
  auto response = send_once(request);
  // It is told of every response, the last one included.
  for (int retries = 0; wants_retry(response) && retries < most; ++retries) response = send_once(request);
  return response;
}

Result<HttpResponse> Client::State::post(std::string body) const {
  auto request = outbound("POST");
  request.headers.set("Content-Type", "application/json");
  request.headers.set("Accept", "application/json, text/event-stream");
  request.body = std::move(body);
  return send(request);
}

Result<void> Client::State::notify(std::string_view method) const {
  auto response = post(R"({"jsonrpc":"2.0",)" + member("method", method) + '}');
  if (!response) return Err(std::move(response).error());
  if (response->status < 200 || response->status > 299) return Err(http_error(*response, method));
  return {};
}

Result<Json> Client::State::exchange(std::string_view method, const std::string& params, bool& session_lost) {
  const auto id = next_id++;
  auto body = R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + ',' + member("method", method);
  if (!params.empty()) body += R"(,"params":)" + params;
  auto response = post(body + '}');
  if (!response) return Err(std::move(response).error());
  session_lost = response->status == 404 && !session_id.empty();
  if (session_lost) {
    forget_session();
    return Err(ErrorCode::closed, "mcp " + std::string(method) + ": the server ended the session");
  }
  auto reply = read_reply(*response, id, method, options.max_response_bytes, on_notification);
  if (reply && method == "initialize") session_id = response->headers.get(kSessionHeader).value_or("");
  return reply;
}

Result<Json> Client::State::request(std::string_view method, const std::string& params) {
  const bool fresh = !connected;
  if (fresh) {
    if (auto info = connect(); !info) return Err(std::move(info).error());
  }
  bool session_lost = false;
  auto reply = exchange(method, params, session_lost);
  if (!session_lost || fresh) return reply;
  if (auto info = connect(); !info) return Err(std::move(info).error());
  return exchange(method, params, session_lost);
}

void Client::State::forget_session() {
  session_id.clear();
  protocol_version.clear();
  connected = false;
}

Result<ServerInfo> Client::State::connect() {
  forget_session();
  const auto params = '{' + member("protocolVersion", options.protocol_version) +
                      R"(,"capabilities":{},"clientInfo":{)" + member("name", options.name) + ',' +
                      member("version", options.version) + "}}";
  bool session_lost = false;
  const auto reply = exchange("initialize", params, session_lost);
  if (!reply) return Err(reply.error());
  auto info = accept_server(*reply);
  if (!info) {
    forget_session();
    return info;
  }
  if (auto sent = notify("notifications/initialized"); !sent) {
    forget_session();
    return Err(std::move(sent).error());
  }
  connected = true;
  return info;
}

Result<ServerInfo> Client::State::accept_server(const Json& result) {
  if (!session_id.empty() && !all_visible(session_id))
    return bad("initialize: the session id has bad characters");
  const auto version = string_or_empty(result, "protocolVersion");
  if (std::find(kProtocolVersions.begin(), kProtocolVersions.end(), version) == kProtocolVersions.end()) {
    return bad("initialize: the server speaks a protocol version this client does not");
  }
  protocol_version = version;
  ServerInfo info{.name = {},
                  .version = {},
                  .protocol_version = version,
                  .instructions = string_or_empty(result, "instructions")};
  if (const auto* server = find_object(result, "serverInfo")) {
    info.name = string_or_empty(*server, "name");
    info.version = string_or_empty(*server, "version");
  }
  return info;
}

Client::Client(ClientOptions options) : state_(std::make_unique<State>()) {
  state_->url = checked_url(options.url);
  if (!options.transport) options.transport = default_transport();
  state_->options = std::move(options);
}

Client::~Client() {
  try {
    if (state_) (void)close();
  } catch (...) {  // of the transport or the authorizer; there is nobody to tell
  }
}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

void Client::set_header(std::string name, std::string value) {
  if (!is_token(name)) refuse("a header name must be a token (RFC 9110 section 5.6.2)");
  const bool clean = std::none_of(value.begin(), value.end(),
                                  [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7F; });
  if (!clean) refuse("the value of header " + name + " has control characters");
  state_->extra_headers.set(name, std::move(value));
}

void Client::set_authorizer(std::shared_ptr<RequestAuthorizer> authorizer) {
  state_->authorizer = std::move(authorizer);
}

void Client::on_notification(NotificationHandler handler) {
  state_->on_notification = std::move(handler);
}

Result<ServerInfo> Client::initialize() {
  (void)close();
  return state_->connect();
}

Result<std::vector<ToolInfo>> Client::list_tools() {
  std::vector<ToolInfo> tools;
  std::set<std::string> seen;
  std::string params;
  for (std::size_t page = 0; page < kMaxPages; ++page) {
    auto result = state_->request("tools/list", params);
    if (!result) return Err(std::move(result).error());
    auto parsed = parse_tools(*result);
    if (!parsed) return parsed;
    std::move(parsed->begin(), parsed->end(), std::back_inserter(tools));
    const auto* cursor = find_string(*result, "nextCursor");
    if (cursor == nullptr) return tools;
    if (!seen.insert(*cursor).second) return bad("tools/list: the server repeats a cursor");
    params = '{' + member("cursor", *cursor) + '}';
  }
  return bad("tools/list: more than 1000 pages");
}

Result<ToolResult> Client::call_tool(std::string_view name, const JsonText& arguments) {
  if (auto valid =
          parse_json_object(arguments.text(), {.max_bytes = arguments.text().size(), .max_depth = 64});
      !valid) {
    return Err(ErrorCode::invalid_argument, "mcp tools/call: arguments: " + valid.error().message);
  }
  const auto params = '{' + member("name", name) + R"(,"arguments":)" + arguments.text() + '}';
  auto result = state_->request("tools/call", params);
  if (!result) return Err(std::move(result).error());
  return parse_result(*result);
}

Result<void> Client::ping() {
  auto result = state_->request("ping", {});
  if (!result) return Err(std::move(result).error());
  return {};
}

Result<void> Client::close() {
  if (state_->session_id.empty()) {
    state_->forget_session();
    return {};
  }
  auto response = state_->send(state_->outbound("DELETE"));
  state_->forget_session();
  if (!response) return Err(std::move(response).error());
  // 405: the server does not let clients end sessions. 404: it has ended already.
  const bool done = (response->status >= 200 && response->status < 300) || response->status == 404 ||
                    response->status == 405;
  if (!done) return Err(http_error(*response, "DELETE"));
  return {};
}

std::string_view Client::session_id() const {
  return state_->session_id;
}

}  // namespace authplane::mcp
