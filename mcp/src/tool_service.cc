#include "tool_service.h"

#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>

#include "elicitation.h"
#include "result_json.h"

namespace authplane::mcp {
namespace {

// A cursor is the position of the next tool. Tools are only ever appended, so positions stay good.
constexpr std::string_view kCursorPrefix = "tools:";

std::string cursor_at(std::size_t position) {
  return base64url_encode(std::string(kCursorPrefix) + std::to_string(position));
}

std::optional<std::size_t> position_of(std::string_view cursor) {
  const auto text = base64url_decode(cursor);
  if (!text || !text->starts_with(kCursorPrefix)) return std::nullopt;
  const auto digits = std::string_view(*text).substr(kCursorPrefix.size());
  std::size_t position = 0;
  const auto end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, position);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return position;
}

const Json& empty_object() {
  static const Json object = Json::object();
  return object;
}

std::string progress_token(const Json& params) {
  const auto* meta = find_object(params, "_meta");
  const auto* token = meta != nullptr ? find_member(*meta, "progressToken") : nullptr;
  if (token == nullptr || !(token->is_string() || token->is_number_integer())) return {};
  return to_json_text(*token);
}

bool visible(const RequestContext& context, const RegisteredTool& tool) {
  return !context.policy || context.policy->tool_visible(context, tool.name());
}

}  // namespace

void ToolService::add(Tool tool, ToolHandler handler) {
  auto entry = std::make_shared<const RegisteredTool>(std::move(tool), std::move(handler));
  MutexLock lock(mutex_);
  registry_ = registry_->with(std::move(entry));
}

std::shared_ptr<const ToolRegistry> ToolService::snapshot() const {
  MutexLock lock(mutex_);
  return registry_;
}

Outcome ToolService::list(const Json* params, const RequestContext& context, const Dialect& dialect) const {
  const auto registry = snapshot();
  const auto& tools = registry->tools();
  std::size_t position = 0;
  if (const auto* cursor = params != nullptr ? find_member(*params, "cursor") : nullptr) {
    const auto from = cursor->is_string() ? position_of(cursor->get_ref<const std::string&>()) : std::nullopt;
    if (!from || *from > tools.size()) return RpcError{kInvalidParams, "cursor is not one of this server's"};
    position = *from;
  }
  std::string out = R"({"tools":[)";
  std::size_t shown = 0;
  for (; position < tools.size() && shown < page_size_; ++position) {
    if (!visible(context, *tools[position])) continue;
    if (shown++ != 0) out += ',';
    out += tools[position]->listing(dialect);
  }
  out += ']';
  while (position < tools.size() && !visible(context, *tools[position])) ++position;
  if (position < tools.size()) out += R"(,"nextCursor":")" + cursor_at(position) + '"';
  return out + '}';
}

std::variant<ToolService::Prepared, RpcError> ToolService::prepare(const Json* params) const {
  const auto* name = params != nullptr ? find_string(*params, "name") : nullptr;
  if (name == nullptr) return RpcError{kInvalidParams, "params.name must be a string"};
  Prepared call{.registry = snapshot(), .tool = nullptr, .arguments = &empty_object(), .progress_token = {}};
  call.tool = call.registry->find(*name);
  if (call.tool == nullptr) return RpcError{kInvalidParams, "Unknown tool"};
  if (const auto* arguments = find_member(*params, "arguments")) {
    if (!arguments->is_object()) return RpcError{kInvalidParams, "params.arguments must be an object"};
    call.arguments = arguments;
  }
  call.progress_token = progress_token(*params);
  return call;
}

Outcome ToolService::run(const Prepared& call, const RequestContext& context, CallChannel& channel,
                         const Dialect& dialect) const {
  if (context.policy) {
    if (const auto refusal = context.policy->call_refusal(context, call.tool->name()))
      return result_json(ToolResult::error(*refusal), dialect);
  }
  if (const auto problem = call.tool->input().violation(*call.arguments)) {
    return result_json(ToolResult::error("Invalid arguments: " + *problem), dialect);
  }
  auto answer = invoke(call, context, channel, dialect);
  if (auto* error = std::get_if<RpcError>(&answer)) return std::move(*error);
  return result_json(checked(*call.tool, std::get<ToolResult>(std::move(answer))), dialect);
}

std::variant<ToolResult, RpcError> ToolService::invoke(const Prepared& call, const RequestContext& context,
                                                       CallChannel& channel, const Dialect& dialect) const {
  try {
    return call.tool->handler()(ToolCall(call.tool->name(), *call.arguments, context, channel));
  } catch (const ArgumentError& error) {
    return ToolResult::error(std::string("Invalid arguments: ") + error.what());
  } catch (const UrlElicitationRequired& required) {
    if (!dialect.url_elicitation) return ToolResult::error(elicitation_text(required));
    return required.error();
  } catch (const RpcException& exception) {
    return answer_with(*call.tool, exception.error());
  } catch (const std::exception& error) {
    return failed(*call.tool, error.what());
  } catch (...) {
    return failed(*call.tool, "an exception of unknown type");
  }
}

std::variant<ToolResult, RpcError> ToolService::answer_with(const RegisteredTool& tool,
                                                            const RpcError& error) const {
  if (error.code == kParseError || error.code == kInvalidRequest)
    return failed(tool, "the handler threw an RpcException with a code of the protocol itself");
  const auto& data = error.data_json;
  if (data.empty()) return error;
  const auto parsed = parse_json(data, {.max_bytes = data.size(), .max_depth = 64});
  if (!parsed) return failed(tool, "data of an RpcException: " + parsed.error().message);
  return error;
}

ToolResult ToolService::checked(const RegisteredTool& tool, ToolResult result) const {
  const auto& structured = result.structured_content();
  if (structured.empty()) {
    if (tool.output() == nullptr || result.is_error()) return result;
    return failed(tool, "no structured content although the tool has an output_schema");
  }
  const auto parsed =
      parse_json_object(structured.text(), {.max_bytes = structured.text().size(), .max_depth = 64});
  if (!parsed) return failed(tool, "structured content: " + parsed.error().message);
  if (tool.output() == nullptr || result.is_error()) return result;
  if (const auto problem = tool.output()->violation(*parsed)) {
    return failed(tool, "structured content does not match output_schema: " + *problem);
  }
  return result;
}

ToolResult ToolService::failed(const RegisteredTool& tool, std::string_view reason) const {
  logger_->error("mcp tool failed", {{"tool", tool.name()}, {"reason", reason}});
  return ToolResult::error("The tool failed. Details are in the server's log.");
}

}  // namespace authplane::mcp
