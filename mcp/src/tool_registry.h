#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <authplane/mcp/tool.h>

#include "dialect.h"
#include "schema_check.h"

namespace authplane::mcp {

// A tool made ready at registration: schemas compiled, its tools/list entry written.
class RegisteredTool {
 public:
  // Throws Exception (invalid_argument), see Server::add_tool.
  RegisteredTool(Tool tool, ToolHandler handler);

  const std::string& name() const { return name_; }
  const ToolHandler& handler() const { return handler_; }
  const SchemaCheck& input() const { return input_; }
  const SchemaCheck* output() const { return output_ ? &*output_ : nullptr; }
  bool streaming() const { return streaming_; }
  const std::string& listing(const Dialect& dialect) const {
    return dialect.structured_output ? listing_ : plain_listing_;
  }

 private:
  std::string name_;
  ToolHandler handler_;
  SchemaCheck input_;
  std::optional<SchemaCheck> output_;
  bool streaming_;
  std::string listing_, plain_listing_;
};

// The tools at one moment, in the order they were added. Immutable; with() makes the next moment.
class ToolRegistry {
 public:
  using Entry = std::shared_ptr<const RegisteredTool>;

  // Throws Exception (invalid_argument) when the name is taken.
  std::shared_ptr<const ToolRegistry> with(Entry tool) const;
  const RegisteredTool* find(std::string_view name) const;
  const std::vector<Entry>& tools() const { return tools_; }

 private:
  std::vector<Entry> tools_;
  std::unordered_map<std::string_view, const RegisteredTool*> by_name_;  // keys live in the tools
};

}  // namespace authplane::mcp
