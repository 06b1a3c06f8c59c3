#include "json_rpc.h"

#include <nlohmann/json.hpp>

#include "json_scan.h"
#include "json_writer.h"

namespace authplane::mcp {
namespace {

// Integers beyond 64 bits are integers to a client: the spelling decides, not what the parser made of it.
bool is_usable_id(const Json& id, std::string_view raw) {
  if (id.is_string()) return true;
  return id.is_number() && raw.find_first_of(".eE") == std::string_view::npos;
}

Message invalid(Message message, const char* problem) {
  message.kind = Message::Kind::invalid;
  message.problem = problem;
  return message;
}

}  // namespace

Message classify_message(const Json& value, std::string_view raw) {
  Message message;
  if (!value.is_object()) return invalid(message, "a message must be an object");
  if (const auto* id = find_member(value, "id")) {
    const auto spelled = raw_member(raw, "id");
    if (spelled.empty() || !is_usable_id(*id, spelled)) {
      return invalid(message, "id must be a string or an integer");
    }
    message.raw_id = spelled;
    message.id = id;
  }
  const auto* version = find_string(value, "jsonrpc");
  if (version == nullptr || *version != "2.0") return invalid(message, "jsonrpc must be \"2.0\"");

  const auto* method = find_member(value, "method");
  if (method == nullptr) {
    const bool answers =
        (find_member(value, "result") != nullptr) != (find_member(value, "error") != nullptr);
    if (!answers || message.id == nullptr) return invalid(message, "method is missing");
    message.kind = Message::Kind::response;
    return message;
  }
  if (!method->is_string()) return invalid(message, "method must be a string");
  message.params = find_member(value, "params");
  if (message.params != nullptr && !message.params->is_object()) {
    return invalid(message, "params must be an object");
  }
  message.method = method->get_ref<const std::string&>();
  message.kind = message.id != nullptr ? Message::Kind::request : Message::Kind::notification;
  return message;
}

std::string_view called_tool(const Message& message) {
  if (message.method != "tools/call" || message.params == nullptr) return {};
  const auto* name = find_string(*message.params, "name");
  return name != nullptr ? std::string_view(*name) : std::string_view();
}

std::string result_message(std::string_view raw_id, std::string_view result_json) {
  std::string out;
  out.reserve(raw_id.size() + result_json.size() + 40);
  out += R"({"jsonrpc":"2.0","id":)";
  out += raw_id;
  out += R"(,"result":)";
  out += result_json;
  out += '}';
  return out;
}

std::string error_message(std::string_view raw_id, const RpcError& error) {
  std::string out = R"({"jsonrpc":"2.0",)";
  if (!raw_id.empty()) {
    out += R"("id":)";
    out += raw_id;
    out += ',';
  }
  out += R"("error":{"code":)";
  out += std::to_string(error.code);
  out += R"(,"message":)";
  append_json_string(out, error.message);
  if (!error.data_json.empty()) {
    out += R"(,"data":)";
    out += error.data_json;
  }
  out += "}}";
  return out;
}

std::string reply_message(std::string_view raw_id, const Outcome& outcome) {
  if (const auto* error = std::get_if<RpcError>(&outcome)) return error_message(raw_id, *error);
  return result_message(raw_id, std::get<std::string>(outcome));
}

}  // namespace authplane::mcp
