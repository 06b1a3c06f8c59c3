#include "result_json.h"

#include <nlohmann/json.hpp>

#include <authplane/base/encoding.h>

#include "json_writer.h"

namespace authplane::mcp {
namespace {

class ContentWriter {
 public:
  ContentWriter(std::string& out, const Dialect& dialect) : out_(out), dialect_(dialect) {}

  void operator()(const TextContent& item) { text(item.text); }
  void operator()(const ImageContent& item) { binary("image", item.data, item.mime_type); }
  void operator()(const AudioContent& item) { binary("audio", item.data, item.mime_type); }

  void operator()(const ResourceLink& item) {
    if (!dialect_.structured_output) return text(item.uri);
    out_ += R"({"type":"resource_link")";
    member("uri", item.uri);
    member("name", item.name);
    if (!item.description.empty()) member("description", item.description);
    if (!item.mime_type.empty()) member("mimeType", item.mime_type);
    out_ += '}';
  }

  void operator()(const EmbeddedResource& item) {
    out_ += R"({"type":"resource","resource":{"uri":)";
    append_json_string(out_, item.uri);
    if (!item.mime_type.empty()) member("mimeType", item.mime_type);
    if (item.blob) {
      member("blob", base64_encode(*item.blob));
    } else {
      member("text", item.text);
    }
    out_ += "}}";
  }

 private:
  void text(std::string_view text) {
    out_ += R"({"type":"text")";
    member("text", text);
    out_ += '}';
  }

  void binary(std::string_view type, std::string_view bytes, std::string_view mime_type) {
    out_ += R"({"type":")";
    out_ += type;
    out_ += '"';
    member("data", base64_encode(bytes));
    member("mimeType", mime_type);
    out_ += '}';
  }

  void member(std::string_view name, std::string_view value) {
    out_ += ",\"";
    out_ += name;
    out_ += "\":";
    append_json_string(out_, value);
  }

  std::string& out_;
  const Dialect& dialect_;
};

std::string string_or_empty(const Json& object, std::string_view name) {
  const auto* text = find_string(object, name);
  return text != nullptr ? *text : std::string();
}

Unexpected<Error> bad(const char* what) {
  return Err(ErrorCode::protocol_error, std::string("tools/call result: ") + what);
}

Result<std::string> decoded(const Json& object, std::string_view name) {
  auto bytes = base64_decode(string_or_empty(object, name));
  if (!bytes) return bad("binary content is not base64");
  return *std::move(bytes);
}

Result<Content> parse_embedded(const Json& item) {
  const auto* resource = find_object(item, "resource");
  if (resource == nullptr) return bad("embedded resource is missing");
  EmbeddedResource out{.uri = string_or_empty(*resource, "uri"),
                       .mime_type = string_or_empty(*resource, "mimeType"),
                       .text = string_or_empty(*resource, "text")};
  if (find_string(*resource, "blob") != nullptr) {
    auto bytes = decoded(*resource, "blob");
    if (!bytes) return Err(std::move(bytes).error());
    out.blob = *std::move(bytes);
  }
  return Content(std::move(out));
}

Result<Content> parse_binary(const Json& item, std::string_view type) {
  auto bytes = decoded(item, "data");
  if (!bytes) return Err(std::move(bytes).error());
  auto mime_type = string_or_empty(item, "mimeType");
  if (type == "image") return Content(ImageContent{*std::move(bytes), std::move(mime_type)});
  return Content(AudioContent{*std::move(bytes), std::move(mime_type)});
}

}  // namespace

std::string result_json(const ToolResult& result, const Dialect& dialect) {
  std::string out = R"({"content":[)";
  ContentWriter write(out, dialect);
  const auto& structured = result.structured_content().text();
  if (result.content().empty() && !structured.empty()) write(TextContent{structured});
  bool first = true;
  for (const auto& item : result.content()) {
    if (!first) out += ',';
    first = false;
    std::visit(write, item);
  }
  out += ']';
  if (!structured.empty() && dialect.structured_output) {
    out += R"(,"structuredContent":)";
    out += structured;
  }
  if (result.is_error()) out += R"(,"isError":true)";
  out += '}';
  return out;
}

Result<ToolResult> parse_result(const Json& result) {
  ToolResult out;
  if (const auto* structured = find_object(result, "structuredContent"))
    out = ToolResult::structured(*structured);
  const auto* content = find_array(result, "content");
  if (content == nullptr) return bad("content is missing");
  for (const auto& item : *content) {
    if (!item.is_object()) return bad("content holds something that is no object");
    const auto type = string_or_empty(item, "type");
    if (type == "text") {
      out.add(TextContent{string_or_empty(item, "text")});
    } else if (type == "image" || type == "audio") {
      auto parsed = parse_binary(item, type);
      if (!parsed) return Err(std::move(parsed).error());
      out.add(*std::move(parsed));
    } else if (type == "resource_link") {
      out.add(ResourceLink{string_or_empty(item, "uri"), string_or_empty(item, "name"),
                           string_or_empty(item, "description"), string_or_empty(item, "mimeType")});
    } else if (type == "resource") {
      auto parsed = parse_embedded(item);
      if (!parsed) return Err(std::move(parsed).error());
      out.add(*std::move(parsed));
    }
  }
  const auto* is_error = find_member(result, "isError");
  if (is_error != nullptr && is_error->is_boolean() && is_error->get<bool>()) out.set_error();
  return out;
}

}  // namespace authplane::mcp
