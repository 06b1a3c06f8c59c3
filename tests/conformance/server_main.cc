// The server that the public MCP conformance suite talks to: our library with the fixtures the suite asks for
// by name. Listens on a free loopback port, prints the endpoint's URL as its only line, and serves until
// killed.

#include <chrono>
#include <iostream>
#include <string>
#include <thread>

#include <authplane/http_httplib/server.h>
#include <authplane/mcp/server.h>

namespace {

using namespace std::chrono_literals;
namespace mcp = authplane::mcp;

// A PNG of one pixel.
const std::string kPng(
    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\xda"
    "c\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xae"
    "B`\x82",
    70);
// A WAV header without samples: mono, 8 kHz, 8 bits.
const std::string kWav(
    "RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0"
    "data\0\0\0\0",
    44);

constexpr const char* kAddressSchema = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "$defs": {
    "address": {
      "$anchor": "addressDef",
      "type": "object",
      "properties": {"street": {"type": "string"}, "city": {"type": "string"}}
    }
  },
  "properties": {
    "name": {"type": "string"},
    "address": {"$ref": "#/$defs/address"},
    "contactMethod": {"type": "string", "enum": ["phone", "email"]},
    "phone": {"type": "string"},
    "email": {"type": "string"}
  },
  "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
  "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
  "then": {"required": ["phone"]},
  "else": {"required": ["email"]},
  "additionalProperties": false
})";

mcp::ToolResult log_three(const mcp::ToolCall& call) {
  call.log(mcp::LoggingLevel::info, "Tool execution started");
  std::this_thread::sleep_for(50ms);
  call.log(mcp::LoggingLevel::info, "Tool processing data");
  std::this_thread::sleep_for(50ms);
  call.log(mcp::LoggingLevel::info, "Tool execution completed");
  return mcp::ToolResult::text("Three messages were logged.");
}

mcp::ToolResult report_progress(const mcp::ToolCall& call) {
  call.progress(0, 100);
  std::this_thread::sleep_for(50ms);
  call.progress(50, 100);
  std::this_thread::sleep_for(50ms);
  call.progress(100, 100);
  return mcp::ToolResult::text("Progress was reported.");
}

void add_content_tools(mcp::Server& server) {
  server.add_tool({.name = "test_simple_text", .description = "Answers a fixed text"},
                  [](const mcp::ToolCall&) {
                    return mcp::ToolResult::text("This is a simple text response for testing.");
                  });
  server.add_tool({.name = "test_image_content", .description = "Answers an image"},
                  [](const mcp::ToolCall&) { return mcp::ToolResult::image(kPng, "image/png"); });
  server.add_tool({.name = "test_audio_content", .description = "Answers a sound"},
                  [](const mcp::ToolCall&) { return mcp::ToolResult::audio(kWav, "audio/wav"); });
  server.add_tool(
      {.name = "test_embedded_resource", .description = "Answers a resource"}, [](const mcp::ToolCall&) {
        return mcp::ToolResult().add(mcp::EmbeddedResource{.uri = "test://embedded-resource",
                                                           .mime_type = "text/plain",
                                                           .text = "This is an embedded resource content."});
      });
  server.add_tool({.name = "test_multiple_content_types", .description = "Answers three kinds of content"},
                  [](const mcp::ToolCall&) {
                    return mcp::ToolResult::text("Multiple content types test:")
                        .add(mcp::ImageContent{kPng, "image/png"})
                        .add(mcp::EmbeddedResource{.uri = "test://mixed-content-resource",
                                                   .mime_type = "application/json",
                                                   .text = R"({"test":"data","value":123})"});
                  });
}

void add_behaviour_tools(mcp::Server& server) {
  server.add_tool({.name = "test_error_handling", .description = "Always fails"}, [](const mcp::ToolCall&) {
    return mcp::ToolResult::error("This tool intentionally returns an error for testing");
  });
  server.add_tool({.name = "test_tool_with_logging", .description = "Logs while it runs", .streaming = true},
                  log_three);
  server.add_tool({.name = "test_tool_with_progress", .description = "Reports progress", .streaming = true},
                  report_progress);
  server.add_tool({.name = "json_schema_2020_12_tool",
                   .description = "Has a schema with the keywords of JSON Schema 2020-12",
                   .input_schema = kAddressSchema},
                  [](const mcp::ToolCall& call) {
                    return mcp::ToolResult::text("Called with " + authplane::to_json_text(call.arguments()));
                  });
}

}  // namespace

int main() {
  mcp::Server server({.name = "authplane-conformance-server", .version = "1.0.0"});
  add_content_tools(server);
  add_behaviour_tools(server);
  authplane::GuardedServer http;
  authplane::mount(http, server.routes("/mcp"));
  const int port = http.bind_to_any_port("127.0.0.1");
  if (port <= 0) {
    std::cerr << "mcp_conformance_server: cannot bind a loopback port\n";
    return 1;
  }
  std::cout << "http://127.0.0.1:" << port << "/mcp" << std::endl;
  return http.listen_after_bind() ? 0 : 1;
}
