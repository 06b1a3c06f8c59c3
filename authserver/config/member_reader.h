#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <authplane/json/json.h>

#include "authserver/config/problem.h"
#include "authserver/config/yaml.h"

namespace authplane::authserver {

// Reads the members of one mapping of the file; whatever is not asked for is reported by finish(). What is
// passed in outlives the reader.
class MemberReader {
 public:
  // `where` goes before member names in problems and warnings.
  MemberReader(const YamlNode& node, std::string where, ConfigProblems& problems,
               std::vector<std::string>& warnings);

  // "" when it is absent.
  std::string text(std::string_view name);
  std::vector<std::string> texts(std::string_view name);
  std::vector<const YamlNode*> items(std::string_view name);
  // An absent member reads as an empty mapping.
  MemberReader inner(std::string_view name);
  // The member as a JSON object, "" when it is absent. Numbers become strings: in a configuration of this
  // kind they are ids and codes that happen to have digits only.
  std::string json_object(std::string_view name);
  void finish();

  std::string path(std::string_view name) const { return where_ + "." + std::string(name); }
  void problem(std::string_view name, std::string text);

 private:
  const YamlNode* take(std::string_view name);
  void check_text(std::string_view name, const YamlNode& value);
  OrderedJson json_of(std::string_view name, const YamlNode& node);

  const YamlNode& node_;
  std::string where_;
  ConfigProblems& problems_;
  std::vector<std::string>& warnings_;
  std::vector<std::string_view> known_;
};

}  // namespace authplane::authserver
