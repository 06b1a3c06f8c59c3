#include "schema_check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace authplane::mcp {
namespace {

enum TypeBit : unsigned {
  kNull = 1,
  kBoolean = 2,
  kObject = 4,
  kArray = 8,
  kNumber = 16,
  kString = 32,
  kInteger = 64
};

constexpr std::array<std::pair<std::string_view, unsigned>, 7> kTypes = {{{"null", kNull},
                                                                          {"boolean", kBoolean},
                                                                          {"object", kObject},
                                                                          {"array", kArray},
                                                                          {"number", kNumber},
                                                                          {"string", kString},
                                                                          {"integer", kInteger}}};

unsigned bit_of(const Json& name) {
  if (!name.is_string()) return 0;
  for (const auto& [text, bit] : kTypes) {
    if (name.get_ref<const std::string&>() == text) return bit;
  }
  return 0;
}

// Every type the value is an instance of; 1.0 is an integer (2020-12 core, section 6.1.1 of validation).
unsigned bits_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return kNull;
    case Json::value_t::boolean:
      return kBoolean;
    case Json::value_t::object:
      return kObject;
    case Json::value_t::array:
      return kArray;
    case Json::value_t::string:
      return kString;
    case Json::value_t::number_float: {
      const auto number = value.get<double>();
      return kNumber | (std::trunc(number) == number ? unsigned{kInteger} : 0U);
    }
    default:
      return kNumber | kInteger;
  }
}

std::string type_names(unsigned bits) {
  std::string names;
  for (const auto& [text, bit] : kTypes) {
    if ((bits & bit) == 0) continue;
    if (!names.empty()) names += " or ";
    names += text;
  }
  return names;
}

constexpr std::size_t kMaxNamedBytes = 64;

std::string member_path(const std::string& path, std::string_view member) {
  std::string out = path.empty() ? "" : path + ".";
  out += member.substr(0, kMaxNamedBytes);
  return out;
}

std::string subject(const std::string& path) {
  return path.empty() ? "the value" : "'" + path + "'";
}

}  // namespace

struct SchemaCheck::Node {
  struct Property;  // a pair is not one: clang wants both its types complete too early

  unsigned types = 0;   // 0 = any
  bool never = false;   // the schema `false`
  bool closed = false;  // additionalProperties: false
  std::vector<std::string> required;
  std::vector<Property> properties;  // sorted by name
  std::vector<Json> choices;         // enum
  bool has_choices = false;
  std::unique_ptr<Node> items;

  static Node compile(const Json& schema);
  const Node* property(std::string_view name) const;
  std::optional<std::string> violation(const Json& value, const std::string& path) const;
  std::optional<std::string> object_violation(const Json& value, const std::string& path) const;
};

struct SchemaCheck::Node::Property {
  std::string name;
  Node schema;
};

SchemaCheck::Node SchemaCheck::Node::compile(const Json& schema) {
  Node node;
  if (schema.is_boolean()) node.never = !schema.get<bool>();
  if (!schema.is_object()) return node;
  if (const auto* type = find_member(schema, "type")) {
    node.types = bit_of(*type);
    if (type->is_array()) {
      for (const auto& each : *type) node.types |= bit_of(each);
    }
  }
  if (const auto* required = find_array(schema, "required")) {
    for (const auto& name : *required) {
      if (name.is_string()) node.required.push_back(name.get<std::string>());
    }
  }
  if (const auto* properties = find_object(schema, "properties")) {
    for (const auto& [name, sub] : properties->items()) node.properties.push_back({name, compile(sub)});
  }
  if (const auto* choices = find_array(schema, "enum")) {
    node.has_choices = true;
    node.choices.assign(choices->begin(), choices->end());
  }
  if (const auto* items = find_member(schema, "items"); items != nullptr && !items->is_array()) {
    // With prefixItems the first elements answer to other schemas, which are not checked here.
    if (!schema.contains("prefixItems")) node.items = std::make_unique<Node>(compile(*items));
  }
  const auto* additional = find_member(schema, "additionalProperties");
  node.closed = additional != nullptr && additional->is_boolean() && !additional->get<bool>() &&
                !schema.contains("patternProperties");
  return node;
}

const SchemaCheck::Node* SchemaCheck::Node::property(std::string_view name) const {
  const auto at = std::lower_bound(properties.begin(), properties.end(), name,
                                   [](const auto& entry, std::string_view key) { return entry.name < key; });
  return at != properties.end() && at->name == name ? &at->schema : nullptr;
}

std::optional<std::string> SchemaCheck::Node::violation(const Json& value, const std::string& path) const {
  if (never) return subject(path) + " is not allowed";
  if (types != 0 && (types & bits_of(value)) == 0) return subject(path) + " must be " + type_names(types);
  if (has_choices && std::find(choices.begin(), choices.end(), value) == choices.end()) {
    return subject(path) + " is none of the allowed values";
  }
  if (value.is_object()) return object_violation(value, path);
  if (value.is_array() && items) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (auto problem = items->violation(value[i], path + "[" + std::to_string(i) + "]")) return problem;
    }
  }
  return std::nullopt;
}

std::optional<std::string> SchemaCheck::Node::object_violation(const Json& value,
                                                               const std::string& path) const {
  for (const auto& name : required) {
    if (find_member(value, name) == nullptr) return subject(member_path(path, name)) + " is required";
  }
  if (properties.empty() && !closed) return std::nullopt;
  for (auto member = value.begin(); member != value.end(); ++member) {
    const auto* node = property(member.key());
    if (node == nullptr) {
      if (closed) return subject(member_path(path, member.key())) + " is not known";
      continue;
    }
    if (auto problem = node->violation(*member, member_path(path, member.key()))) return problem;
  }
  return std::nullopt;
}

SchemaCheck::SchemaCheck(const Json& schema) : root_(std::make_unique<const Node>(Node::compile(schema))) {}
SchemaCheck::~SchemaCheck() = default;
SchemaCheck::SchemaCheck(SchemaCheck&&) noexcept = default;

std::optional<std::string> SchemaCheck::violation(const Json& value) const {
  return root_->violation(value, {});
}

}  // namespace authplane::mcp
