#pragma once

#include <any>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include <authplane/base/http.h>
#include <authplane/json/json.h>
#include <authplane/mcp/content.h>
#include <authplane/mcp/protocol.h>
#include <authplane/mcp/rpc_error.h>

namespace authplane::mcp {

// One JSON-RPC message of a POST body, as a policy sees it before anything runs. Views live as long as the
// call.
struct Invocation {
  std::string_view method;     // "" for a response or a message that is no JSON-RPC
  std::string_view tool_name;  // `params.name` of a tools/call, else ""
  bool notification = false;   // no id: nobody waits for an answer
};

struct RequestContext;

// What an authorization layer decides about requests it has let through. Implementations are thread-safe and
// do not throw. This library never looks into tokens.
class RequestPolicy {
 public:
  virtual ~RequestPolicy() = default;
  // Called once per POST, after the body is known to be JSON and before any message runs; `invocations` has
  // one element, or every element of a batch. A response given back is sent as it is and nothing runs.
  virtual std::optional<HttpResponse> before_dispatch(const HttpRequest& request,
                                                      const RequestContext& context,
                                                      std::span<const Invocation> invocations) const = 0;
  // Asked before each call of a tool that exists. A text given back becomes the `isError` result of that
  // call, and the tool does not run.
  virtual std::optional<std::string> call_refusal(const RequestContext&,
                                                  std::string_view /*tool_name*/) const {
    return std::nullopt;
  }
  // Whether tools/list shows this tool to the caller. It does not stop a call: before_dispatch does.
  virtual bool tool_visible(const RequestContext& context, std::string_view tool_name) const = 0;
};

// What the layer in front of the server knows about a request.
struct RequestContext {
  // Who calls, in an opaque spelling that is stable for that caller; "" = not authenticated. A session
  // belongs to the principal that opened it: to everybody else it does not exist (404).
  std::string principal{};
  // Anything the tools need, for example verified claims. Copied into streamed calls, so better a shared_ptr.
  std::any user{};
  std::shared_ptr<const RequestPolicy> policy{};
};

// Thrown by the typed argument helpers. The text goes to the client as an `isError` result.
class ArgumentError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// How a running call reaches its client; implemented by the transport.
class CallChannel;

// One call of a tool. Valid until the handler returns; used by the handler's thread only, except cancelled().
class ToolCall {
 public:
  ToolCall(std::string_view name, const Json& arguments, const RequestContext& context, CallChannel& channel)
      : name_(name), arguments_(arguments), context_(context), channel_(channel) {}
  ToolCall(const ToolCall&) = delete;
  ToolCall& operator=(const ToolCall&) = delete;

  std::string_view name() const { return name_; }
  // An object; `{}` when the client sent none. Already checked against the tool's input schema, see Tool.
  const Json& arguments() const { return arguments_; }
  const RequestContext& context() const { return context_; }

  // Throw ArgumentError when the argument is absent or of another type. There is no conversion between types.
  const std::string& string_argument(std::string_view name) const;
  std::int64_t integer_argument(std::string_view name) const;  // 4.0 counts as 4, as in JSON Schema
  double number_argument(std::string_view name) const;         // integers count as numbers
  bool bool_argument(std::string_view name) const;
  // nullptr when absent.
  const Json* find_argument(std::string_view name) const { return find_member(arguments_, name); }

  // `notifications/progress`, sent only when the client gave a progress token and the value grew.
  void progress(double progress, std::optional<double> total = {}, std::string_view message = {}) const;
  // `notifications/message`, sent only at or above the level of the session. Must hold no secret.
  void log(LoggingLevel level, std::string_view text, std::string_view logger = {}) const;

  // True once the client cancelled this call or its session ended. Long handlers ask and return early; what
  // they then return is still sent. Thread-safe.
  bool cancelled() const;

 private:
  std::string_view name_;
  const Json& arguments_;
  const RequestContext& context_;
  CallChannel& channel_;
};

// Runs on the thread that handles the request, many at once. A thrown RpcException becomes the JSON-RPC error
// it holds. All else that it throws becomes an `isError` result: the text of an ArgumentError as it is,
// anything else as a general sentence, with the reason in the server's log.
using ToolHandler = std::function<ToolResult(const ToolCall&)>;

struct ToolAnnotations {
  std::optional<bool> read_only_hint{};
  std::optional<bool> destructive_hint{};
  std::optional<bool> idempotent_hint{};
  std::optional<bool> open_world_hint{};
};

struct Tool {
  std::string name;  // 1 to 128 characters of A-Z a-z 0-9 _ . -
  std::string title{};
  std::string description{};
  // JSON Schema (2020-12), an object; goes to the client untouched. Before a call `type`, `required`,
  // `properties`, `items`, `enum` and `additionalProperties: false` are checked, nested to any depth; a
  // violation becomes an `isError` result. Every other keyword is the handler's to check.
  JsonText input_schema = R"({"type":"object"})";
  JsonText output_schema{};  // optional; `structuredContent` is checked against it in the same way
  ToolAnnotations annotations{};
  // True: calls are answered as an event stream, so that progress() and log() arrive while the tool runs
  // (when the client accepts one). False: they are collected and arrive together with the result.
  bool streaming = false;
};

}  // namespace authplane::mcp
