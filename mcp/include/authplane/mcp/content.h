#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <authplane/mcp/json_text.h>

// What a tool answers (2025-11-25, server/tools). Binary data are raw bytes here and base64 on the wire.

namespace authplane::mcp {

struct TextContent {
  std::string text;
};
struct ImageContent {
  std::string data;  // raw bytes
  std::string mime_type;
};
struct AudioContent {
  std::string data;  // raw bytes
  std::string mime_type;
};
// A link the client may read later. Sessions of 2025-03-26 and older do not know it; they get its URI as
// text.
struct ResourceLink {
  std::string uri;
  std::string name;
  std::string description = {};
  std::string mime_type = {};
};
// A resource inside the answer.
struct EmbeddedResource {
  std::string uri;
  std::string mime_type;
  std::string text = {};                 // used when `blob` is absent
  std::optional<std::string> blob = {};  // raw bytes
};
using Content = std::variant<TextContent, ImageContent, AudioContent, ResourceLink, EmbeddedResource>;

// A value; build it with one of the static functions and add() more content in the order it shall appear.
class ToolResult {
 public:
  ToolResult() = default;

  static ToolResult text(std::string text);
  // A failure the model may read and react to (`isError: true`). `text` goes to the client as it is.
  static ToolResult error(std::string text);
  static ToolResult image(std::string bytes, std::string mime_type);
  static ToolResult audio(std::string bytes, std::string mime_type);
  static ToolResult resource_link(ResourceLink link);
  // `structuredContent`, a JSON object. A text copy is sent along when no other content is added. Sessions
  // older than 2025-06-18 get only the text. Text that is no JSON object makes the call fail as an internal
  // error.
  static ToolResult structured(JsonText object);

  ToolResult& add(Content content) {
    content_.push_back(std::move(content));
    return *this;
  }
  ToolResult& set_error() {
    is_error_ = true;
    return *this;
  }

  bool is_error() const { return is_error_; }
  const std::vector<Content>& content() const { return content_; }
  const JsonText& structured_content() const { return structured_; }  // empty when there is none
  // All text content, joined by line feeds.
  std::string joined_text() const;

 private:
  friend class Client;
  std::vector<Content> content_;
  JsonText structured_;
  bool is_error_ = false;
};

}  // namespace authplane::mcp
