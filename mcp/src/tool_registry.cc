#include "tool_registry.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include <authplane/base/result.h>

#include "json_writer.h"

namespace authplane::mcp {
namespace {

constexpr std::size_t kMaxNameBytes = 128;
constexpr std::size_t kMaxSchemaBytes = 256 * 1024;

[[noreturn]] void refuse(std::string message) {
  throw Exception(Err(ErrorCode::invalid_argument, std::move(message)).error);
}

bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '-';
}

std::string checked_name(std::string name) {
  if (name.empty() || name.size() > kMaxNameBytes ||
      !std::all_of(name.begin(), name.end(), is_name_character)) {
    refuse("mcp tool name must have 1 to 128 characters of A-Z a-z 0-9 _ . -");
  }
  return name;
}

ToolHandler checked_handler(ToolHandler handler, const std::string& name) {
  if (!handler) refuse("mcp tool " + name + ": the handler is empty");
  return handler;
}

SchemaCheck compiled(const JsonText& schema, const std::string& name, const char* which) {
  auto parsed = parse_json_object(schema.text(), {.max_bytes = kMaxSchemaBytes});
  if (!parsed) refuse("mcp tool " + name + ": " + which + " is no JSON object: " + parsed.error().message);
  const auto* type = find_string(*parsed, "type");
  if (type == nullptr || *type != "object")
    refuse("mcp tool " + name + ": " + which + R"( needs "type":"object")");
  return SchemaCheck(*parsed);
}

void append_hint(std::string& out, std::string_view name, const std::optional<bool>& value) {
  if (!value) return;
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += *value ? ":true" : ":false";
}

std::string annotations_json(const ToolAnnotations& annotations) {
  std::string out = "{";
  append_hint(out, "readOnlyHint", annotations.read_only_hint);
  append_hint(out, "destructiveHint", annotations.destructive_hint);
  append_hint(out, "idempotentHint", annotations.idempotent_hint);
  append_hint(out, "openWorldHint", annotations.open_world_hint);
  return out + '}';
}

std::string listing_json(const Tool& tool, const Dialect& dialect) {
  std::string out = R"({"name":)";
  append_json_string(out, tool.name);
  if (!tool.title.empty() && dialect.structured_output) {
    out += R"(,"title":)";
    append_json_string(out, tool.title);
  }
  if (!tool.description.empty()) {
    out += R"(,"description":)";
    append_json_string(out, tool.description);
  }
  out += R"(,"inputSchema":)";
  out += tool.input_schema.text();
  if (!tool.output_schema.empty() && dialect.structured_output) {
    out += R"(,"outputSchema":)";
    out += tool.output_schema.text();
  }
  if (const auto hints = annotations_json(tool.annotations); hints != "{}") {
    out += R"(,"annotations":)";
    out += hints;
  }
  return out + '}';
}

}  // namespace

RegisteredTool::RegisteredTool(Tool tool, ToolHandler handler)
    : name_(checked_name(tool.name)),
      handler_(checked_handler(std::move(handler), name_)),
      input_(compiled(tool.input_schema, name_, "input_schema")),
      streaming_(tool.streaming),
      listing_(listing_json(tool, {.structured_output = true})),
      plain_listing_(listing_json(tool, {.structured_output = false})) {
  if (!tool.output_schema.empty()) output_.emplace(compiled(tool.output_schema, name_, "output_schema"));
}

std::shared_ptr<const ToolRegistry> ToolRegistry::with(Entry tool) const {
  if (find(tool->name()) != nullptr) refuse("mcp tool " + tool->name() + " was added before");
  auto next = std::make_shared<ToolRegistry>(*this);
  next->by_name_.emplace(tool->name(), tool.get());
  next->tools_.push_back(std::move(tool));
  return next;
}

const RegisteredTool* ToolRegistry::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found != by_name_.end() ? found->second : nullptr;
}

}  // namespace authplane::mcp
