#include "authserver/config/member_reader.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace authplane::authserver {

MemberReader::MemberReader(const YamlNode& node, std::string where, ConfigProblems& problems,
                           std::vector<std::string>& warnings)
    : node_(node), where_(std::move(where)), problems_(problems), warnings_(warnings) {
  if (node.kind != YamlNode::Kind::mapping && node.kind != YamlNode::Kind::null) {
    problems_.push_back({where_, "must be a mapping of names to values"});
  }
}

void MemberReader::problem(std::string_view name, std::string text) {
  problems_.push_back({path(name), std::move(text)});
}

const YamlNode* MemberReader::take(std::string_view name) {
  known_.push_back(name);
  const YamlNode* value = node_.find(name);
  return value == nullptr || value->kind == YamlNode::Kind::null ? nullptr : value;
}

void MemberReader::check_text(std::string_view name, const YamlNode& value) {
  if (value.text.find("${") != std::string::npos) {
    problem(name, "holds a literal ${...}, which is not replaced; write the value");
  }
}

std::string MemberReader::text(std::string_view name) {
  const YamlNode* value = take(name);
  if (value == nullptr) return {};
  if (value->kind != YamlNode::Kind::scalar) return problem(name, "must be text"), std::string();
  check_text(name, *value);
  return value->text;
}

std::vector<std::string> MemberReader::texts(std::string_view name) {
  std::vector<std::string> result;
  for (const YamlNode* item : items(name)) {
    if (item->kind == YamlNode::Kind::scalar) {
      result.push_back(item->text);
    } else {
      problem(name, "must be a list of texts");
    }
  }
  return result;
}

std::vector<const YamlNode*> MemberReader::items(std::string_view name) {
  std::vector<const YamlNode*> result;
  const YamlNode* value = take(name);
  if (value == nullptr) return result;
  if (value->kind != YamlNode::Kind::sequence) problem(name, "must be a list");
  for (const YamlNode& item : value->items) result.push_back(&item);
  return result;
}

MemberReader MemberReader::inner(std::string_view name) {
  static const YamlNode kNothing;
  const YamlNode* value = take(name);
  return MemberReader(value ? *value : kNothing, path(name), problems_, warnings_);
}

OrderedJson MemberReader::json_of(std::string_view name, const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return nullptr;
    case YamlNode::Kind::scalar:
      check_text(name, node);
      if (!node.quoted && node.text == "true") return true;
      if (!node.quoted && node.text == "false") return false;
      return node.text;
    case YamlNode::Kind::sequence: {
      OrderedJson list = OrderedJson::array();
      for (const YamlNode& item : node.items) list.push_back(json_of(name, item));
      return list;
    }
    case YamlNode::Kind::mapping:
      break;
  }
  OrderedJson object = OrderedJson::object();
  for (const auto& [member, value] : node.members) {
    object[member] = json_of(std::string(name) + "." + member, value);
  }
  return object;
}

std::string MemberReader::json_object(std::string_view name) {
  const YamlNode* value = take(name);
  if (value == nullptr) return {};
  if (value->kind != YamlNode::Kind::mapping) {
    return problem(name, "must be a mapping of names to values"), std::string();
  }
  return to_json_text(json_of(name, *value));
}

void MemberReader::finish() {
  for (const YamlMember& member : node_.members) {
    if (std::find(known_.begin(), known_.end(), member.name) == known_.end()) {
      warnings_.push_back("unknown key " + path(member.name) + " is ignored");
    }
  }
}

}  // namespace authplane::authserver
