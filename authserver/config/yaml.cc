#include "authserver/config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <optional>
#include <sstream>

namespace authplane::authserver {
namespace {

// Thrown by the builder to leave yaml-cpp's parser; ends in parse_yaml.
struct Refused {
  int line;
  std::string why;
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const YamlLimits& limits) : limits_(limits) {}

  YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node;
    node.line = mark.line + 1;
    leaf(std::move(node), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.text = value;
    node.quoted = tag == "!";  // yaml-cpp gives quoted scalars the non-specific tag
    node.line = mark.line + 1;
    if (!node.quoted && (value == "null" || value == "Null" || value == "NULL"))
      node.kind = YamlNode::Kind::null;
    leaf(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw Refused{mark.line + 1, "the alias names an anchor that is not complete"};
    count(found->second, mark.line + 1);
    YamlNode copy = found->second;
    copy.line = mark.line + 1;
    place(std::move(copy));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::sequence, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::mapping, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor;
    std::optional<std::string> key;  // a mapping's member waiting for its value
  };

  void count_one(int line) {
    if (++nodes_ > limits_.max_nodes)
      throw Refused{line, "more than " + std::to_string(limits_.max_nodes) + " values"};
  }
  void count(const YamlNode& node, int line) {
    count_one(line);
    for (const YamlNode& item : node.items) count(item, line);
    for (const YamlMember& member : node.members) count(member.value, line);
  }

  void leaf(YamlNode node, YAML::anchor_t anchor) {
    count_one(node.line);
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
    place(std::move(node));
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    count_one(mark.line + 1);
    if (stack_.size() >= limits_.max_depth) throw Refused{mark.line + 1, "nested too deeply"};
    if (!stack_.empty() && stack_.back().node.kind == YamlNode::Kind::mapping && !stack_.back().key) {
      throw Refused{mark.line + 1, "a mapping key must be plain text"};
    }
    Open entry{{}, anchor, std::nullopt};
    entry.node.kind = kind;
    entry.node.line = mark.line + 1;
    stack_.push_back(std::move(entry));
  }

  void close() {
    Open done = std::move(stack_.back());
    stack_.pop_back();
    if (done.anchor != YAML::NullAnchor) anchors_[done.anchor] = done.node;
    place(std::move(done.node));
  }

  void place(YamlNode node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = stack_.back();
    if (parent.node.kind == YamlNode::Kind::sequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      take_key(parent, node);
    } else {
      parent.node.members.push_back({std::move(*parent.key), std::move(node)});
      parent.key.reset();
    }
  }

  static void take_key(Open& parent, const YamlNode& node) {
    if (node.kind != YamlNode::Kind::scalar) throw Refused{node.line, "a mapping key must be plain text"};
    if (node.text == "<<" && !node.quoted)
      throw Refused{node.line, "merge keys (<<) are not supported; repeat the values"};
    if (parent.node.find(node.text) != nullptr) {
      throw Refused{node.line, "the key '" + node.text + "' appears twice in the same mapping; join the two"};
    }
    parent.key = node.text;
  }

  const YamlLimits& limits_;
  YamlNode root_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  std::size_t nodes_ = 0;
};

}  // namespace

const YamlNode* YamlNode::find(std::string_view name) const {
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

Result<YamlNode> parse_yaml(std::string_view text, const YamlLimits& limits) {
  auto refuse = [](int line, const std::string& why) {
    return Err(ErrorCode::invalid_argument, "line " + std::to_string(line) + ": " + why);
  };
  if (text.size() > limits.max_bytes)
    return refuse(1, "larger than " + std::to_string(limits.max_bytes) + " bytes");
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    TreeBuilder builder(limits);
    if (!parser.HandleNextDocument(builder)) return YamlNode{};
    YamlNode document = builder.take();
    TreeBuilder second(limits);
    if (parser.HandleNextDocument(second))
      return refuse(second.take().line, "a second document; only one is read");
    return document;
  } catch (const Refused& problem) {
    return refuse(problem.line, problem.why);
  } catch (const YAML::Exception& problem) {
    return refuse(problem.mark.line + 1, problem.msg);
  }
}

}  // namespace authplane::authserver
