#include "authserver/config/layers.h"

#include <authplane/base/encoding.h>

#include <optional>

#include "authserver/config/nearest.h"
#include "authserver/config/provider_seed.h"
#include "authserver/config/seed.h"

namespace authplane::authserver {
namespace {

bool is_section(std::string_view path) {
  for (const KeyRow& row : key_table()) {
    if (row.path.size() > path.size() && row.path.starts_with(path) && row.path[path.size()] == '.')
      return true;
  }
  return false;
}

const RemovedKey* find_removed(std::string_view path) {
  for (const RemovedKey& key : removed_keys()) {
    if (key.path == path) return &key;
  }
  return nullptr;
}

// YAML 1.1 spellings of a boolean.
std::optional<bool> yaml_boolean(const YamlNode& node) {
  std::string lower = ascii_lower(node.text);
  if (node.quoted) return std::nullopt;
  if (lower == "true" || lower == "yes" || lower == "on") return true;
  if (lower == "false" || lower == "no" || lower == "off") return false;
  return std::nullopt;
}

Result<Settings::Value, std::string> yaml_value(KeyType type, const YamlNode& node) {
  if (type == KeyType::list) {
    if (node.kind != YamlNode::Kind::sequence) return Err(std::string("must be a list"));
    std::vector<std::string> items;
    for (const YamlNode& item : node.items) {
      if (item.kind != YamlNode::Kind::scalar) return Err(std::string("must be a list of texts"));
      items.push_back(item.text);
    }
    return Settings::Value(std::move(items));
  }
  if (node.kind != YamlNode::Kind::scalar) return Err(std::string("must be a single value"));
  if (type == KeyType::boolean) {
    if (std::optional<bool> value = yaml_boolean(node)) return Settings::Value(*value);
    return Err(std::string("must be true or false"));
  }
  return parse_value(type, node.text);
}

class YamlWalker {
 public:
  explicit YamlWalker(Layers& layers) : layers_(layers) {}

  void walk(const YamlNode& node, const std::string& prefix) {
    if (node.kind == YamlNode::Kind::null) return;  // an empty section keeps the defaults
    if (node.kind != YamlNode::Kind::mapping)
      return problem(prefix.empty() ? "file" : prefix, node, "must be a mapping");
    for (const auto& [name, value] : node.members) {
      member(prefix.empty() ? name : prefix + "." + name, value);
    }
  }

 private:
  void problem(const std::string& key, const YamlNode& node, const std::string& text) {
    layers_.problems.push_back({key, text + " (line " + std::to_string(node.line) + ")"});
  }

  void member(const std::string& path, const YamlNode& value) {
    if (const RemovedKey* removed = find_removed(path)) {
      return problem(path, value, "was removed; use " + std::string(removed->replacement));
    }
    if (const KeyRow* row = find_key(path)) return set(*row, value);
    if (path == "resources") {
      layers_.resources = parse_resource_seeds(value, layers_.problems, layers_.warnings);
    } else if (path == "broker_providers") {
      layers_.broker_providers = parse_provider_seeds(value, layers_.problems, layers_.warnings);
    } else if (is_section(path)) {
      walk(value, path);
    } else {
      unknown(path, value);
    }
  }

  void set(const KeyRow& row, const YamlNode& node) {
    if (node.kind == YamlNode::Kind::null) return;
    Result<Settings::Value, std::string> value = yaml_value(row.type, node);
    if (!value) return problem(std::string(row.path), node, value.error());
    layers_.settings.set(row, std::move(*value), Source::file);
  }

  void unknown(const std::string& path, const YamlNode& node) {
    std::string line = "unknown key " + path + " (line " + std::to_string(node.line) + ") is ignored";
    if (std::string near = nearest_key(path); !near.empty()) line += "; did you mean " + near + "?";
    layers_.warnings.push_back(std::move(line));
  }

  Layers& layers_;
};

}  // namespace

void Layers::apply_yaml(const YamlNode& root) {
  YamlWalker(*this).walk(root, "");
}

void Layers::apply_environment(const Environment& environment) {
  for (const KeyRow& row : key_table()) {
    std::optional<std::string_view> text = row.env.empty() ? std::nullopt : environment.get(row.env);
    if (!text || (text->empty() && row.env_errors == EnvErrors::refuse)) continue;
    Result<Settings::Value, std::string> value = parse_value(row.type, *text);
    if (value) {
      settings.set(row, std::move(*value), Source::environment);
    } else if (row.env_errors == EnvErrors::refuse) {
      problems.push_back(
          {std::string(row.path), std::string(row.env) + " '" + std::string(*text) + "' " + value.error()});
    } else {
      warnings.push_back(std::string(row.env) + " '" + std::string(*text) + "' " + value.error() + "; " +
                         std::string(row.path) + " stays " + display(settings.value(row)));
    }
  }
  for (const auto& [name, value] : environment) {
    if (std::string near = nearest_variable(name); !near.empty()) {
      warnings.push_back("environment variable " + name + " is not known; did you mean " + near + "?");
    }
  }
  apply_environment_provider(environment, broker_providers, warnings);
  apply_environment_seed(environment, resources, problems, warnings);
}

}  // namespace authplane::authserver
