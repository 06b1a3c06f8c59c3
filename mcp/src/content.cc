#include <authplane/mcp/content.h>

namespace authplane::mcp {

ToolResult ToolResult::text(std::string text) {
  ToolResult result;
  result.add(TextContent{std::move(text)});
  return result;
}

ToolResult ToolResult::error(std::string text) {
  auto result = ToolResult::text(std::move(text));
  result.is_error_ = true;
  return result;
}

ToolResult ToolResult::image(std::string bytes, std::string mime_type) {
  ToolResult result;
  result.add(ImageContent{std::move(bytes), std::move(mime_type)});
  return result;
}

ToolResult ToolResult::audio(std::string bytes, std::string mime_type) {
  ToolResult result;
  result.add(AudioContent{std::move(bytes), std::move(mime_type)});
  return result;
}

ToolResult ToolResult::resource_link(ResourceLink link) {
  ToolResult result;
  result.add(std::move(link));
  return result;
}

ToolResult ToolResult::structured(JsonText object) {
  ToolResult result;
  result.structured_ = std::move(object);
  return result;
}

std::string ToolResult::joined_text() const {
  std::string joined;
  bool first = true;
  for (const auto& item : content_) {
    const auto* text = std::get_if<TextContent>(&item);
    if (text == nullptr) continue;
    if (!first) joined += '\n';
    joined += text->text;
    first = false;
  }
  return joined;
}

}  // namespace authplane::mcp
