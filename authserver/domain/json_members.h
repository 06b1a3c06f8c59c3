#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace authplane::authserver {

// One member of a JSON object, byte for byte.
struct RawMember {
  std::string name;
  std::string_view text;   // the whole member, `"name": value`
  std::string_view value;  // without white space around it
};

// The members of `object`, which has to be text that parse_json_object() took. The views point into it.
std::vector<RawMember> raw_members(std::string_view object);

// An object of these members, each as it was written.
std::string object_of(const std::vector<RawMember>& members);

}  // namespace authplane::authserver
