#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/result.h>

namespace authplane::authserver {

struct YamlMember;

// A YAML document as plain values. Scalars keep their text; `quoted` tells "true" from true.
struct YamlNode {
  enum class Kind { null, scalar, sequence, mapping };

  Kind kind = Kind::null;
  std::string text;
  bool quoted = false;
  int line = 0;  // 1-based, 0 for the empty document
  std::vector<YamlNode> items;
  std::vector<YamlMember> members;  // in file order, names unique

  const YamlNode* find(std::string_view name) const;
};

struct YamlMember {
  std::string name;
  YamlNode value;
};

struct YamlLimits {
  std::size_t max_bytes = 1024 * 1024;
  std::size_t max_nodes = 20'000;  // after aliases are expanded
  std::size_t max_depth = 32;
};

// Parses one document. Refuses what would be read differently from what was meant: duplicate mapping keys,
// merge keys
// ("<<"), mapping keys that are not scalars, a second document.
// Errors: invalid_argument; the message starts with "line N: ".
Result<YamlNode> parse_yaml(std::string_view text, const YamlLimits& limits = {});

}  // namespace authplane::authserver
