#pragma once

#include <memory>
#include <optional>
#include <string>

#include <authplane/json/json.h>

namespace authplane::mcp {

// The part of JSON Schema 2020-12 that is checked before a tool runs, compiled once: `type`, `required`,
// `properties`, `items`, `enum`, `additionalProperties: false`, and boolean schemas. Other keywords pass.
// Never follows `$ref`. Immutable, hence thread-safe.
class SchemaCheck {
 public:
  // `schema` is an object or a boolean; parts of other types are ignored.
  explicit SchemaCheck(const Json& schema);
  ~SchemaCheck();
  SchemaCheck(SchemaCheck&&) noexcept;

  // What is wrong, in one sentence for the caller, or nullopt.
  std::optional<std::string> violation(const Json& value) const;

 private:
  struct Node;
  std::unique_ptr<const Node> root_;
};

}  // namespace authplane::mcp
